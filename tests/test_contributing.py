"""CONTRIBUTING says where things are, and its examples run."""

import re
from pathlib import Path

import numpy as np
import pytest

from ecgpaper.classify.labels import CLASSES
from ecgpaper.files.formats import FORMATS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
# `name` in `file`, where the name is of the kind that a file can define.
PLACES = re.findall(r"`([A-Za-z_.]+)`\s+in\s+`([\w/]+\.(?:py|md))`", TEXT)


def run(word):
    """Run the one example that has a word, and return its names."""
    (block,) = [block for block in BLOCKS if word in block]
    found = {}
    exec(block, found)  # noqa: S102  our own document
    return found


def test_every_example_is_tried_here():
    assert len(BLOCKS) == 4


def test_a_layout_that_is_not_in_the_table_is_printed():
    page = run("LeadLayout")["page"]
    leads = [strip.segment.lead for strip in page.truth.layout.strips]
    assert leads == ["I", "aVR", "II", "aVL", "III", "aVF"]


def test_a_distortion_changes_a_little_of_the_picture():
    assert 0 < run("n_scratches")["difference"].any(axis=2).mean() < 0.1


def test_labels_are_counted_as_the_comments_say():
    found = run("one_hot")
    assert found["one_hot"]([["BRADY", "long QT"]]).sum() == 1
    assert found["f_measure"]([["BRADY", "long QT"]], [["BRADY"]])[0] == 0.5
    assert CLASSES.index("BRADY") == 10 == len(CLASSES) - 1


def test_an_output_format_is_a_row_of_the_table(healthy_ecg, tmp_path):
    try:
        run("write_tsv")
        signal_mv = np.where(healthy_ecg.signal_mv > 0, np.nan, healthy_ecg.signal_mv)
        page = type(healthy_ecg)(signal_mv, healthy_ecg.fs, healthy_ecg.lead_names)
        (file,) = FORMATS["tsv"](page, tmp_path / "page")
    finally:
        FORMATS.pop("tsv", None)
    head, *rows = file.read_text().splitlines()
    assert head.split("\t") == list(healthy_ecg.lead_names)
    is_empty = np.array([[cell == "" for cell in row.split("\t")] for row in rows])
    np.testing.assert_array_equal(is_empty, np.isnan(signal_mv))


@pytest.mark.parametrize(("name", "file"), sorted(set(PLACES)))
def test_what_is_named_is_there(name, file):
    defined = rf"^\s*(def |class )?{name.split('.')[-1]}\b"
    assert re.search(defined, (ROOT / file).read_text(), flags=re.MULTILINE)


def test_files_and_folders_that_are_named_exist():
    assert len(PLACES) > 12
    named = re.findall(r"`((?:ecgpaper|tests|benchmarks|docs)/[\w/.]+)`", TEXT)
    # In a wheel the weights lie inside the package.
    missing = {path for path in named if not (ROOT / path).exists()}
    assert missing == {"ecgpaper/model"}
