"""Save and load a network as ``NAME.json`` (how to rebuild and read it) + ``NAME.safetensors``.

Public: `save_checkpoint`, `publish`, `require_files`, `load_info`, `read_info`, `load_weights`,
`refusing`.

Loading is strict: the JSON's checksum must match, every tensor must be there, nothing is guessed.
Networks that belong together name the same model, or none: others do not load beside each other.
The files may come from anybody: only regular files of bounded size are opened, nothing in them is
run, and no network is built before it is known that the weights are its own.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, deserialize
from safetensors.torch import load as load_tensors
from safetensors.torch import save as tensors_as_bytes
from torch import Tensor, nn

from ecgpaper.errors import CheckpointError
from ecgpaper.nets.stored.description import CheckpointInfo, shown
from ecgpaper.nets.stored.model_file import read_bounded
from ecgpaper.runtime.files import write_together, write_whole

Network = TypeVar("Network", bound=nn.Module)

# The longest JSON here has 4 kB, the largest weights 7 MB.
MAX_JSON_BYTES = 2**18
MAX_WEIGHTS_BYTES = 2**26
# A message quotes no more of another one.
_MOST_CHARACTERS = 300


def save_checkpoint(folder: Path, name: str, network: nn.Module, info: CheckpointInfo) -> None:
    """Write weights (float16 where a tensor is floating) and JSON; the JSON last.

    The network stands for itself until it is published with others.

    Raises
    ------
    CheckpointError
        If a weight is not finite.
    OutputError
        If a file cannot be written.
    """
    tensors = {key: value.detach().cpu() for key, value in network.state_dict().items()}
    if faults := sorted(key for key, value in tensors.items() if not _is_finite(value)):
        raise CheckpointError(
            f"the weights of {name} must be finite; those of {shown(faults)} are not: train again "
            "with another seed"
        )
    weights = tensors_as_bytes({key: _narrowed(value) for key, value in tensors.items()})
    info = replace(info, sha256=hashlib.sha256(weights).hexdigest(), model="")
    write_whole(folder / f"{name}.safetensors", weights)
    write_whole(folder / f"{name}.json", _as_json(info))


def _as_json(info: CheckpointInfo) -> bytes:
    return (json.dumps(asdict(info), indent=2) + "\n").encode()


def _is_finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())


def _narrowed(tensor: Tensor) -> Tensor:
    """Return what is stored of a tensor; what is beyond float16 becomes its largest number."""
    if tensor.is_floating_point():
        largest = torch.finfo(torch.float16).max
        tensor = tensor.clamp(-largest, largest).half()
    return tensor.contiguous()


def publish(source: Path, folder: Path, names: Sequence[str], training: Mapping[str, Any]) -> None:
    """Put networks that belong together into a model folder, in the place of those that are there.

    That they belong together is what its caller says: from then on they name the same model. All
    are written before the first is replaced. What is left of a process that is killed between two
    of them does not load.

    Parameters
    ----------
    source : Path
        Folder of the networks; it may be the model folder itself.
    folder : Path
    names : sequence of str
    training : mapping
        What is true of the training of all of them, for their JSONs.

    Raises
    ------
    CheckpointError
        If a file is missing or is none of this program's.
    OutputError
        If a file cannot be written.
    """
    _require_there(source, names)
    infos = {name: read_info(source, name) for name in names}
    listed = "".join(f"{name} {info.sha256}\n" for name, info in sorted(infos.items()))
    model = hashlib.sha256(listed.encode()).hexdigest()
    contents: dict[Path, bytes] = {}
    for name, info in infos.items():
        weights = read_bounded(source / f"{name}.safetensors", MAX_WEIGHTS_BYTES, "train again")
        stated = replace(info, model=model, training=info.training | dict(training))
        contents[folder / f"{name}.safetensors"] = weights
        contents[folder / f"{name}.json"] = _as_json(stated)
    write_together(contents)


def require_files(folder: Path, names: Sequence[str]) -> None:
    """Look whether the files of all these networks are there and belong together.

    Raises
    ------
    CheckpointError
        If not; it names all that are missing, or which networks name which model.
    """
    _require_there(folder, names)
    by_model: dict[str, list[str]] = {}
    for name in names:
        by_model.setdefault(read_info(folder, name).model, []).append(name)
    if len(by_model) > 1:
        found = "; ".join(
            f"{', '.join(own)}: {f'{model[:12]}...' if model else 'none'}"
            for model, own in by_model.items()
        )
        raise CheckpointError(
            f"the networks in {folder} must be of one model; they name several ({found}): copy a "
            "whole model folder, or train again with train_model.py"
        )


def _require_there(folder: Path, names: Sequence[str]) -> None:
    files = [f"{name}{ending}" for name in names for ending in (".json", ".safetensors")]
    if missing := [file for file in files if not os.path.lexists(folder / file)]:
        others = sorted({file.stem for file in folder.glob("*.safetensors")} - {*names})
        raise CheckpointError(
            f"expected the model files of {', '.join(names)} in {folder}; not there: "
            f"{', '.join(missing)}{f'; other networks there: {shown(others)}' if others else ''}: "
            "train again with train_model.py, or copy a whole model folder of this version "
            "(CHANGELOG.md tells which networks were renamed)"
        )


def load_info(folder: Path, name: str, architecture: str) -> CheckpointInfo:
    """Read the JSON of a network.

    Raises
    ------
    CheckpointError
        If the file is missing, is not JSON, lacks a field or describes another architecture.
    """
    info = read_info(folder, name)
    if info.architecture != architecture:
        raise CheckpointError(
            f"{folder / name}.json must describe a {architecture}; it describes "
            f"{shown(info.architecture)}: {_remedy(name)}"
        )
    return info


def read_info(folder: Path, name: str) -> CheckpointInfo:
    """Read the JSON of a network of any architecture.

    Raises
    ------
    CheckpointError
        If the file is missing, is not JSON or lacks a field.
    """
    path = folder / f"{name}.json"
    content = read_bounded(path, MAX_JSON_BYTES, _remedy(name))
    try:
        return CheckpointInfo(**json.loads(content))
    # Numbers too long, bytes that are no text and brackets too deep are faults of a file, too.
    except (ValueError, TypeError, RecursionError) as error:
        known = ", ".join(item.name for item in fields(CheckpointInfo))
        raise CheckpointError(
            f"{path} must be a JSON object with the fields {known}; {_brief(error)}: "
            f"{_remedy(name)}"
        ) from error


def _remedy(name: str) -> str:
    return f"train again with train_model.py, or copy {name}.json and {name}.safetensors together"


@contextmanager
def refusing(folder: Path, name: str) -> Iterator[None]:
    """Make a ``ValueError`` about what a network's JSON says a `CheckpointError` with its name."""
    try:
        yield
    except ValueError as error:
        raise CheckpointError(
            f"{folder / name}.json must describe a network of this program; {_brief(error)}: train "
            f"again with train_model.py, or copy {name}.json and {name}.safetensors together"
        ) from error


def load_weights(
    folder: Path, name: str, info: CheckpointInfo, make: Callable[[], Network]
) -> Network:
    """Build the network that `info` describes and fill it, on the CPU in float32.

    Parameters
    ----------
    folder : Path
    name : str
    info : CheckpointInfo
    make : callable
        Builds the network. It is called first without memory, to compare its tensors with those of
        the file, and only then for good.

    Raises
    ------
    CheckpointError
        If the file is missing, is not the one the JSON speaks of, or does not fit the network.
    """
    path = folder / f"{name}.safetensors"
    remedy = f"copy {name}.json and {name}.safetensors together, or train again"
    weights = read_bounded(path, MAX_WEIGHTS_BYTES, remedy)
    found = hashlib.sha256(weights).hexdigest()
    if found != info.sha256:
        raise CheckpointError(
            f"{path} must have the SHA-256 {info.sha256[:12]}... of {name}.json; it has "
            f"{found[:12]}...: {remedy}"
        )
    try:
        tensors = _own_tensors(weights, make)
    except (SafetensorError, ValueError) as error:
        raise CheckpointError(
            f"{path} must hold the weights of its network; {_brief(error)}: {remedy}"
        ) from error
    network = make()
    with torch.no_grad():
        network.load_state_dict(tensors, strict=True)
    return network


def _own_tensors(weights: bytes, make: Callable[[], nn.Module]) -> dict[str, Tensor]:
    """Return the tensors of a file if they are those of the network, and finite."""
    listed = deserialize(weights)  # type: ignore[no-untyped-call]
    found = {key: (view["shape"], view["dtype"]) for key, view in listed}
    with torch.device("meta"):
        expected = {
            key: (list(value.shape), "F16" if value.is_floating_point() else "I64")
            for key, value in make().state_dict().items()
        }
    if misfits := sorted(key for key in expected | found if expected.get(key) != found.get(key)):
        raise ValueError(f"names, shapes or types of {shown(misfits)} are not the network's")
    tensors: dict[str, Tensor] = load_tensors(weights)
    if faults := sorted(key for key, value in tensors.items() if not _is_finite(value)):
        raise ValueError(f"{shown(faults)} are not finite")
    return tensors


def _brief(error: BaseException) -> str:
    """Say on one line, and in not too many words, what an exception says."""
    text = " ".join(str(error).split())
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."
