"""What the training of a network of the digitizer goes on from.

Public: `start_from`.
"""

from __future__ import annotations

from pathlib import Path

from ecgpaper.digitize import Network, load_network
from ecgpaper.nets.checkpoint import load_info
from ecgpaper.nets.unet import SegmentNet, StripNet, widen


def start_from(folder: Path | None, name: str, network: Network) -> dict[str, str]:
    """Fill a network with weights to go on from; say which they were.

    Parameters
    ----------
    folder : Path or None
        Model folder; None leaves the network as it is.
    name : str
        Of the network's files.
    network : SegmentNet, StripNet, EndNet, Refiner or LineReader
        The first two may be wider than what the folder holds.

    Returns
    -------
    dict
        For the checkpoint's training: ``start``.

    Raises
    ------
    CheckpointError
        If a file is missing or does not fit.
    """
    if folder is None:
        return {"start": "from scratch"}
    former = load_network(folder, name, type(network))
    if isinstance(network, SegmentNet | StripNet):
        widen(former, network)
    else:
        network.load_state_dict(former.state_dict())
    return {"start": f"weights {load_info(folder, name, type(network).__name__).sha256}"}
