"""The network that reads print learns from lines whose words are known."""

import json

import numpy as np
import torch
from safetensors.torch import load_file

from ecgpaper.digitize.calibration.printed_scale import LETTERS, LINE_PX, letters_of
from ecgpaper.train.digitizer import ocr
from ecgpaper.train.digitizer.ocr import (
    BATCH_SIZE,
    LINE_WIDTH_PX,
    OCR_LEARNER,
    LineSource,
)
from ecgpaper.train.span import Span


def texts(batch):
    ends = np.cumsum(batch.lengths)
    spelled = "".join(LETTERS[letter - 1] for letter in batch.letters)
    return [spelled[end - length : end] for end, length in zip(ends, batch.lengths, strict=True)]


def test_lines_say_scales_and_other_things():
    batch = LineSource(0).batch(0)
    assert batch.lines.shape == (BATCH_SIZE, 3, LINE_PX, LINE_WIDTH_PX)
    found = texts(batch)
    n_scales = sum("mm/s" in text or "mm/mv" in text for text in found)
    assert BATCH_SIZE / 5 < n_scales < BATCH_SIZE * 0.8
    assert all(letters_of(text) for text in found)


def test_batch_depends_on_its_step_alone(monkeypatch):
    monkeypatch.setattr(ocr, "BATCH_SIZE", 8)
    one, other = LineSource(3), LineSource(3)
    other.batch(4)
    assert (one.batch(5).lines == other.batch(5).lines).all()
    assert texts(one.batch(5)) != texts(one.batch(6))
    assert texts(one.batch(5)) != texts(LineSource(4).batch(5))


def test_training_writes_a_network_and_goes_on_from_given_weights(tmp_path, monkeypatch):
    """Without a step to train, what comes out is what went in."""
    monkeypatch.setattr(ocr, "BATCH_SIZE", 4)
    first, then = tmp_path / "first", tmp_path / "then"
    for folder in (first, then):
        folder.mkdir()
    OCR_LEARNER.train(LineSource(0), first, span=Span(1), seed=0)
    assert {file.name for file in first.iterdir()} == {"ocr.json", "ocr.safetensors"}
    OCR_LEARNER.train(LineSource(5), then, span=Span(0), seed=5, start=first)
    before, after = (load_file(folder / "ocr.safetensors") for folder in (first, then))
    assert all(torch.equal(before[key], after[key]) for key in before)
    origin = json.loads((first / "ocr.json").read_text())["sha256"]
    assert json.loads((then / "ocr.json").read_text())["training"]["start"] == f"weights {origin}"
