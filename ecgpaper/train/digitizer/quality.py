"""Train the quality network: it predicts the SNR of each lead from how the page was read.

Public: `train_quality`, `Examples`, `read_examples`, `fit_quality`.
"""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import torch
from safetensors.numpy import load_file
from safetensors.numpy import save as arrays_as_bytes
from torch.nn import functional
from tqdm import tqdm

from ecgpaper import score
from ecgpaper.digitize import Digitizer
from ecgpaper.digitize.answer.quality import FEATURES
from ecgpaper.digitize.networks import CONTRACTS, QUALITY
from ecgpaper.ecg import STANDARD_ORDER, Ecg, FloatArray
from ecgpaper.errors import EcgPaperError
from ecgpaper.nets.quality import QualityConfig, QualityNet
from ecgpaper.nets.stored.checkpoint import read_info, save_checkpoint
from ecgpaper.nets.stored.description import CheckpointInfo
from ecgpaper.runtime.files import write_whole
from ecgpaper.synth import PRESETS, PageSpec, resized, sample_spec, synthesize
from ecgpaper.train.digitizer.source import without_gaps
from ecgpaper.train.span import Span

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QualityPlan:
    """What the network learns from, and how fast."""

    # With fewer leads nothing is learned.
    fewest_leads: int = 48
    # Below, a lead is simply wrong,
    worst_db: float = -5.0
    # above simply right.
    best_db: float = 35.0
    # Steps of the training,
    n_steps: int = 200
    # its learning rate,
    rate: float = 1e-2
    # and the decay of the weights.
    decay: float = 0.3
    # Errors above this count in proportion, below it by their square.
    huber_db: float = 4.0
    # One page in this many of each preset has few pixels:
    few_pixels_every: int = 3
    # between these numbers to an inch.
    fewest_dpi: float = 80.0
    few_dpi: float = 150.0


PLAN = QualityPlan()


@dataclass(frozen=True, eq=False)
class Examples:
    """Leads that were read, with their evidence and their true SNR.

    Parameters
    ----------
    evidence : ndarray of shape (n_leads, len(FEATURES))
    snr_db : ndarray of shape (n_leads,)
        By the Challenge's scorer.
    """

    evidence: FloatArray
    snr_db: FloatArray


def train_quality(ecgs: Sequence[Ecg], folder: Path, *, span: Span, seed: int) -> None:
    """Digitize generated pages with the networks of a folder, and learn to predict the SNR.

    Parameters
    ----------
    ecgs : sequence of Ecg
        Records that the pages show.
    folder : Path
        Of the other networks; an interrupted run goes on where it stopped.
    span : Span
        Of pages, of all presets in turn.
    seed : int
    """
    torch.manual_seed(seed + 2)
    network = QualityNet(QualityConfig(len(FEATURES)))
    kept = folder / f".{QUALITY}"
    n_leads = 0
    if span.n_steps:
        examples = read_examples(
            Digitizer.load(folder, judge=network),
            ecgs,
            span,
            seed=seed,
            kept=kept / _identity(folder, seed, len(ecgs)),
        )
        n_leads = len(examples.snr_db)
        fit_quality(network, examples)
    training: dict[str, Any] = {
        "n_records": len(ecgs),
        "pages": f"{span.meter.n_steps} generated, all presets in turn",
        "n_leads": n_leads,
        "seed": seed,
    }
    info = CheckpointInfo(
        architecture=type(network).__name__,
        config=asdict(QualityConfig(len(FEATURES))),
        inputs=dict(CONTRACTS[QUALITY].inputs),
        training=training,
    )
    save_checkpoint(folder, QUALITY, network, info)
    shutil.rmtree(kept, ignore_errors=True)


def read_examples(
    digitizer: Digitizer, ecgs: Sequence[Ecg], span: Span, *, seed: int, kept: Path
) -> Examples:
    """Draw pages, digitize them and score each lead; page i depends on seed and i alone.

    Parameters
    ----------
    digitizer : Digitizer
    ecgs : sequence of Ecg
    span : Span
        Of pages.
    seed : int
    kept : Path
        Folder of what this digitizer has read of these records: it is not read again.
    """
    evidence, snr_db = [np.zeros((0, len(FEATURES)))], [np.zeros(0)]
    for page in tqdm(span.pages(), desc=QUALITY, disable=not sys.stderr.isatty()):
        file = kept / f"{page:06d}.safetensors"
        if not file.exists():
            rng = np.random.default_rng([seed, page])
            ecg = without_gaps(ecgs[int(rng.integers(len(ecgs)))])
            found = _read_page(digitizer, ecg, _spec(page, rng))
            write_whole(file, arrays_as_bytes(vars(found)))
        known = load_file(file)
        evidence.append(known["evidence"])
        snr_db.append(known["snr_db"])
    return Examples(np.concatenate(evidence), np.concatenate(snr_db))


def _identity(folder: Path, seed: int, n_records: int) -> str:
    """Tell readings of other networks, or of other pages, apart."""
    others = [name for name in CONTRACTS if name != QUALITY]
    weights = [read_info(folder, name).sha256 for name in others]
    return f"{crc32(f'{weights} {seed} {n_records}'.encode()):08x}"


def _spec(page: int, rng: np.random.Generator) -> PageSpec:
    """Draw a page: all presets in turn, some pages with few pixels."""
    turn, preset = divmod(page, len(PRESETS))
    spec = sample_spec(PRESETS[preset], rng=rng)
    if turn % PLAN.few_pixels_every != PLAN.few_pixels_every - 1:
        return spec
    dpi = float(rng.uniform(PLAN.fewest_dpi, PLAN.few_dpi))
    return resized(spec, dpi / spec.camera.dpi)


def _read_page(digitizer: Digitizer, ecg: Ecg, spec: PageSpec) -> Examples:
    """Read one page; none of its leads are examples if it cannot be read."""
    page = synthesize(ecg, spec)
    nothing = Examples(np.zeros((0, len(FEATURES))), np.zeros(0))
    try:
        found = digitizer.digitize(page.image, fs=ecg.fs)
    except EcgPaperError as error:
        logger.info("a page cannot be read: %s", error)
        return nothing
    truth = page.truth.ecg
    rows, snrs = [], []
    for column, lead in enumerate(STANDARD_ORDER):
        if lead not in truth.lead_names or not np.isfinite(found.evidence[column]).all():
            continue
        ref, est = truth.lead(lead), np.full(truth.n_samples, np.nan)
        values = found.ecg.signal_mv[: len(est), column]
        est[: len(values)] = values
        if np.isfinite(ref).any() and np.isfinite(est).any():
            rows.append(found.evidence[column])
            snrs.append(score.snr(ref, score.align_within_limits(ref, est, truth.fs))[0])
    return Examples(np.array(rows), np.array(snrs)) if rows else nothing


def fit_quality(network: QualityNet, examples: Examples) -> None:
    """Fit the network, in place; with too few examples it stays as it is."""
    known = np.isfinite(examples.snr_db)
    if known.sum() < PLAN.fewest_leads:
        logger.warning(
            "only %d leads were read: too few to learn what to expect of one (%d are needed)",
            known.sum(),
            PLAN.fewest_leads,
        )
        return
    evidence = torch.from_numpy(examples.evidence[known]).float()
    snr_db = torch.from_numpy(examples.snr_db[known]).float().clamp(PLAN.worst_db, PLAN.best_db)
    network.standardize(evidence)
    optimizer = torch.optim.AdamW(network.parameters(), lr=PLAN.rate, weight_decay=PLAN.decay)
    for _ in range(PLAN.n_steps):
        loss = functional.huber_loss(network(evidence), snr_db, delta=PLAN.huber_db)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    network.eval()
