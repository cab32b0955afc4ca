import numpy as np
import pytest

from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.page import LeadLayout, PaperScale
from ecgpaper.synth import CameraSpec, InkSpec, LayoutSpec, PageSpec, PaperSpec
from tests import on_ink


@pytest.fixture
def ecg():
    """Ten seconds of spikes and waves, different in each lead, at 250 Hz."""
    time_s = np.arange(2500) / 250
    phase = time_s % 0.9
    shape = [(0.15, 0.2, 0.03), (-0.1, 0.33, 0.01), (1.0, 0.36, 0.012), (0.3, 0.6, 0.06)]
    beat = sum(high * np.exp(-(((phase - at) / width) ** 2)) for high, at, width in shape)
    gains = np.linspace(-0.6, 1.0, 12)
    return Ecg(np.outer(beat, gains), 250.0, STANDARD_ORDER)


@pytest.fixture
def spec():
    """A 120 x 80 mm page at 4 px per mm: two rows of two leads and a rhythm strip at 10 mm/s."""
    return PageSpec(
        LayoutSpec(
            LeadLayout("2x2+1R", (("I", "V2"), ("aVR", "V5")), ("II",)),
            size_mm=(120.0, 80.0),
            left_mm=12.0,
            baselines_mm=(20.0, 42.0, 64.0),
            scale=PaperScale(speed_mm_per_s=10.0),
            pulse_left_mm=5.0,
        ),
        InkSpec(pen_mm=0.4, name_offset_mm=(0.5, 6.0), separator="tick"),
        PaperSpec(),
        CameraSpec(dpi=101.6),
    )


@pytest.fixture
def change_by_traces():
    """Where the picture changes when the traces are left out, in levels."""
    return on_ink.change_by_traces


@pytest.fixture
def share_on_ink():
    """Share of the visible true points within a pixel of a quarter of the local contrast."""

    def share(ecg, spec):
        hit, seen = on_ink.share_on_ink(ecg, spec)
        assert seen > 0.7
        return hit

    return share
