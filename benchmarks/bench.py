"""Measure time and memory of everything, against plain references and against the last results.

Run from the repository's root: ``python -m benchmarks.bench`` or ``make bench``, on a machine that
does nothing else. One core; times are of the processor. What is measured:

- pages per second of the generator, against the same page drawn with matplotlib;
- the digitizer, stage by stage and whole, against a plain one that is told where everything is and
  takes the mean row of the dark pixels of each column; and by how many dB it reads better;
- the evaluator's alignment, against its direct form;
- measurements and labels of a record; memory at its peak after each part.

Printed, and written with commit, machine and versions to ``--out``, docs/results/bench.json by
default. Ratios are taken within one run, so they compare between machines; what is worse by more
than a fifth than the results that were there is said in red, times and memory only where these are
of the same machine; the status is then 1, and the old results stay unless ``--accept`` is given.
"""

import argparse
import json
import os
import platform
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

# Before numpy: its libraries read this once.
os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import numpy as np
import torch

from benchmarks.plain_pages import draw_plainly, read_plainly
from ecgpaper import score
from ecgpaper.app.leaderboard.origin import commit_of
from ecgpaper.classify import Classifier
from ecgpaper.digitize import Digitizer, digitizer, first_phase, page_image, reading
from ecgpaper.digitize.curves.looks import RowReader
from ecgpaper.digitize.rows import find
from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.measure import measure
from ecgpaper.page import LAYOUTS
from ecgpaper.runtime.files import write_whole
from ecgpaper.simulate import simulate_record
from ecgpaper.synth import sample_spec, synthesize
from ecgpaper.synth.capture.sensor import jpeg_bytes
from tests.plain_alignment import make_lead, plain_find_shift

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results" / "bench.json"
PRESETS = ("clean", "scan-color", "photo", "photo-deteriorated")
# Functions in the order in which a page passes them, and the modules that call them, or classes.
STAGES = {
    "see_page": page_image,
    "find_scale": reading,
    "rows_of": find,
    "look": RowReader,
    "look_again": RowReader,
    "column_places": first_phase,
    "settle_columns": digitizer,
    "refine_traces": digitizer,
    "read_said": digitizer,
    "interpreted": digitizer,
}
FS = 500  # Hz
# Worse by this share is said.
MOST_WORSE = 0.2
RED, PLAIN = "\033[31m", "\033[0m"


@dataclass(frozen=True)
class Measured:
    """A figure: `kind` is "ratio" (more is better, compares anywhere), "s", "MB" or "dB"."""

    value: float
    kind: str

    def worsening(self, before):
        """Return the share by which it is worse than before; of decibels, 20 are the whole."""
        if self.kind == "dB":
            return (before - self.value) / 20
        return before / self.value - 1 if self.kind == "ratio" else self.value / before - 1


def processor_s(function, *args):
    """Return a function's result and the seconds of processor time that it took."""
    start = time.process_time()
    result = function(*args)
    return result, time.process_time() - start


def peak_mb():
    """Return the most memory that this process has held."""
    return Measured(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB")


def page_of(preset, seed):
    """Return a page of a simulated record."""
    rng = np.random.default_rng([5, seed])
    return synthesize(simulate_record(rng=rng).ecg, sample_spec(preset, rng=rng))


def measure_generator(n_pages):
    """Time the generator, one encoding included, and the plain way to draw a page."""
    found = {}
    for preset in PRESETS:
        times_s = []
        for seed in range(n_pages):
            rng = np.random.default_rng([5, seed])
            ecg, spec = simulate_record(rng=rng).ecg, sample_spec(preset, rng=rng)
            page, drawn_s = processor_s(synthesize, ecg, spec)
            encoded_s = processor_s(jpeg_bytes, page.image, 90)[1]
            times_s.append(drawn_s + encoded_s)
        found[f"generator, {preset}"] = Measured(float(np.median(times_s)), "s")
    ecg = simulate_record(rng=np.random.default_rng(5)).ecg
    draw_plainly(ecg)  # imports, and finds its fonts
    plain_s = np.median([processor_s(draw_plainly, ecg)[1] for _ in range(3)])
    found["generator, clean, against matplotlib"] = Measured(
        float(plain_s / found["generator, clean"].value), "ratio"
    )
    return found | {"generator, memory with all imports": peak_mb()}


def measure_evaluator(n_leads):
    """Time the alignment against its direct form, which must find the same."""
    times_s = []
    for seed in range(n_leads):
        rng = np.random.default_rng(seed)
        ref_mv = make_lead(rng, 10 * FS, FS, 0.01)
        est_mv = np.roll(ref_mv, 20) + 0.02 * rng.normal(size=len(ref_mv))
        plain, plain_s = processor_s(plain_find_shift, ref_mv, est_mv)
        ours, ours_s = processor_s(score.find_shift, ref_mv, est_mv)
        if ours != plain:
            raise SystemExit(f"seed {seed}: found {ours} instead of {plain}")
        times_s.append((plain_s, ours_s))
    plain_s, ours_s = np.mean(times_s, axis=0)
    return {
        "evaluator, a lead": Measured(float(ours_s), "s"),
        "evaluator, against its direct form": Measured(float(plain_s / ours_s), "ratio"),
    }


def mean_snr_db(truth, signal_mv):
    """Return the mean SNR of the leads by the Challenge's scorer."""
    padded = np.full_like(truth.signal_mv, np.nan)
    padded[: len(signal_mv)] = signal_mv[: len(padded)]
    return score.mean_of_finite(
        [
            score.snr(ref, score.align_within_limits(ref, est, truth.fs))[0]
            for ref, est in zip(truth.signal_mv.T, padded.T, strict=True)
        ]
    )


class Stages:
    """Clocks around the stages of the digitizer, as long as the block lasts."""

    def __init__(self):
        missing = [name for name, module in STAGES.items() if not hasattr(module, name)]
        if missing:
            raise SystemExit(f"stages must be functions that the digitizer calls; not so {missing}")
        self.seconds = dict.fromkeys(STAGES, 0.0)

    def __enter__(self):
        self._functions = {name: getattr(module, name) for name, module in STAGES.items()}
        for name, function in self._functions.items():
            setattr(STAGES[name], name, self._clocked(name, function))
        return self

    def __exit__(self, *_):
        for name, function in self._functions.items():
            setattr(STAGES[name], name, function)

    def _clocked(self, name, function):
        def clocked(*args, **options):
            start = time.process_time()
            try:
                return function(*args, **options)
            finally:
                self.seconds[name] += time.process_time() - start

        return clocked


def measure_digitizer(model, n_pages):
    """Time the digitizer whole and by stages, and against a plain one on clean pages."""
    reader, found = Digitizer.load(model), {}
    reader.digitize(page_of("clean", 0).image)
    for preset in PRESETS[::2]:
        pages, times_s = [page_of(preset, seed) for seed in range(n_pages)], []
        with Stages() as stages:
            answers = []
            for page in pages:
                answer, page_s = processor_s(reader.digitize, page.image)
                answers.append(answer)
                times_s.append(page_s)
        found[f"digitizer, {preset}"] = Measured(float(np.median(times_s)), "s")
        for name, seconds in stages.seconds.items():
            found[f"digitizer, {preset}, {name}"] = Measured(seconds / n_pages, "s")
        if preset == "clean":
            found |= _against_plain(pages, answers, times_s)
    return found | {"digitizer, memory with all imports": peak_mb()}


def _against_plain(pages, answers, times_s):
    plain_s, gains_db = [], []
    for page, answer in zip(pages, answers, strict=True):
        truth = page.truth.ecg
        plain_mv, seconds = processor_s(read_plainly, page)
        plain_s.append(seconds)
        ours_mv = answer.ecg.select(truth.lead_names).signal_mv
        gains_db.append(mean_snr_db(truth, ours_mv) - mean_snr_db(truth, plain_mv))
    return {
        "digitizer, clean, above column means": Measured(float(np.mean(gains_db)), "dB"),
        "digitizer, clean, column means take of its time": Measured(
            float(np.median(plain_s) / np.median(times_s)), "ratio"
        ),
    }


def measure_answers(model, n_records):
    """Time measurements and labels of what a page shows of a record."""
    classifier, times_s = Classifier.load(model), []
    for seed in range(n_records + 1):
        ecg = simulate_record(rng=np.random.default_rng([6, seed])).ecg.select(STANDARD_ORDER)
        ecg = LAYOUTS["3x4+1R"].mask_unplotted(ecg)
        times_s.append([processor_s(measure, ecg)[1], processor_s(classifier.diagnose, ecg)[1]])
    measured_s, labeled_s = np.median(times_s[1:], axis=0)
    return {
        "measurements": Measured(float(measured_s), "s"),
        "labels": Measured(float(labeled_s), "s"),
    }


def machine():
    """Return what the machine is."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(pages / 2**30),
        "system": platform.system(),
    }


def versions():
    """Return the versions that times depend on."""
    found = {module.__name__: module.__version__ for module in (np, torch, cv2)}
    return {"python": platform.python_version(), **found}


def worse(figures, before):
    """Return (name, before, now) of what is worse by more than `MOST_WORSE` than it was."""
    is_same = before["machine"] == machine()
    found = []
    for name, figure in figures.items():
        then = before["figures"].get(name)
        if then is None or (figure.kind in ("s", "MB") and not is_same):
            continue
        if figure.worsening(then["value"]) > MOST_WORSE:
            found.append((name, then["value"], figure.value))
    return found


def as_json(figures):
    """Return figures with where they were measured."""
    told = {name: {"value": round(f.value, 4), "kind": f.kind} for name, f in figures.items()}
    return {
        "commit": commit_of(ROOT),
        "machine": machine(),
        "versions": versions(),
        "figures": told,
    }


def table(told):
    """Return results as Markdown."""
    where = told["machine"]
    lines = [
        f"Commit {told['commit']}, {where['processor']}, one of {where['cores']} cores.\n",
        "| what | value |",
        "|---|---|",
    ]
    texts = {"ratio": "{:.3g} times", "s": "{:.3f} s", "MB": "{:.0f} MB", "dB": "{:.1f} dB"}
    for name, figure in told["figures"].items():
        lines.append(f"| {name} | {texts[figure['kind']].format(figure['value'])} |")
    return "\n".join(lines) + "\n"


def compare(figures, file):
    """Say what is worse than the results in a file; return whether anything is."""
    if not file.exists():
        return False
    found = worse(figures, json.loads(file.read_text()))
    is_terminal = sys.stdout.isatty()
    for name, then, now in found:
        text = f"worse: {name} was {then:.4g}, is {now:.4g}"
        sys.stdout.write((RED + text + PLAIN if is_terminal else text) + "\n")
    return bool(found)


def main(argv=None):
    """Measure, print, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "model")
    parser.add_argument("--pages", type=int, default=5, help="of each kind (default: 5)")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--accept", action="store_true", help="write results that are worse, too")
    args = parser.parse_args(argv)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    figures = measure_generator(args.pages) | measure_evaluator(args.pages)
    figures |= measure_answers(args.model, args.pages) | measure_digitizer(args.model, args.pages)
    told = as_json(figures)
    sys.stdout.write(table(told))
    is_worse = compare(figures, args.out)
    if args.accept or not is_worse:
        write_whole(args.out, (json.dumps(told, indent=1) + "\n").encode())
    return int(is_worse)


if __name__ == "__main__":
    sys.exit(main())
