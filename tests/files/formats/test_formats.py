"""Every coded format is read back by another library and holds the record, to half a microvolt."""

import re
import sys
import uuid
from pathlib import Path
from xml.etree import ElementTree as ET

import edfio
import numpy as np
import pydicom
import pytest
from fhir.resources.R4B.observation import Observation
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.sr.codedict import codes

from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import FormatError, MissingPackageError
from ecgpaper.files.formats import FORMATS

DOCUMENT = Path(__file__).parents[3] / "docs" / "formats.md"
CODED = ("aecg", "dicom", "edf", "fhir")
# Half a microvolt, and the rounding of the sum of floats.
HALF_STEP_MV = 0.0005 + 1e-9
V3 = {"": "urn:hl7-org:v3"}


def draw_ecg(n_samples=1500, fs=500.0, *, seed=1):
    signal_mv = np.random.default_rng(seed).normal(size=(n_samples, 12))
    return Ecg(signal_mv, fs, STANDARD_ORDER)


def as_printed(ecg):
    """Keep what a page of four columns and a rhythm strip of lead II shows."""
    column = np.arange(ecg.n_samples) * 4 // ecg.n_samples
    for lead in range(12):
        if ecg.lead_names[lead] != "II":
            ecg.signal_mv[column != lead // 3, lead] = np.nan
    return ecg


def write(name, ecg, folder, stem="page"):
    files = FORMATS[name](ecg, folder / stem)
    assert sorted(files) == sorted(folder.iterdir())
    return files[0]


def read_dicom(file):
    """By pydicom, the leads by its own dictionary of codes."""
    dataset = pydicom.dcmread(file)
    (waveform,) = dataset.WaveformSequence
    known = {}
    for keyword in codes.cid3001.dir():
        code = getattr(codes.cid3001, keyword)
        known[code.value, code.scheme_designator] = code.meaning.removeprefix("Lead ").split(",")[0]
    sources = [each.ChannelSourceSequence[0] for each in waveform.ChannelDefinitionSequence]
    names = [known[each.CodeValue, each.CodingSchemeDesignator] for each in sources]
    units = {
        each.ChannelSensitivityUnitsSequence[0].CodeValue
        for each in waveform.ChannelDefinitionSequence
    }
    assert units == {"uV"}
    padding = np.frombuffer(waveform.WaveformPaddingValue, "<i2")[0]
    raw = pydicom.waveforms.multiplex_array(dataset, 0, as_raw=True)
    signal_mv = np.where(raw == padding, np.nan, dataset.waveform_array(0) / 1000)
    return Ecg(signal_mv, float(waveform.SamplingFrequency), tuple(names))


def read_edf(file):
    """By edfio; the annotations alone say what is not printed."""
    edf = edfio.read_edf(file)
    fs = edf.signals[0].sampling_frequency
    (end_s,) = (each.onset for each in edf.annotations if each.text == "Recording ends")
    signal_mv = np.stack([each.data for each in edf.signals], axis=1)[: round(end_s * fs)] / 1000
    for each in edf.annotations:
        if each.text.startswith("Not printed@@"):
            lead = edf.labels.index(each.text.removeprefix("Not printed@@"))
            start = round(each.onset * fs)
            signal_mv[start : start + round(each.duration * fs), lead] = np.nan
    assert {each.physical_dimension for each in edf.signals} == {"uV"}
    return Ecg(signal_mv, fs, tuple(each.removeprefix("ECG ") for each in edf.labels))


def read_aecg(file):
    """By ElementTree; a lead without a sequence is not printed."""
    series = ET.parse(file).find("component/series", V3)  # noqa: S314  our own file
    fs = 1 / float(series.find(".//increment", V3).get("value"))
    n_samples = round(float(series.find("effectiveTime/width", V3).get("value")) * fs)
    leads = {name.upper(): np.full(n_samples, np.nan) for name in STANDARD_ORDER}
    for sequences in series.iterfind("component/sequenceSet", V3):
        time, *parts = sequences.iterfind("component/sequence", V3)
        start = round(float(time.find("value/head", V3).get("value")) * fs)
        for part in parts:
            assert {part.find(f"value/{tag}", V3).get("unit") for tag in ("origin", "scale")} == {
                "uV"
            }
            digits = np.array(part.find("value/digits", V3).text.split(), int)
            name = part.find("code", V3).get("code").removeprefix("MDC_ECG_LEAD_")
            leads[name][start : start + len(digits)] = digits / 1000
    return Ecg(np.stack([*leads.values()], axis=1), fs, STANDARD_ORDER)


def read_fhir(file):
    """By fhir.resources, which validates."""
    observation = Observation.model_validate_json(file.read_bytes())
    numbers = [int(each.code.coding[0].code) for each in observation.component]
    # As in HL7's own example of an ECG.
    potentials = (131329, 131330, 131389, 131390, 131391, 131392, *range(131331, 131337))
    names = [STANDARD_ORDER[potentials.index(number)] for number in numbers]
    data = [each.valueSampledData for each in observation.component]
    assert {(each.origin.code, each.dimensions, each.factor) for each in data} == {("uV", 1, None)}
    columns = [[np.nan if w == "E" else int(w) / 1000 for w in d.data.split(" ")] for d in data]
    return Ecg(np.array(columns).T, 1000 / float(data[0].period), tuple(names))


READERS = {"aecg": read_aecg, "dicom": read_dicom, "edf": read_edf, "fhir": read_fhir}


def assert_equal(read, ecg):
    assert read.lead_names == ecg.lead_names
    assert read.fs == pytest.approx(ecg.fs, rel=1e-9)
    np.testing.assert_allclose(read.signal_mv, ecg.signal_mv, atol=HALF_STEP_MV, rtol=0)


@pytest.mark.parametrize("name", CODED)
@pytest.mark.parametrize(
    ("n_samples", "fs"),
    [(1, 500.0), (5000, 500.0), (2501, 250.0), (1999, 360.0), (700, 1000 / 3), (300, 512.5)],
)
def test_what_is_written_is_read_by_others(name, n_samples, fs, tmp_path):
    ecg = as_printed(draw_ecg(n_samples, fs))
    assert_equal(READERS[name](write(name, ecg, tmp_path)), ecg)


@pytest.mark.parametrize("name", CODED)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_any_gaps_come_back(name, data, tmp_path_factory):
    low_hz, high_hz = (200, 1000) if name == "dicom" else (50, 2000)
    fs = float(data.draw(st.integers(low_hz, high_hz)))
    ecg = draw_ecg(data.draw(st.integers(1, 300)), fs)
    for lead in range(1, 12):
        for _ in range(data.draw(st.integers(0, 2))):
            start = data.draw(st.integers(0, ecg.n_samples - 1))
            ecg.signal_mv[start : data.draw(st.integers(start + 1, ecg.n_samples)), lead] = np.nan
    assert_equal(READERS[name](write(name, ecg, tmp_path_factory.mktemp("gaps"))), ecg)


@pytest.mark.parametrize("name", CODED)
def test_leads_that_are_nowhere_printed_come_back_empty(name, tmp_path):
    ecg = draw_ecg()
    ecg.signal_mv[:, 3:] = np.nan
    assert_equal(READERS[name](write(name, ecg, tmp_path)), ecg)


def document_lines(title):
    """Return the Python below a heading of docs/formats.md."""
    section = DOCUMENT.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    return re.search(r"```python\n(.*?)```", section, flags=re.DOTALL)[1]


@pytest.mark.parametrize(
    ("name", "title"),
    [("aecg", "HL7 aECG"), ("dicom", "DICOM"), ("edf", "EDF+"), ("fhir", "FHIR")],
)
def test_the_lines_of_the_document_read_each_format(name, title, tmp_path, monkeypatch):
    ecg = as_printed(draw_ecg(1499))
    write(name, ecg, tmp_path)
    monkeypatch.chdir(tmp_path)
    found = {}
    exec(document_lines(title), found)  # noqa: S102  our own document
    if name == "aecg":
        names = [f"MDC_ECG_LEAD_{lead.upper()}" for lead in ecg.lead_names]
        found["signal_mv"] = np.stack([found["leads"][lead] for lead in names], axis=1)
    assert_equal(Ecg(found["signal_mv"], found["fs"], ecg.lead_names), ecg)


@pytest.mark.parametrize("name", CODED)
def test_the_same_record_gives_the_same_bytes_wherever_it_is_written(name, tmp_path):
    ecg = as_printed(draw_ecg())
    one = write(name, ecg, tmp_path / "one")
    other = write(name, ecg, tmp_path / "other", stem="Jane Doe 1.2")
    assert one.read_bytes() == other.read_bytes()
    assert other.name.startswith("Jane Doe 1.2.")


@pytest.mark.parametrize("name", CODED)
def test_voltages_beyond_16_bits_are_clipped(name, tmp_path):
    ecg = draw_ecg(500)
    ecg.signal_mv[7] = [40.0, -40.0] * 6
    read = READERS[name](write(name, ecg, tmp_path)).signal_mv
    np.testing.assert_array_equal(read[7], [32.767, -32.767] * 6)


@pytest.mark.parametrize("name", CODED)
def test_a_record_without_samples_is_refused(name, tmp_path):
    with pytest.raises(FormatError, match="has none"):
        FORMATS[name](draw_ecg(0), tmp_path / "page")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["aecg", "dicom", "fhir"])
def test_a_lead_without_a_code_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"one of I, II, .*'VX'"):
        FORMATS[name](Ecg(np.zeros((5, 1)), 500.0, ("VX",)), tmp_path / "page")


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [
        ("dicom", "pydicom", "pydicom"),
        ("edf", "edfio", "edfio"),
        ("fhir", "fhir.resources.R4B.observation", "fhir.resources"),
    ],
)
def test_a_missing_package_is_named_with_what_installs_it(
    name, module, package, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingPackageError, match=rf"{package}.*pip install 'ecgpaper\[{name}\]'"):
        FORMATS[name](draw_ecg(5), tmp_path / "page")


# DICOM


def test_dicom_has_what_the_standard_requires_and_nobody_in_it(tmp_path):
    dataset = pydicom.dcmread(write("dicom", draw_ecg(), tmp_path))
    # Types 1 and 2 of the modules that PS3.3 makes mandatory for a 12-lead ECG (A.34.3).
    full = (
        "StudyInstanceUID SeriesInstanceUID Modality InstanceNumber ContentDate ContentTime "
        "AcquisitionDateTime WaveformSequence SOPClassUID SOPInstanceUID"
    )
    assert [keyword for keyword in full.split() if not dataset.get(keyword)] == []
    there = (
        "SeriesNumber Manufacturer AcquisitionContextSequence PatientName PatientID "
        "PatientBirthDate PatientSex StudyDate StudyTime StudyID AccessionNumber "
        "ReferringPhysicianName"
    )
    assert [keyword for keyword in there.split() if keyword not in dataset] == []
    assert [each for each in dataset if each.keyword.startswith("Patient") and each.value] == []


def test_dicom_has_the_structure_of_a_recorder_s_file(tmp_path):
    theirs = pydicom.dcmread(get_testdata_file("waveform_ecg.dcm", download=False))
    ours = pydicom.dcmread(write("dicom", draw_ecg(), tmp_path))
    assert ours.SOPClassUID == theirs.SOPClassUID == pydicom.uid.TwelveLeadECGWaveformStorage
    their_waveform, our_waveform = theirs.WaveformSequence[0], ours.WaveformSequence[0]
    their_waveform.pop("TriggerTimeOffset")  # of recordings with a trigger
    missing = {each.keyword for each in their_waveform} - {each.keyword for each in our_waveform}
    assert missing == set()
    for their_channel, our_channel in zip(
        their_waveform.ChannelDefinitionSequence,
        our_waveform.ChannelDefinitionSequence,
        strict=True,
    ):
        # Filters are the recorder's.
        theirs_here = {each.keyword for each in their_channel if "Filter" not in each.keyword}
        assert theirs_here - {each.keyword for each in our_channel} == set()
        (source,) = our_channel.ChannelSourceSequence
        (equivalent,) = source.EquivalentCodeSequence
        assert equivalent.CodeValue == their_channel.ChannelSourceSequence[0].CodeValue
        assert equivalent.CodingSchemeDesignator == "SCPECG"


def test_dicom_uids_are_valid_and_tell_records_apart(tmp_path):
    keywords = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
    found = set()
    for seed in (1, 2):
        file = write("dicom", draw_ecg(seed=seed), tmp_path / str(seed))
        dataset = pydicom.dcmread(file)
        found |= {dataset[keyword].value for keyword in keywords}
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert len(found) == 6
    assert [uid for uid in found if not uid.is_valid] == []


@pytest.mark.parametrize(
    ("n_samples", "kind"),
    [
        (16384, pydicom.uid.TwelveLeadECGWaveformStorage),
        (16385, pydicom.uid.GeneralECGWaveformStorage),
    ],
)
def test_dicom_s_12_lead_ecg_is_for_records_up_to_16384_samples(n_samples, kind, tmp_path):
    assert pydicom.dcmread(write("dicom", draw_ecg(n_samples), tmp_path)).SOPClassUID == kind


@pytest.mark.parametrize("fs", [100.0, 1000.5])
def test_dicom_refuses_frequencies_that_the_standard_does_not_allow(fs, tmp_path):
    with pytest.raises(FormatError, match=rf"200 to 1000 Hz; the record has {fs:g} Hz"):
        FORMATS["dicom"](draw_ecg(fs=fs), tmp_path / "page")


# aECG


def test_leads_of_a_column_share_a_sequence_set_of_an_aecg(tmp_path):
    root = ET.parse(write("aecg", as_printed(draw_ecg(2000)), tmp_path)).getroot()  # noqa: S314
    assert root.tag == "{urn:hl7-org:v3}AnnotatedECG"
    uuid.UUID(root.find("id", V3).get("root"))
    found = []
    for sequences in root.iterfind("component/series/component/sequenceSet", V3):
        time, *parts = sequences.iterfind("component/sequence", V3)
        assert time.find("code", V3).get("code") == "TIME_RELATIVE"
        (length,) = {len(part.find("value/digits", V3).text.split()) for part in parts}
        start_s = float(time.find("value/head", V3).get("value"))
        found.append((len(parts), start_s, length))
    assert found == [(1, 0, 2000), (2, 0, 500), (3, 1, 500), (3, 2, 500), (3, 3, 500)]


def test_an_aecg_of_an_empty_page_is_refused(tmp_path):
    with pytest.raises(FormatError, match="a sample that is printed"):
        FORMATS["aecg"](Ecg(np.full((9, 12), np.nan), 500.0, STANDARD_ORDER), tmp_path / "page")


# EDF+


def test_edf_s_header_and_first_samples_are_as_the_specification_places_them(tmp_path):
    ecg = draw_ecg(750)
    ecg.signal_mv[0, 1] = np.nan
    content = write("edf", ecg, tmp_path).read_bytes()
    fields = [content[start:stop].decode().strip() for start, stop in ((0, 8), (8, 88), (88, 168))]
    assert fields == ["0", "X X X X", "Startdate X X X X"]
    assert content[192:197] == b"EDF+C"
    n_records, record_s, n_signals = content[236:244], content[244:252], content[252:256]
    assert (int(n_records), float(record_s), int(n_signals)) == (2, 1, 13)
    assert content[256:272].decode().strip() == "ECG I"
    samples = np.frombuffer(content, "<i2", count=1000, offset=int(content[184:192]))
    np.testing.assert_allclose(samples[:500] / 1000, ecg.signal_mv[:500, 0], atol=HALF_STEP_MV)
    assert samples[500] == -32768


def test_edf_refuses_frequencies_without_a_data_record_of_whole_samples(tmp_path):
    with pytest.raises(FormatError, match=r"the record has 123\.4567 Hz"):
        FORMATS["edf"](draw_ecg(fs=123.4567), tmp_path / "page")


# FHIR


def test_fhir_says_what_was_observed_of_nobody(tmp_path):
    content = write("fhir", draw_ecg(), tmp_path).read_bytes()
    observation = Observation.model_validate_json(content)
    found = [(each.system, each.code) for each in observation.code.coding]
    assert found == [("http://loinc.org", "11524-6"), ("urn:iso:std:iso:11073:10101", "131328")]
    assert observation.subject is observation.effectiveDateTime is None
