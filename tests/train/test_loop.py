import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from ecgpaper.runtime.files import prepare_output_folder
from ecgpaper.train import loop
from ecgpaper.train.loop import TrainConfig, fit
from ecgpaper.train.processes import joined, rank
from ecgpaper.train.span import Meter, Span

ROOT = Path(__file__).parents[2]
PLAN = TrainConfig(Span(12), peak_rate=0.01, n_workers=0)


class PulledPlugError(Exception):
    """Somebody interrupts the training."""


def make_network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1))


def make_batch(step):
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(step))
    return x, x.sum(dim=1, keepdim=True)


def loss_of(network, batch):
    x, y = batch
    return (network(x).float() - y).square().mean()


def exact_loss_of(network, batch):
    """Return the loss in double precision, which autocast leaves alone on all hardware."""
    x, y = batch
    return (network(x.double()) - y).square().mean()


def make_exact_network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).double()


def run(state_file=None, *, plan=PLAN, make=make_batch):
    return fit(make_network(), make, loss_of, plan, name="toy", state_file=state_file)


def interrupted_at(step):
    def make(at):
        if at == step:
            raise PulledPlugError
        return make_batch(at)

    return make


def weights(network):
    return [value.clone() for value in network.state_dict().values()]


def assert_same(network, other):
    for mine, theirs in zip(weights(network), weights(other), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


def test_loss_falls():
    trained = run(plan=replace(PLAN, span=Span(300)))
    assert loss_of(trained, make_batch(999)) < 0.2 * loss_of(make_network().eval(), make_batch(999))
    assert not trained.training


@pytest.mark.parametrize("step", [1, 7, 11])
def test_interrupted_training_ends_with_the_same_weights(tmp_path, monkeypatch, step):
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    state_file = tmp_path / "new" / "state"
    with pytest.raises(PulledPlugError):
        run(state_file, make=interrupted_at(step))
    assert state_file.exists()
    seen = []

    def make(at):
        seen.append(at)
        return make_batch(at)

    resumed = run(state_file, make=make)
    assert seen == list(range(step, 12))
    assert_same(resumed, run())
    assert not state_file.exists()


ENDLESS = """
import importlib.util, sys
from dataclasses import replace
from ecgpaper.train import loop
spec = importlib.util.spec_from_file_location("test_loop", sys.argv[1])
test_loop = importlib.util.module_from_spec(spec)
spec.loader.exec_module(test_loop)
loop.SAVE_EVERY_S = 0.0
test_loop.run(test_loop.Path(sys.argv[2]), plan=replace(test_loop.PLAN, span=test_loop.Span(10**6)))
"""


@pytest.mark.slow
def test_killed_training_goes_on_from_a_whole_state(tmp_path):
    """It keeps its state after each step, so that it mostly dies while it does."""
    folder, plan = tmp_path / "model", replace(PLAN, span=Span(10**6))
    command = [sys.executable, "-c", ENDLESS, __file__, str(folder / "state")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment) as process:
        while not (folder / "state").exists():
            assert process.poll() is None
            time.sleep(0.002)
        process.kill()
    prepare_output_folder(folder)
    assert [path.name for path in folder.iterdir()] == ["state"]
    seen = []

    def make(step):
        seen.append(step)
        raise PulledPlugError

    with pytest.raises(PulledPlugError):
        run(folder / "state", plan=plan, make=make)
    assert seen[0] > 0


@pytest.mark.parametrize("other", [{"peak_rate": 0.5}, {"task": "other records"}])
def test_state_of_another_plan_is_not_resumed(tmp_path, monkeypatch, other):
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    other_batches = replace(PLAN, **other)
    with pytest.raises(PulledPlugError):
        run(tmp_path / "state", plan=other_batches, make=interrupted_at(6))
    assert (tmp_path / "state").exists()
    seen = []

    def make(at):
        seen.append(at)
        return make_batch(at)

    run(tmp_path / "state", make=make)
    assert seen[0] == 0
    with pytest.raises(PulledPlugError):
        run(tmp_path / "state", plan=other_batches, make=interrupted_at(6))
    assert_same(run(tmp_path / "state"), run())


def test_state_of_another_network_is_not_resumed(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    state_file = tmp_path / "state"
    with pytest.raises(PulledPlugError):
        run(state_file, make=interrupted_at(6))
    torch.manual_seed(0)
    wider = nn.Sequential(nn.Linear(3, 9), nn.Tanh(), nn.Linear(9, 1))
    seen = []

    def make(at):
        seen.append(at)
        return make_batch(at)

    fit(wider, make, loss_of, PLAN, name="toy", state_file=state_file)
    assert seen == list(range(12))


@pytest.mark.parametrize("n_workers", [1, 2])
def test_number_of_workers_changes_nothing(n_workers):
    assert_same(run(plan=replace(PLAN, n_workers=n_workers)), run())


def test_quick_training_leaves_no_state(tmp_path):
    run(tmp_path / "state")
    assert list(tmp_path.iterdir()) == []


def test_rate_warms_up_to_its_peak_and_cools_down():
    plan = TrainConfig(Span(100), peak_rate=1.0)
    rates = [plan.rate(plan.span.phase(step, 0.0)) for step in range(1, 101)]
    assert rates[9] == max(rates) == pytest.approx(1.0)
    assert sorted(rates[:10]) == rates[:10]
    assert sorted(rates[10:], reverse=True) == rates[10:]
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(0.01, abs=0.002)


# --- several processes ---


def learn_together(folder):
    """Learn as one of two processes, and leave weights and losses in a folder."""
    losses = []

    def watched(network, batch):
        losses.append(exact_loss_of(network, batch))
        return losses[-1]

    with joined():
        network = make_exact_network()
        fit(network, make_batch, watched, replace(PLAN, span=Span(20)), name="toy")
        values = {"losses": torch.stack(losses).detach(), **network.state_dict()}
        save_file(values, Path(folder) / f"{rank()}.safetensors")


SECOND = "import sys; from tests.train.test_loop import learn_together; learn_together(sys.argv[1])"


@pytest.mark.slow
def test_two_processes_learn_like_one_with_batches_twice_as_large(tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    group = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    group["TORCHELASTIC_RUN_ID"] = "as torchrun sets it"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **group, "RANK": "1"}
    command = [sys.executable, "-c", SECOND, str(tmp_path)]
    with subprocess.Popen(command, env=environment, cwd=ROOT) as second:
        with monkeypatch.context() as patch:
            for name, value in (*group.items(), ("RANK", "0")):
                patch.setenv(name, value)
            learn_together(tmp_path)
        assert second.wait(timeout=600) == 0
    losses = []

    def double(step):
        parts = make_batch(2 * step), make_batch(2 * step + 1)
        return tuple(torch.cat(columns) for columns in zip(*parts, strict=True))

    def watched(network, batch):
        losses.append(exact_loss_of(network, batch))
        return losses[-1]

    alone = make_exact_network()
    fit(alone, double, watched, replace(PLAN, span=Span(20)), name="toy")
    found = [load_file(tmp_path / f"{rank}.safetensors") for rank in range(2)]
    together = (found[0].pop("losses") + found[1].pop("losses")) / 2
    torch.testing.assert_close(together, torch.stack(losses).detach(), rtol=1e-7, atol=1e-9)
    assert together[-1] < 0.9 * together[0]
    for key, value in alone.state_dict().items():
        torch.testing.assert_close(found[0][key], value, rtol=1e-7, atol=1e-9)
        torch.testing.assert_close(found[0][key], found[1][key], rtol=0, atol=0)


# --- the clock ---


class Clock:
    """Time that passes when a batch is made, and a little when anybody looks."""

    def __init__(self):
        self.now_s = 0.0

    def monotonic(self):
        self.now_s += 1e-4
        return self.now_s


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(loop.time, "monotonic", clock.monotonic)
    return clock


def slow_batches(clock, seconds):
    def make(step):
        clock.now_s += seconds(step)
        return make_batch(step)

    return make


def test_training_ends_with_its_time_however_slow_the_steps_become(clock):
    rates = []

    class Watched(TrainConfig):
        def rate(self, phase):
            rates.append(super().rate(phase))
            return rates[-1]

    meter = Meter()
    plan = Watched(Span(seconds=10.0, meter=meter), peak_rate=0.01, n_workers=0)
    run(plan=plan, make=slow_batches(clock, lambda step: 0.1 if step < 50 else 1.0))
    assert 54 <= meter.n_steps <= 56
    assert meter.seconds == pytest.approx(10.0, abs=1.1)
    assert meter.waiting_share > 0.9
    # The rate follows the time, not the steps, and is down at the end.
    assert rates.index(max(rates)) == pytest.approx(10, abs=1)
    assert rates[-1] < 0.05 * max(rates)


def test_interrupted_training_has_the_time_that_was_left(tmp_path, monkeypatch, clock):
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    plan = replace(PLAN, span=Span(seconds=10.0))
    interrupted = slow_batches(clock, lambda step: 1.0 if step < 6 else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(tmp_path / "state", plan=plan, make=interrupted)
    again = replace(plan, span=Span(seconds=10.0))
    run(tmp_path / "state", plan=again, make=slow_batches(clock, lambda _: 1.0))
    assert again.span.meter.n_steps == 10
    assert again.span.meter.seconds == pytest.approx(10.0, abs=0.1)


def test_pages_are_drawn_until_the_time_is_over_and_they_are_enough(clock):
    def drawn(span, least=0):
        for _ in span.pages(lambda: span.meter.n_steps >= least):
            clock.now_s += 3.0
        return span.meter.n_steps

    assert drawn(Span(5)) == 5
    assert drawn(Span(100, seconds=10.0)) == 4
    assert drawn(Span(100, seconds=1.0), least=2) == 2
    assert drawn(Span(100, seconds=10.0, meter=Meter(seconds=5.0))) == 2


CHILD = """
import os, time
from ecgpaper.train.ahead import ahead
def make(step):
    print(os.getpid(), flush=True)
    return bytes(10**7)  # more than a pipe holds
for _ in ahead(make, range(10**6), 2):
    time.sleep(10**6)
"""


@pytest.mark.slow
def test_processes_that_make_batches_end_with_a_parent_that_is_killed():
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CHILD]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE) as process:
        workers = set()
        while len(workers) < 2:
            workers.add(int(process.stdout.readline()))
        time.sleep(0.5)  # until their queues are full
        process.kill()
    until_s = time.monotonic() + 20
    while living := [worker for worker in workers if Path(f"/proc/{worker}").exists()]:
        assert time.monotonic() < until_s, living
        time.sleep(0.1)


def test_answer_is_the_averaged_network_not_the_last(monkeypatch):
    last = {}

    def keep(average, network, decay):
        update(average, network, decay)
        last.update({key: value.clone() for key, value in network.state_dict().items()})

    update = loop._update_average
    monkeypatch.setattr(loop, "_update_average", keep)
    averaged = run().state_dict()
    assert not torch.equal(averaged["0.weight"], last["0.weight"])
