"""Kill a training at random points and start it again; say what that has cost.

Run from the repository's root: ``python benchmarks/killed.py DATA --minutes 4``. DATA is a folder
of records, as for training. The training is killed (``kill -9``) three times, while the processes
that draw are left to end by themselves, and goes on each time. Printed are, for each kill, what was
being learned and how much of the time was lost, the start of the program included; then the log,
the time that all took beyond what was stated, and how many of the processes that drew are still
alive. The model is left in ``--model``.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ecgpaper.train.state import WORK

STATE = "state.json"


def state_of(model):
    """Return what a training notes of itself; nothing before it has begun."""
    try:
        return json.loads((model / WORK / STATE).read_text())
    except FileNotFoundError:
        return {}


def start(data, model, minutes, log):
    """Start a training, or go on with it."""
    command = [sys.executable, "-m", "ecgpaper", "train", str(data), "-o", str(model)]
    return subprocess.Popen(  # noqa: S603  our own program
        [*command, "--budget", str(minutes), "-v"], stdout=log, stderr=subprocess.STDOUT
    )


def children_of(pid):
    """Return the processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid):
    """Tell whether a process runs."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def run_and_kill(run, after_s):
    """Kill a run when it has gone on for a time; return seconds that it ran, and its children."""
    begun_s = time.monotonic()
    while time.monotonic() - begun_s < after_s and run.poll() is None:
        time.sleep(0.2)
    children = children_of(run.pid) if run.poll() is None else []
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    return time.monotonic() - begun_s, children


def main(argv=None):
    """Print a line per kill, and what the whole has cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--minutes", type=float, default=4.0, help="(default: 4)")
    parser.add_argument("--kills", type=int, default=3, help="(default: 3)")
    parser.add_argument("--seed", type=int, default=1, help="of the points (default: 1)")
    parser.add_argument("--model", type=Path, help="where the model is left (default: nowhere)")
    args = parser.parse_args(argv)
    rng = random.Random(args.seed)
    points_s = sorted(rng.uniform(0.1, 0.9) * 60 * args.minutes for _ in range(args.kills))
    with tempfile.TemporaryDirectory() as folder:
        model, log_file = args.model or Path(folder) / "model", Path(folder) / "log"
        whole_s, gone_s, orphans = 0.0, 0.0, []
        with log_file.open("wb") as log:
            for point_s in points_s:
                ran_s, children = run_and_kill(
                    start(args.data, model, args.minutes, log), point_s - gone_s
                )
                state = state_of(model)
                kept_s = state.get("spent_s", 0.0)
                lost_s = gone_s + ran_s - kept_s
                doing = state.get("current", {}).get("key", "between two stages")
                sys.stdout.write(
                    f"killed {gone_s + ran_s:.0f} s on, in {doing}: {lost_s:.0f} s lost\n"
                )
                whole_s, gone_s, orphans = whole_s + ran_s, kept_s, orphans + children
            begun_s = time.monotonic()
            status = start(args.data, model, args.minutes, log).wait()
            whole_s += time.monotonic() - begun_s
        left = [pid for pid in orphans if is_alive(pid)]
        sys.stdout.write(log_file.read_text())
    sys.stdout.write(
        f"ended with status {status}; {whole_s:.0f} s in all, {60 * args.minutes:.0f} s stated; "
        f"{len(left)} of {len(orphans)} processes that drew are still alive\n"
    )
    return status


if __name__ == "__main__":
    raise SystemExit(main())
