"""The tutorial's Python runs as it stands, on a simulated record in place of a page."""

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from ecgpaper.classify import Diagnosis
from ecgpaper.classify.labels import CLASSES
from ecgpaper.digitize import Digitization
from ecgpaper.digitize.answer.quality import FEATURES
from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.digitized.page import DigitizedPage, Settings
from ecgpaper.files.records.challenge import read_ecg, write_record

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial.md"


@pytest.fixture
def _results(healthy_ecg, tmp_path, monkeypatch):
    """A folder with the record of a page of four columns and a rhythm strip of lead II."""
    signal_mv = healthy_ecg.signal_mv.copy()
    column = np.arange(len(signal_mv)) * 4 // len(signal_mv)
    for lead, name in enumerate(healthy_ecg.lead_names):
        signal_mv[(column != lead // 3) & (name != "II"), lead] = np.nan
    page = type(healthy_ecg)(signal_mv, healthy_ecg.fs, healthy_ecg.lead_names)
    write_record(tmp_path / "results", "page", page)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def page(healthy_ecg, print_page):
    """What `ecgpaper.digitize` would return of a page that was read without fault."""
    truth = print_page(0, layout="3x4+1R", dpi=60.0).truth
    n_leads = len(healthy_ecg.lead_names)
    digitization = Digitization(
        ecg=healthy_ecg,
        confidence=np.ones_like(healthy_ecg.signal_mv),
        page=None,
        scale=truth.scale,
        layout=truth.layout,
        traces=truth.traces,
        quality=1.0,
        fits=(),
        pulse=None,
        said=Said(None, None),
        evidence=np.full((n_leads, len(FEATURES)), np.nan),
        predicted_snr_db=np.full(n_leads, 30.0),
    )
    diagnosis = Diagnosis(np.eye(len(CLASSES))[0], np.full(len(CLASSES), 0.5))
    return DigitizedPage(np.zeros((2, 2, 3), np.uint8), digitization, diagnosis, Settings())


@pytest.mark.usefixtures("_results")
def test_the_tutorial_runs(healthy_ecg, page, capsys):
    pytest.importorskip("pydicom", reason="an optional extra")
    found = {"page": page}
    with mpl.rc_context({"backend": "Agg"}):
        for lines in re.findall(r"```python\n(.*?)```", TUTORIAL.read_text(), flags=re.DOTALL):
            exec(lines, found)  # noqa: S102  our own document
        found["plt"].close("all")
    assert "['I', 'II', 'III', 'aVR'" in capsys.readouterr().out
    printed_s = found["printed_s"]
    assert printed_s.to_dict() == {
        name: 10.0 if name == "II" else 2.5 for name in healthy_ecg.lead_names
    }
    v1_mv = healthy_ecg.lead("V1")[2500:3750]
    np.testing.assert_allclose(found["lead_v1_mv"], v1_mv, atol=0.00051)
    assert found["lead_v1_mv"].index[0] == 5.0
    assert Path("leads.png").read_bytes().startswith(b"\x89PNG")
    assert [str(file) for file in found["files"]] == ["results/page.aecg.xml"]
    assert found["measured"].heart_rate_bpm == pytest.approx(
        page.measurements.heart_rate_bpm, rel=0.02
    )
    assert read_ecg("results/again").n_samples == healthy_ecg.n_samples
    assert found["table"].columns.tolist() == list(healthy_ecg.lead_names)
    written = {file.name for file in Path("results").iterdir() if file.stem == "again"}
    assert written == {"again.hea", "again.dat", "again.csv", "again.dcm"}
    assert Path("page.png").read_bytes().startswith(b"\x89PNG")
