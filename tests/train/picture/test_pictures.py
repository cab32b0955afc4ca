import numpy as np
import pytest
import torch

from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.picture import PICTURE_PX, ink_of
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.nets.convnext import ConvNextConfig
from ecgpaper.synth import PRESETS
from ecgpaper.train import loop
from ecgpaper.train.picture import pictures
from ecgpaper.train.picture import store as drawing
from ecgpaper.train.picture.pictures import (
    BATCH_SIZE,
    TARGET_PRESETS,
    PictureSource,
    Stage,
    augment_picture,
    pages_for,
    picture_logits,
    train_pictures,
    two_stages,
)
from ecgpaper.train.picture.store import PictureStore

TINY = ConvNextConfig(1, len(CLASSES), widths=(16, 16), depths=(1, 1), kernel=3)


def waves(size_mv):
    time_s = np.arange(1000) / 100
    lead = size_mv * np.sin(2 * np.pi * 1.5 * time_s)
    return Ecg(np.tile(lead[:, None], (1, 12)), 100.0, STANDARD_ORDER)


LEVEL, WAVY = waves(0.02), waves(0.6)
TRUTH = np.eye(2, len(CLASSES), dtype=bool)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of pictures that tests share."""
    return tmp_path_factory.mktemp("pictures")


def source_of(folder, stages, seed=1):
    return PictureSource((LEVEL, WAVY), folder, stages, ink_of, seed, batch_size=2)


# --- the store ---


def test_picture_is_drawn_once_and_then_read(folder, monkeypatch):
    store = PictureStore((LEVEL, WAVY), ("clean",), 2, 3, folder)
    drawn = store[3]
    assert drawn.shape == (*PICTURE_PX, 3)
    # Kept well enough: colors differ by less than the grain of a photo.
    assert np.abs(drawn.astype(int) - store.draw(3)).mean() < 1.5
    monkeypatch.setattr(PictureStore, "draw", lambda *_: pytest.fail("drawn again"))
    np.testing.assert_array_equal(store[3], drawn)


def test_each_record_comes_as_often_as_pages_were_asked_for_and_in_changing_presets(monkeypatch):
    asked = []

    def remember(preset, **_):
        asked.append(preset)
        raise StopIteration

    monkeypatch.setattr(drawing, "sample_spec", remember)
    store = PictureStore((LEVEL, WAVY), ("a", "b", "c"), 3, 1, None)
    assert [store.record(index) for index in range(len(store))] == [0, 1] * 3
    for index in range(len(store)):
        with pytest.raises(StopIteration):
            store.draw(index)
    assert set(asked[::2]) == set(asked[1::2]) == {"a", "b", "c"}


def test_stores_of_other_seeds_and_presets_share_a_folder_without_mixing(folder):
    stores = [
        PictureStore((LEVEL, WAVY), (preset,), 1, seed, folder)
        for preset, seed in (("clean", 1), ("clean", 2), ("scan-color", 1))
    ]
    first, *others = (store[1] for store in stores)
    assert all(not np.array_equal(first, other) for other in others)


def test_both_ways_of_seeing_a_page_come_up(monkeypatch):
    seen = []
    for name in ("whole_picture", "printed_picture"):
        monkeypatch.setattr(drawing, name, lambda *_, name=name: seen.append(name))
    store = PictureStore((LEVEL,), ("clean",), 12, 1, None)
    for index in range(12):
        store.draw(index)
    assert set(seen) == {"whole_picture", "printed_picture"}


def test_damaged_picture_is_named(folder):
    store = PictureStore((LEVEL,), ("clean",), 1, 9, folder)
    store[0]
    file = next(store._own_folder.iterdir())
    file.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=rf"{file.name}.*remove it"):
        store[0]


# --- seeing a picture again ---


def test_seen_again_a_picture_is_a_little_moved_and_as_sharp():
    height, width = PICTURE_PX
    picture = np.zeros((1, height, width), np.float32)
    picture[0, 80:120, 130:170] = 0.9
    places = []
    for seed in range(20):
        again = augment_picture(picture, rng=np.random.default_rng(seed))
        assert again.dtype == np.float32
        assert 0 <= again.min() <= again.max() <= 1
        rows, columns = np.nonzero(again[0] > 0.4)
        places.append((rows.mean(), columns.mean()))
        assert 33 <= np.ptp(rows) <= 46
    off = np.abs(np.array(places) - (99.5, 149.5))
    assert off.max(axis=0).min() > 1
    assert (off.max(axis=0) < 0.06 * np.array(PICTURE_PX)).all()


def test_print_is_not_mirrored_and_paper_lies_around_it():
    """An early step stays left of a late one."""
    height, width = PICTURE_PX
    picture = np.zeros((1, height, width), np.float32)
    picture[0, 30:80, 30:90] = 1
    for seed in range(10):
        again = augment_picture(picture, rng=np.random.default_rng(seed))
        rows, columns = np.nonzero(again[0] > 0.5)
        assert rows.mean() < height / 2
        assert columns.mean() < width / 2
        assert again[0, -5:].max() == 0


# --- batches and stages ---


def test_batch_is_a_function_of_its_step_and_says_whose_pages_it_shows(folder):
    source = source_of(folder, [Stage(("clean",), 9, 1)])
    first, again, other = (source.make_batch(step) for step in (3, 3, 4))
    assert first.pictures.shape == (2, 1, *PICTURE_PX)
    np.testing.assert_array_equal(first.pictures, again.pictures)
    assert not np.array_equal(first.pictures, other.pictures)
    # Of two pictures a batch of two is an epoch.
    assert sorted(first.records.tolist()) == [0, 1]


def test_picture_is_prepared_once_for_all_epochs(folder):
    asked = []

    def prepare(picture):
        asked.append(picture)
        return np.full((1, *PICTURE_PX), 0.5, np.float32)

    stages = [Stage(("clean",), 9, 1)]
    source = PictureSource((LEVEL, WAVY), folder, stages, prepare, 1, batch_size=2)
    batches = [source.make_batch(step) for step in range(3)]
    assert len(asked) == 2
    # As it was, but for the paper that comes into sight and the contrast.
    assert all(0.4 < np.median(batch.pictures) < 0.6 for batch in batches)


def test_stages_follow_each_other(folder, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        PictureStore,
        "draw",
        lambda self, _: (
            drawn.append(self.presets[0]),
            np.zeros((*PICTURE_PX, 3), np.uint8),
        )[1],
    )
    stages = [Stage(("photo",), 1, 1), Stage(("screen",), 2, 1)]
    source = source_of(folder, stages)
    assert source.n_steps == 3
    for step in range(3):
        source.make_batch(step)
    assert drawn == ["photo"] * 2 + ["screen"] * 2


def test_two_stages_end_with_the_target_presets():
    first, second = two_stages(500, 100)
    assert set(first.presets) == set(PRESETS)
    assert second.presets == TARGET_PRESETS
    assert first.n_steps + second.n_steps == 500
    assert first.n_steps > second.n_steps > 0


def test_fewer_pages_are_drawn_of_more_records():
    assert pages_for(1000, 100) > pages_for(1000, 1000) >= 1
    assert pages_for(0, 10) == 1
    assert 600 * BATCH_SIZE / (100 * pages_for(600, 100)) == pytest.approx(12, rel=0.1)


def test_training_is_a_function_of_its_seed(folder):
    nets = [
        train_pictures(source_of(folder, [Stage(("clean",), 1, 1)], seed), TRUTH, config=TINY)
        for seed in (1, 1, 2)
    ]
    first, again, other = (
        torch.cat([p.flatten() for p in net.state_dict().values()]) for net in nets
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_training_goes_on_as_if_it_had_not_been_interrupted(folder, tmp_path, monkeypatch):
    """Interrupted in the second stage."""
    stages = [Stage(("clean",), 3, 1), Stage(("scan-color",), 2, 1)]
    whole = train_pictures(source_of(folder, stages), TRUTH, config=TINY)
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    make_loss, steps = pictures._make_loss, []

    def make_failing_loss(*known):
        loss_of = make_loss(*known)

        def fail_once(network, batch):
            steps.append(batch.seed - 1)
            if steps == [0, 1, 2, 3, 4]:
                raise KeyboardInterrupt
            return loss_of(network, batch)

        return fail_once

    monkeypatch.setattr(pictures, "_make_loss", make_failing_loss)
    state_file = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        train_pictures(source_of(folder, stages), TRUTH, config=TINY, state_file=state_file)
    assert state_file.exists()
    again = train_pictures(source_of(folder, stages), TRUTH, config=TINY, state_file=state_file)
    assert steps == [0, 1, 2, 3, 4, 4]
    for key, value in whole.state_dict().items():
        torch.testing.assert_close(again.state_dict()[key], value)
    assert not state_file.exists()


def test_network_learns_to_tell_waves_from_none(folder):
    stages = [Stage(("clean",), 150, 1)]
    network = train_pictures(source_of(folder, stages), TRUTH, config=TINY)
    store = PictureStore((LEVEL, WAVY), ("clean",), 1, 1, folder)
    logits = picture_logits(network, [ink_of(picture) for picture in store])
    assert logits.shape == (2, len(CLASSES))
    assert logits[0, 0] > logits[1, 0]
    assert logits[1, 1] > logits[0, 1]
