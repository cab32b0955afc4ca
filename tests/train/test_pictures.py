import numpy as np
import torch

from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.picture import PICTURE_PX, ink_of
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.nets.convnext import ConvNextConfig
from ecgpaper.train import pictures
from ecgpaper.train.pictures import PictureSource, Stage, picture_logits, train_pictures

TINY = ConvNextConfig(1, len(CLASSES), widths=(16, 16), depths=(1, 1), kernel=3)


def waves(size_mv):
    time_s = np.arange(1000) / 100
    lead = size_mv * np.sin(2 * np.pi * 1.5 * time_s)
    return Ecg(np.tile(lead[:, None], (1, 12)), 100.0, STANDARD_ORDER)


LEVEL, WAVY = waves(0.02), waves(0.6)


def test_batch_is_a_function_of_its_step_and_says_whose_pages_it_shows():
    source = PictureSource((LEVEL, WAVY), ("clean",), ink_of, seed=1, batch_size=4)
    first, again, other = (source.make_batch(step) for step in (3, 3, 4))
    assert first.pictures.shape == (4, 1, *PICTURE_PX)
    np.testing.assert_array_equal(first.pictures, again.pictures)
    assert not np.array_equal(first.pictures, other.pictures)
    assert set(first.records.tolist()) <= {0, 1}


def test_both_ways_of_seeing_a_page_come_up(monkeypatch):
    seen = []
    for name in ("whole_picture", "printed_picture"):
        monkeypatch.setattr(
            pictures,
            name,
            lambda *_, name=name: (seen.append(name), np.zeros((*PICTURE_PX, 3), np.uint8))[1],
        )
    source = PictureSource((LEVEL,), ("clean",), ink_of, seed=1, batch_size=1)
    rng = np.random.default_rng(0)
    for _ in range(12):
        source.draw(0, rng)
    assert set(seen) == {"whole_picture", "printed_picture"}


def test_stages_follow_each_other_on_one_network(monkeypatch):
    fitted = []

    def remember(network, make_batch, loss_of, plan, **_):
        source = make_batch.__self__
        batch = source.make_batch(0)
        assert loss_of(network, batch).isfinite()
        fitted.append((network, source.presets, len(batch.records), plan.n_steps, plan.peak_rate))

    monkeypatch.setattr(pictures, "fit", remember)
    truth = np.eye(2, len(CLASSES), dtype=bool)
    stages = [Stage(("clean",), 24, 1e-2, 2), Stage(("scan-color",), 6, 3e-3, 1)]
    network = train_pictures((LEVEL, WAVY), truth, ink_of, stages=stages, config=TINY)
    assert [row[1:] for row in fitted] == [
        (("clean",), 2, 24, 1e-2),
        (("scan-color",), 1, 6, 3e-3),
    ]
    assert all(row[0] is network for row in fitted)
    logits = picture_logits(network.eval(), [np.zeros((1, *PICTURE_PX), np.float32)] * 3)
    assert logits.shape == (3, len(CLASSES))


def test_training_is_a_function_of_its_seed():
    truth = np.eye(2, len(CLASSES), dtype=bool)
    stages = [Stage(("clean",), 1, batch_size=2)]
    nets = [
        train_pictures((LEVEL, WAVY), truth, ink_of, stages=stages, config=TINY, seed=seed)
        for seed in (1, 1, 2)
    ]
    first, again, other = (
        torch.cat([p.flatten() for p in net.state_dict().values()]) for net in nets
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
