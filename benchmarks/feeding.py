"""Measure what learning costs: drawing pages, showing them again, a step of each network.

Run from the repository's root: ``python benchmarks/feeding.py --pages 6``. Processor time of one
core, so that a busy machine can be measured, too. From it follows how many steps a second the
processes that draw can feed, with new pages only and with pages seen again.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from ecgpaper.simulate import simulate_record
from ecgpaper.train.digitizer.feed import Feed, SegmentFeed, StripFeed, usual_feed
from ecgpaper.train.digitizer.segmenter import SEGMENTER_LEARNER
from ecgpaper.train.digitizer.source import PageSource
from ecgpaper.train.digitizer.tracer import TRACER_LEARNER

NETWORKS = ((SEGMENTER_LEARNER, SegmentFeed), (TRACER_LEARNER, StripFeed))


def cpu_s(function, n_times):
    """Return the processor time that a call takes, on average."""
    begun_s = time.process_time()
    for index in range(n_times):
        function(index)
    return (time.process_time() - begun_s) / n_times


def measure(learner, feed_class, ecgs, n_pages, folder):
    """Return processor seconds: a batch of new pages, one of pages seen again, a step."""
    usual = usual_feed(learner.name)
    source = PageSource(ecgs, seed=1)
    new = feed_class(source, Feed(1, usual.n_crops), folder)
    page_s = cpu_s(new.batch, n_pages)
    # Nothing is new but the page of the first batch of each kind of strips.
    again = feed_class(source, Feed(usual.n_pages, usual.n_crops, fresh=0.0), folder)
    for step in range(5):
        batch = again.batch(step)
    again_s = cpu_s(lambda step: again.batch(5 + step), n_pages)
    network = learner.untrained(learner.config).train()
    optimizer = torch.optim.AdamW(network.parameters())

    def step(_):
        optimizer.zero_grad()
        torch.autograd.backward(learner.loss(network, batch))
        optimizer.step()

    step(0)
    return page_s, usual.n_pages, again_s, cpu_s(step, n_pages)


def main(argv=None):
    """Print a row per network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=6, help="to draw (default: 6)")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    ecgs = [simulate_record(rng=np.random.default_rng(index)).ecg for index in range(3)]
    for learner, feed_class in NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            page_s, n_pages, again_s, step_s = measure(
                learner, feed_class, ecgs, args.pages, Path(folder)
            )
        fresh = min(1.0, 0.85 * step_s / (n_pages * page_s))
        sys.stdout.write(
            f"{learner.name}: a new page {page_s:.2f} s, a batch of {n_pages} pages seen again "
            f"{again_s:.2f} s, a step {step_s:.2f} s of one core; beside one drawing core "
            f"{100 * fresh:.0f} % of the pages can be new\n"
        )


if __name__ == "__main__":
    main()
