"""Save and load a network as ``NAME.json`` (how to rebuild and read it) + ``NAME.safetensors``.

Public: `CheckpointInfo`, `save_checkpoint`, `load_info`, `load_weights`.

Loading is strict: the JSON's checksum must match, every tensor must be there, nothing is guessed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as tensors_as_bytes
from torch import nn

from ecgpaper.errors import CheckpointError
from ecgpaper.files import write_whole


@dataclass(frozen=True)
class CheckpointInfo:
    """What the JSON beside the weights says.

    Parameters
    ----------
    architecture : str
        Class name of the network.
    config : dict
        Fields of the network's configuration: enough to rebuild it.
    inputs : dict
        The input contract: px per mm or Hz, lead order, normalization.
    training : dict
        Provenance: seed, data, steps, versions, date.
    metrics : dict
        Scores, by name, with the data they were measured on.
    extra : dict
        What else the network's user needs: classes, thresholds, calibration.
    sha256 : str
        Of the weights file; filled in by `save_checkpoint`.
    """

    architecture: str
    config: dict[str, Any]
    inputs: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""


def save_checkpoint(folder: Path, name: str, network: nn.Module, info: CheckpointInfo) -> None:
    """Write weights (float16 where a tensor is floating) and JSON; the JSON last."""
    tensors = {
        key: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for key, value in network.state_dict().items()
    }
    weights = tensors_as_bytes(tensors)
    info = replace(info, sha256=hashlib.sha256(weights).hexdigest())
    write_whole(folder / f"{name}.safetensors", weights)
    write_whole(folder / f"{name}.json", (json.dumps(asdict(info), indent=2) + "\n").encode())


def load_info(folder: Path, name: str, architecture: str) -> CheckpointInfo:
    """Read the JSON of a network.

    Raises
    ------
    CheckpointError
        If the file is missing, is not JSON, lacks a field or describes another architecture.
    """
    path = folder / f"{name}.json"
    remedy = f"train again with train_model.py, or copy {name}.json and {name}.safetensors together"
    try:
        content = json.loads(path.read_text())
        info = CheckpointInfo(**content)
    except FileNotFoundError as error:
        raise CheckpointError(
            f"expected the model file {path}; it is not there: {remedy}"
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError) as error:
        known = ", ".join(item.name for item in fields(CheckpointInfo))
        raise CheckpointError(
            f"{path} must be a JSON object with the fields {known}; {error}: {remedy}"
        ) from error
    if info.architecture != architecture:
        raise CheckpointError(
            f"{path} must describe a {architecture}; it describes a {info.architecture}: {remedy}"
        )
    return info


def load_weights(folder: Path, name: str, network: nn.Module, info: CheckpointInfo) -> None:
    """Fill a network, built from `info.config`, with its weights, on the CPU in float32.

    Raises
    ------
    CheckpointError
        If the file is missing, is not the one the JSON speaks of, or does not fit the network.
    """
    path = folder / f"{name}.safetensors"
    remedy = f"copy {name}.json and {name}.safetensors together, or train again"
    try:
        weights = path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(f"expected the weights {path}; not there: {remedy}") from error
    found = hashlib.sha256(weights).hexdigest()
    if found != info.sha256:
        raise CheckpointError(
            f"{path} must have the SHA-256 {info.sha256[:12]}... of {name}.json; it has "
            f"{found[:12]}...: {remedy}"
        )
    tensors = {
        key: value.float() if value.is_floating_point() else value
        for key, value in load_tensors(weights).items()
    }
    expected = network.state_dict()
    misfits = sorted(
        key
        for key in expected.keys() | tensors.keys()
        if key not in expected or key not in tensors or expected[key].shape != tensors[key].shape
    )
    if misfits:
        raise CheckpointError(f"{path} does not fit its network at {', '.join(misfits)}: {remedy}")
    with torch.no_grad():
        network.load_state_dict(tensors, strict=True)
