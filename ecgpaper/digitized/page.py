"""One page, digitized: the one result that the library, the command and whatever shows it share.

Public: `DigitizedPage`, `Settings`.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgpaper.classify import Diagnosis
from ecgpaper.classify.labels import CLASSES
from ecgpaper.digitize import Digitization, Stated, StatedBox, StatedLead
from ecgpaper.digitize.boxes.place import found_boxes
from ecgpaper.digitize.request import BOX_EDGES, Corners
from ecgpaper.digitized.overlay import draw_overlay
from ecgpaper.ecg import UNKNOWN_LEAD, ByteArray, Ecg, FloatArray
from ecgpaper.files.formats import FORMATS
from ecgpaper.files.inputs import PageSource
from ecgpaper.measure import Measurements, measure
from ecgpaper.page import PageLayout
from ecgpaper.runtime.bounds import FS_HZ

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

# What is stated about a page, and not asked for.
_STATED = ("layout", "speed_mm_per_s", "gain_mm_per_mv", "leads", "corners", "boxes")
# Below this agreement docs/pages.md says to doubt a page.
_DOUBTFUL_AGREEMENT = 0.85
# At most so sure is a scale that was measured without a grid.
_NO_GRID = 0.5
# Below, what is wrong has more than a third of the signal's height.
_LOW_SNR_DB = 10.0
_NO_NAME = (
    "the page does not tell which lead it shows: labels and measurements are made as if it were "
    "lead II, speed and gain are taken to be the usual unless printed"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user asks for and states about pages.

    Parameters
    ----------
    fs_hz : float, in Hz
        Sampling frequency of the answer, in `ecgpaper.runtime.bounds.FS_HZ`.
    layout : str or None
        A name in `ecgpaper.page.LAYOUTS`; None where it is to be found, as below.
    speed_mm_per_s, gain_mm_per_mv : float or None
    leads : tuple of StatedLead
        Of the places of the layout that show other leads than it says.
    corners : tuple of four (x, y), or None
        Of the page on its picture, clockwise from the top left, as shares of the picture's width
        and height.
    boxes : tuple of StatedBox
        Of strips on the picture that stand elsewhere than they are found.

    Examples
    --------
    >>> Settings(speed_mm_per_s=50.0).stated.layout is None
    True
    >>> Settings(layout="5x5")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: layout must be one of 3x4, 3x4+1R, ...; got '5x5'
    """

    fs_hz: float = 500.0
    layout: str | None = None
    speed_mm_per_s: float | None = None
    gain_mm_per_mv: float | None = None
    leads: tuple[StatedLead, ...] = ()
    corners: Corners | None = None
    boxes: tuple[StatedBox, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        FS_HZ.checked(self.fs_hz)
        _ = self.stated

    @property
    def stated(self) -> Stated:
        """What is stated about the pages."""
        return Stated(**{key: getattr(self, key) for key in _STATED})

    def corrected(self, stated: Stated) -> Settings:
        """Return the settings of one page of which something else is stated."""
        said = {key: value for key in _STATED if (value := getattr(stated, key))}
        return replace(self, **said)


@dataclass(frozen=True, eq=False)
class DigitizedPage:
    """What a page shows, in mV, with what is to be known about it.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
        The picture that was read.
    digitization : Digitization
        Everything that was found on it, stage by stage.
    diagnosis : Diagnosis
        How probable each class is. This is no medical device.
    settings : Settings
    source : PageSource or None
        Where the picture comes from, if from a file.
    read_from : str
        "pixels", or "lines" where the curves were taken from the lines that a PDF draws.
    remarks : tuple of str
        What is to be known about that, a sentence each.
    """

    photo: ByteArray
    digitization: Digitization
    diagnosis: Diagnosis
    settings: Settings
    source: PageSource | None = None
    read_from: str = "pixels"
    remarks: tuple[str, ...] = ()

    @property
    def ecg(self) -> Ecg:
        """The twelve leads in mV, and the unknown one if there is such; NaN where none is read."""
        return self.digitization.ecg

    @property
    def layout(self) -> PageLayout:
        """Which lead stands where, and the scale of the print."""
        return self.digitization.layout

    @property
    def confidence(self) -> FloatArray:
        """Of each sample, in [0, 1], of shape (n_samples, n_leads)."""
        return self.digitization.confidence

    @property
    def predicted_snr_db(self) -> dict[str, float]:
        """How good each lead that the page shows is expected to be, in dB."""
        found = zip(self.ecg.lead_names, self.digitization.predicted_snr_db.tolist(), strict=True)
        return {lead: snr_db for lead, snr_db in found if math.isfinite(snr_db)}

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that the diagnosis answers."""
        return self.diagnosis.labels

    @cached_property
    def measurements(self) -> Measurements:
        """Rate, intervals, axes, amplitudes and rhythm; None for what cannot be measured."""
        return measure(self.ecg)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against trusting the page, a sentence each."""
        found = self.digitization
        scale = found.layout.scale
        # What a drawing does not tell is among its remarks.
        is_seen = self.read_from == "pixels"
        said = (
            (
                is_seen and found.scale.confidence <= _NO_GRID,
                "no grid was seen: the scale is a guess",
            ),
            (
                found.agreement is not None and found.agreement < _DOUBTFUL_AGREEMENT,
                "the leads do not fit each other well: look at the overlay",
            ),
            (
                is_seen
                and self.settings.gain_mm_per_mv is None
                and not (found.pulse or found.said.gain_mm_per_mv),
                f"neither print nor pulse tells the gain: {scale.gain_mm_per_mv:g} mm/mV is taken",
            ),
            (
                bool(found.left_out),
                f"too unsure to be answered: {', '.join(found.left_out)}",
            ),
            (UNKNOWN_LEAD in self.ecg.lead_names, _NO_NAME),
            (bool(weak := self._weak_leads()), f"to be used with care: {', '.join(weak)}"),
        )
        return (*self.remarks, *(sentence for is_so, sentence in said if is_so))

    def _weak_leads(self) -> list[str]:
        leads = self.predicted_snr_db.items()
        left_out = self.digitization.left_out
        return [lead for lead, snr_db in leads if snr_db < _LOW_SNR_DB and lead not in left_out]

    def findings(self) -> dict[str, Any]:
        """Return what was found, as it stands in the JSON file of a page."""
        found, scale = self.digitization, self.layout.scale
        return {
            "read_from": self.read_from,
            "layout": self.layout.name,
            "boxes": self._boxes(),
            "speed_mm_per_s": scale.speed_mm_per_s,
            "gain_mm_per_mv": scale.gain_mm_per_mv,
            "pulse_mm": found.pulse and [found.pulse.width_mm, found.pulse.height_mm],
            "printed": asdict(found.said),
            "drawn_from_hz": found.knots and found.knots.fs,
            "px_per_mm": found.scale.px_per_mm,
            "scale_confidence": found.scale.confidence,
            "quality": found.quality,
            "agreement": found.agreement,
            "predicted_snr_db": {
                lead: round(snr_db, 1) for lead, snr_db in self.predicted_snr_db.items()
            },
            "measurements": self.measurements.to_json(),
            "left_out": list(found.left_out),
            "warnings": list(self.warnings),
            "labels": list(self.labels),
            "probabilities": dict(zip(CLASSES, self.diagnosis.probabilities.tolist(), strict=True)),
        }

    def _boxes(self) -> list[dict[str, Any]]:
        """Return the box of each strip on the picture: as it is stated, else as it was found."""
        found, size_px = self.digitization, (self.photo.shape[1], self.photo.shape[0])
        to_picture = found.page.page_to_photo
        stated = {box.place: box.edges for box in self.settings.boxes}
        boxes = []
        for box in found_boxes(found.layout, found.traces, to_picture, found.scale, size_px):
            segment = box.strip.segment
            told = {"row": segment.row, "column": segment.column, "lead": segment.lead}
            told |= zip(BOX_EDGES, stated.get(segment.place, box.edges), strict=True)
            boxes.append(told | {"tilt_deg": box.tilt_deg})
        return boxes

    def overlay(self) -> ByteArray:
        """Draw what was read over the picture: RGB, of its shape."""
        found = self.digitization
        return draw_overlay(self.photo, found.traces, found.page.page_to_photo)

    def to_csv(self, path: str | Path) -> Path:
        """Write a table, ``time_s`` and a column in mV per lead; ``.csv`` may be left out."""
        return FORMATS["csv"](self.ecg, _without(path, ".csv"))[0]

    def to_npz(self, path: str | Path) -> Path:
        """Write arrays for `numpy.load`; ``.npz`` may be left out."""
        return FORMATS["npz"](self.ecg, _without(path, ".npz"))[0]

    def to_dicom(self, path: str | Path) -> Path:
        """Write a DICOM 12-lead ECG waveform; ``.dcm`` may be left out.

        Raises
        ------
        MissingPackageError
            If pydicom is not installed.
        """
        return FORMATS["dicom"](self.ecg, _without(path, ".dcm"))[0]

    def to_wfdb(self, folder: str | Path, name: str | None = None) -> Path:
        """Write a WFDB record into a folder and return its header.

        Parameters
        ----------
        folder : str or Path
        name : str, optional
            Of letters, digits, underscores and hyphens; that of the picture by default.
        """
        stem = self.source.file.stem if self.source else "page"
        name = name or re.sub(r"[^A-Za-z0-9_-]", "_", stem)
        return FORMATS["wfdb"](self.ecg, Path(folder) / name)[-1]

    def to_dataframe(self) -> DataFrame:
        """Return a table of pandas: a row per sample by its time in s, a column in mV per lead."""
        from pandas import DataFrame, RangeIndex  # noqa: PLC0415  slow to import

        times_s = (RangeIndex(self.ecg.n_samples) / self.ecg.fs).rename("time_s")
        return DataFrame(self.ecg.signal_mv, index=times_s, columns=list(self.ecg.lead_names))

    def plot(self) -> Figure:
        """Return a figure of matplotlib with a row per lead; `savefig` writes it."""
        from matplotlib.figure import Figure  # noqa: PLC0415  slow to import

        figure = Figure(figsize=(12, 16), layout="constrained")
        rows = figure.subplots(len(self.ecg.lead_names), 1, sharex=True, sharey=True)
        table = self.to_dataframe()
        for axes, lead in zip(rows, table, strict=True):
            axes.plot(table.index, table[lead], color="black", linewidth=0.8)
            axes.set_ylabel(f"{lead}, mV")
            axes.grid(color="pink")
        rows[-1].set_xlabel("s")
        return figure


def _without(path: str | Path, ending: str) -> Path:
    path = Path(path)
    return path.with_suffix("") if path.suffix == ending else path
