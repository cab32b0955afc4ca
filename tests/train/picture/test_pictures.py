from dataclasses import replace

import numpy as np
import pytest
import torch

from ecgpaper.classify import N_COMPARED, N_FEATURES, inputs_from_leads
from ecgpaper.classify.branches import picture_logits
from ecgpaper.classify.inputs import N_CHANNELS, leads_from_ecg
from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.picture import N_ROWS, PICTURE_PX
from ecgpaper.classify.rhythm import N_RATE_STEPS
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.nets.classifier import SignalEnsemble
from ecgpaper.nets.resnet1d import ResNet1dConfig
from ecgpaper.train import loop
from ecgpaper.train.picture import pictures
from ecgpaper.train.picture import store as drawing
from ecgpaper.train.picture.pictures import (
    Lessons,
    PictureSource,
    begin,
    pages_for,
    teach,
    train_pictures,
    vary_picture,
)
from ecgpaper.train.picture.store import PictureStore
from ecgpaper.train.span import Span

SMALL = ResNet1dConfig(N_CHANNELS, len(CLASSES), N_FEATURES, widths=(8,), dropout=0.0)


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


@pytest.fixture
def ensemble():
    torch.manual_seed(0)
    return SignalEnsemble(SMALL, 2, 1, N_COMPARED, N_RATE_STEPS).eval()


def store_of(folder, presets=("clean",), n_pages=2, seed=1):
    return PictureStore((LEVEL, WAVY), presets, n_pages, seed, folder)


def source_of(folder, seed=1):
    return PictureSource((LEVEL, WAVY), store_of(folder), seed)


# --- the store ---


def test_picture_is_drawn_once_and_then_read(folder, monkeypatch):
    store = store_of(folder, n_pages=4, seed=3)
    drawn = store[3]
    assert drawn.shape == PICTURE_PX
    np.testing.assert_array_equal(drawn, store.draw(3))
    monkeypatch.setattr(PictureStore, "draw", lambda *_: pytest.fail("drawn again"))
    np.testing.assert_array_equal(store[3], drawn)


def test_each_record_comes_as_often_as_others_and_in_changing_presets(monkeypatch):
    asked = []

    def remember(preset, **_):
        asked.append(preset)
        raise StopIteration

    monkeypatch.setattr(drawing, "sample_spec", remember)
    store = store_of(None, ("a", "b", "c"), n_pages=6)
    records = [store.record(index) for index in range(len(store))]
    assert records == records[:2] * 3
    assert sorted(records[:2]) == [0, 1]
    for index in range(len(store)):
        with pytest.raises(StopIteration):
            store.draw(index)
    assert set(asked[::2]) == set(asked[1::2]) == {"a", "b", "c"}


def test_stores_of_other_seeds_and_presets_share_a_folder_without_mixing(folder):
    stores = [
        store_of(folder, (preset,), seed=seed)
        for preset, seed in (("clean", 1), ("clean", 2), ("scan-color", 1))
    ]
    first, *others = (store[1] for store in stores)
    assert all(not np.array_equal(first, other) for other in others)


def test_both_ways_of_seeing_a_page_come_up(monkeypatch):
    seen = []
    for name in ("whole_picture", "printed_picture"):
        monkeypatch.setattr(drawing, name, lambda *_, name=name: seen.append(name))
    store = store_of(None, n_pages=12)
    for index in range(12):
        store.draw(index)
    assert set(seen) == {"whole_picture", "printed_picture"}


def test_damaged_picture_is_named(folder):
    store = store_of(folder, seed=9)
    store[0]
    file = next(store._own_folder.iterdir())
    file.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=rf"{file.name}.*remove it"):
        store[0]


# --- seeing a picture again ---


def test_seen_again_strips_are_a_little_moved_and_none_reaches_into_another():
    picture = np.zeros(PICTURE_PX, np.uint8)
    strips = picture.reshape(12, N_ROWS, -1)
    strips[2, 20:28, 300:340] = 230
    places = []
    for seed in range(20):
        again = vary_picture(picture, rng=np.random.default_rng(seed))
        assert again.shape == (1, *PICTURE_PX)
        assert again.dtype == np.float32
        assert 0 <= again.min() <= again.max() <= 1
        moved = again.reshape(strips.shape)
        assert not np.delete(moved, 2, axis=0).any()
        rows, columns = np.nonzero(moved[2] > 0.4)
        places.append((rows.mean(), columns.mean()))
        assert 6 <= np.ptp(rows) + 1 <= 10
    off = np.abs(np.array(places) - (23.5, 319.5))
    assert (off.max(axis=0) > (0.3, 1)).all()
    assert (off.max(axis=0) < (3, 12)).all()


# --- lessons, and how the network begins ---


def test_lessons_are_half_labels_and_half_what_the_network_says(ensemble):
    truth = np.eye(2, len(CLASSES), k=1, dtype=bool)  # Acute MI, Old MI
    lessons = teach(ensemble, (LEVEL, WAVY), truth)
    assert lessons.answers.shape == lessons.is_asked.shape == (2, len(CLASSES))
    # Whether an infarct is acute is asked of both; there is one in both.
    assert (lessons.answers[:, CLASSES.index("Old MI")] > 0.49).all()
    assert (lessons.answers[:, CLASSES.index("HYP")] < 0.51).all()
    assert lessons.is_asked.all()
    other = teach(ensemble, (LEVEL, WAVY), ~truth)
    np.testing.assert_allclose((other.answers - lessons.answers)[:, 5:], 0.5 * 0.98, atol=1e-5)


def test_network_begins_as_one_of_the_signals(ensemble):
    """Where all ink is the trace's it answers as that does to the signal."""
    network = begin(ensemble, 1).eval()
    leads_mv = leads_from_ecg(WAVY)
    inputs = inputs_from_leads(leads_mv, np.zeros((1, N_FEATURES), np.float32))
    series = torch.cat([torch.from_numpy(inputs.series), torch.ones(1, 12, 1000)], dim=1)
    with torch.inference_mode():
        expected = ensemble.networks[0](*(torch.from_numpy(part) for part in inputs))
        found = network.network(series, torch.zeros(1, N_FEATURES))
        other = ensemble.networks[1](*(torch.from_numpy(part) for part in inputs))
    torch.testing.assert_close(found, expected)
    assert (found - other).abs().max() > 1e-3


def test_pages_are_drawn_as_many_as_are_worth_it():
    assert pages_for(0) == 1
    assert pages_for(600) * 6 == 600 * 8


# --- batches and training ---


def test_batch_is_a_function_of_its_step_and_says_whose_ink_it_shows(folder):
    source = source_of(folder)
    first, again, other = (source.make_batch(step) for step in (3, 3, 4))
    assert first.pictures.shape == (pictures.BATCH_SIZE, 1, *PICTURE_PX)
    np.testing.assert_array_equal(first.pictures, again.pictures)
    assert not np.array_equal(first.pictures, other.pictures)
    # Two records, each once in an epoch; waves are taller than none.
    drawn = first.records[: pictures.BATCH_SIZE - 8]
    assert (drawn.reshape(-1, 2).sum(axis=1) == 1).all()


def lessons_of(truth):
    return Lessons(truth.astype(np.float32), np.ones(truth.shape, np.float32))


@pytest.fixture
def quick(monkeypatch):
    """Batches of four, two of them pages."""
    monkeypatch.setattr(pictures, "BATCH_SIZE", 4)
    monkeypatch.setattr(pictures, "PLAN", replace(pictures.PLAN, n_of_pages=2))


def trained(ensemble, folder, n_steps, **options):
    return train_pictures(
        begin(ensemble, 1), source_of(folder), lessons_of(TRUTH), span=Span(n_steps), **options
    )


@pytest.mark.usefixtures("quick")
def test_training_goes_on_as_if_it_had_not_been_interrupted(
    folder, ensemble, tmp_path, monkeypatch
):
    whole = trained(ensemble, folder, 4)
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    make_loss, steps = pictures._make_loss, []

    def make_failing_loss(*known):
        loss_of = make_loss(*known)

        def fail_once(network, batch):
            steps.append(batch.seed - 1)
            if steps == [0, 1, 2]:
                raise KeyboardInterrupt
            return loss_of(network, batch)

        return fail_once

    monkeypatch.setattr(pictures, "_make_loss", make_failing_loss)
    state_file = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        trained(ensemble, folder, 4, state_file=state_file)
    assert state_file.exists()
    again = trained(ensemble, folder, 4, state_file=state_file)
    assert steps == [0, 1, 2, 2, 3]
    for key, value in whole.state_dict().items():
        torch.testing.assert_close(again.state_dict()[key], value)
    assert not state_file.exists()


@pytest.mark.usefixtures("quick")
@pytest.mark.slow
def test_network_learns_to_tell_waves_from_none(folder, ensemble):
    network = trained(ensemble, folder, 40)
    store = store_of(folder)
    logits = {store.record(at): picture_logits(network, [store[at]])[0] for at in range(2)}
    assert logits[0][0] > logits[1][0]
    assert logits[1][1] > logits[0][1]
