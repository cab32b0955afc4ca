import json
import logging
from dataclasses import replace
from functools import partial
from itertools import cycle

import numpy as np
import pytest
import torch

from ecgpaper.classify import N_FEATURES, Classifier
from ecgpaper.classify.labels import CLASSES
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import CheckpointError
from ecgpaper.nets.resnet1d import ResNet1d, ResNet1dConfig
from ecgpaper.page import LAYOUTS
from ecgpaper.simulate import simulate_ecg, simulate_record
from ecgpaper.train import loop
from ecgpaper.train.classifier import signals as classifier_training
from ecgpaper.train.classifier.cohort import BatchSource, read_cohort
from ecgpaper.train.classifier.facts import RecordFacts
from ecgpaper.train.classifier.folds import split_records
from ecgpaper.train.classifier.loss import WithStatements, make_loss
from ecgpaper.train.classifier.signals import (
    ClassifierConfig,
    forget_members,
    save_classifier,
    train_classifier,
)

TINY = ClassifierConfig(
    ResNet1dConfig(*(24, len(CLASSES), N_FEATURES), widths=(16, 16), kernel=5),
    n_members=2,
    batch_size=16,
    steps_per_root=0.1,
    min_steps=3,
)
CPU = torch.device("cpu")
BLANK = Ecg(np.zeros((1000, 12)), 100.0, STANDARD_ORDER)
# A rhythm can be told from a page that shows all of the record's time in some lead.
TEN_SECONDS = [
    layout
    for layout in LAYOUTS.values()
    if layout.displayed(BLANK).any(axis=0).all() and layout.displayed(BLANK).any(axis=1).all()
]


def simulate(n_records):
    records = [simulate_record(rng=np.random.default_rng([9, i])) for i in range(n_records)]
    return [record.ecg for record in records], [RecordFacts(record.labels) for record in records]


@pytest.fixture(scope="module")
def five():
    return simulate(5)


@pytest.fixture(scope="module")
def trained(five):
    return train_classifier(*five, config=TINY, seed=4)


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    save_classifier(folder, *trained)
    return folder


def weights(network):
    return torch.cat([value.flatten().double() for value in network.state_dict().values()])


def test_five_records_give_a_classifier_that_answers_each(saved, five):
    classifier = Classifier.load(saved)
    for ecg, layout in zip(cycle(five[0]), LAYOUTS.values(), strict=False):
        diagnosis = classifier.diagnose(layout.mask_unplotted(ecg))
        assert diagnosis.labels
        assert ((diagnosis.probabilities >= 0) & (diagnosis.probabilities <= 1)).all()


@pytest.mark.parametrize(
    "ecg",
    [
        Ecg(np.zeros((5000, 12)), 500.0, STANDARD_ORDER),
        Ecg(np.full((5000, 12), np.nan), 500.0, STANDARD_ORDER),
        Ecg(np.ones((1, 1)), 250.0, ("V3",)),
        Ecg(np.zeros((0, 0)), 100.0, ()),
        Ecg(np.random.default_rng(0).normal(0, 50, (30_000, 2)), 1000.0, ("RESP", "II")),
    ],
)
def test_any_ecg_gets_an_answer(saved, ecg):
    assert Classifier.load(saved).diagnose(ecg, age_years=80, sex="Male").labels


def test_saved_and_loaded_classifier_answer_alike(five, trained, saved):
    before = Classifier.of(*trained).diagnose(five[0][0])
    after = Classifier.load(saved).diagnose(five[0][0])
    np.testing.assert_allclose(after.probabilities, before.probabilities, atol=2e-3)
    np.testing.assert_array_equal(after.thresholds, before.thresholds)


def test_same_seed_same_network(five):
    first, again, other = (
        weights(train_classifier(*five, config=TINY, seed=seed)[0]) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_interrupted_training_goes_on_to_the_same_network(five, tmp_path, monkeypatch):
    whole, _ = train_classifier(*five, config=TINY, seed=1)
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    steps = iter(range(2))

    def stop(*_):
        if next(steps, None) is None:
            raise KeyboardInterrupt
        return update(*_)

    update = loop._update_average
    monkeypatch.setattr(loop, "_update_average", stop)
    with pytest.raises(KeyboardInterrupt):
        train_classifier(*five, config=TINY, seed=1, state_file=tmp_path / "state")
    monkeypatch.setattr(loop, "_update_average", update)
    assert (tmp_path / "state").exists()
    resumed, _ = train_classifier(*five, config=TINY, seed=1, state_file=tmp_path / "state")
    assert torch.equal(weights(resumed), weights(whole))


def test_records_without_a_known_label_are_skipped(five):
    ecgs, facts = five
    others = [RecordFacts(()), RecordFacts(("other",))]
    with_others, info = train_classifier(
        iter([*ecgs, ecgs[0], ecgs[1]]), [*facts, *others], config=TINY
    )
    assert info.training["n_records"] == 5
    assert torch.equal(weights(with_others), weights(train_classifier(*five, config=TINY)[0]))


def test_no_label_at_all_is_refused(five):
    with pytest.raises(ValueError, match="none of 5"):
        train_classifier(five[0], [RecordFacts(())] * 5, config=TINY)


def test_classes_with_few_examples_are_named(five, caplog):
    with caplog.at_level(logging.WARNING):
        _, info = train_classifier(*five, config=TINY)
    assert set(info.training["too_few_examples"]) == set(CLASSES)
    assert "Acute MI" in caplog.text
    assert info.training["examples"]["NORM"] == sum("NORM" in known.labels for known in five[1])


@pytest.mark.slow
def test_rhythms_are_learnt_and_an_absent_class_is_not_answered():
    ecgs = [
        simulate_ecg((label,), rng=np.random.default_rng([i, 3]))
        for i in range(40)
        for label in ("TACHY", "BRADY")
    ]
    facts = [RecordFacts(("TACHY",)), RecordFacts(("BRADY",))] * 40
    # Deep enough to see from one beat to the next.
    shape = replace(TINY.network, widths=(16, 16, 16, 16))
    config = replace(TINY, network=shape, n_members=1, min_steps=100, peak_rate=1e-2)
    network, info = train_classifier(ecgs, facts, config=config)
    classifier = Classifier.of(network, info)
    for label in ("TACHY", "BRADY"):
        ecg = simulate_ecg((label,), rng=np.random.default_rng(77))
        for layout in TEN_SECONDS:
            diagnosis = classifier.diagnose(layout.mask_unplotted(ecg))
            assert label in diagnosis.labels
            assert CLASSES[int(np.argmax(diagnosis.probabilities))] == label
            assert diagnosis.probabilities[CLASSES.index("NORM")] < 0.3


def test_statements_teach_and_are_gone_afterwards(five):
    ecgs, facts = five
    stated = [replace(known, statements=("SR", f"S{i % 2}")) for i, known in enumerate(facts)]
    plain, _ = train_classifier(ecgs * 10, facts * 10, config=TINY)
    taught, info = train_classifier(ecgs * 10, stated * 10, config=TINY)
    assert info.training["n_statements"] == 3
    assert taught.state_dict().keys() == plain.state_dict().keys()
    assert not torch.equal(weights(taught), weights(plain))


def losses_of(cohort, *changes):
    """Loss on a batch of all records, and on the same with other targets."""
    learner = WithStatements(ResNet1d(TINY.network).eval(), cohort.statements.shape[1])
    loss_of = make_loss(
        np.ones(11, np.float32), np.ones(cohort.statements.shape[1], np.float32), CPU
    )
    rows = np.arange(len(cohort))
    batch = BatchSource(cohort, rows, len(rows), 0).make_batch(0)
    batches = [batch, *(batch._replace(targets=change(batch.targets)) for change in changes)]
    return [loss_of(learner, part).item() for part in batches]


def flipped(values, where):
    return np.where(where, 1 - values, values).astype(np.float32)


def test_records_without_statements_teach_their_labels_only(five):
    """What the head learns from them is nothing, not that no statement applies."""
    ecgs, facts = five
    stated = [replace(known, statements=("SR",)) for known in facts]
    cohort = read_cohort(ecgs * 8, stated * 4 + facts * 4)
    assert cohort.is_stated.tolist() == [True] * 20 + [False] * 20
    before, untaught, taught = losses_of(
        cohort,
        lambda t: t._replace(statements=flipped(t.statements, t.is_stated == 0)),
        lambda t: t._replace(statements=flipped(t.statements, t.is_stated == 1)),
    )
    assert before == untaught != taught


def test_whether_an_infarct_is_acute_is_learnt_from_infarcts_alone(five):
    labels = [("Acute MI",), ("Old MI",), ("NORM",), ("HYP",), ("Old MI", "CD")]
    cohort = read_cohort(five[0], [RecordFacts(names) for names in labels])
    is_acute = np.arange(len(CLASSES)) == CLASSES.index("Acute MI")
    before, of_others, of_infarcts = losses_of(
        cohort,
        lambda t: t._replace(answers=flipped(t.answers, (t.is_asked == 0) & is_acute)),
        lambda t: t._replace(answers=flipped(t.answers, (t.is_asked == 1) & is_acute)),
    )
    assert before == of_others != of_infarcts


def test_mixed_items_teach_what_both_are(five):
    """A tenth of the mixture counts a tenth."""
    cohort = read_cohort(*five)
    batch = BatchSource(cohort, np.arange(5), 64, 0).make_batch(0)
    assert ((batch.share >= 0) & (batch.share <= 0.5)).all()
    loss_of = make_loss(np.ones(11, np.float32), np.zeros(0, np.float32), CPU)
    learner = WithStatements(ResNet1d(TINY.network).eval(), 0)
    pure, mixed = (batch._replace(share=np.full_like(batch.share, share)) for share in (0, 0.1))
    swapped = pure._replace(targets=batch.others)
    losses = [loss_of(learner, part).item() for part in (pure, mixed, swapped)]
    assert losses[1] == pytest.approx(0.9 * losses[0] + 0.1 * losses[2], rel=1e-5)


def test_a_patient_is_left_out_by_one_network_or_learnt_from_by_all():
    patients = [f"p{index // 3}" for index in range(300)]
    folds = split_records(patients, 3)
    assert all(len(set(folds[3 * i : 3 * i + 3])) == 1 for i in range(100))
    counts = np.bincount(folds + 1)
    assert len(counts) == 4
    assert counts[0] > 150
    assert (counts[1:] >= 30).all()
    assert (split_records(patients[:50], 3) == -1).all()


def test_networks_that_have_learnt_are_not_trained_again(five, tmp_path, monkeypatch):
    state = tmp_path / "state"
    first, _ = train_classifier(*five, config=TINY, state_file=state)
    monkeypatch.setattr(classifier_training, "fit", None)
    again, _ = train_classifier(*five, config=TINY, state_file=state)
    assert torch.equal(weights(first), weights(again))
    with pytest.raises(TypeError):
        train_classifier(*five, config=TINY, seed=1, state_file=state)
    forget_members(state, TINY.n_members)
    assert not list(tmp_path.iterdir())


def test_networks_go_on_from_those_of_another_folder(five, saved):
    """Without a step they answer what these answered."""
    still = replace(TINY, steps=0, start=saved)
    network, info = train_classifier(*five, config=still, seed=7)
    before = Classifier.load(saved).network
    ecg = five[0][0]
    one, other = (Classifier.of(net, info).diagnose(ecg).probabilities for net in (network, before))
    np.testing.assert_allclose(one, other, atol=2e-3)
    assert not any(info.training["n_steps"])


def test_records_that_a_network_leaves_out_do_not_teach_it(five):
    cohort = read_cohort(*five)
    rows = np.array([0, 2, 3])
    train = partial(classifier_training.train_member, index=0, config=TINY, seed=0, state_file=None)
    before = train(cohort, rows).state_dict()
    leads_mv = cohort.leads_mv.copy()
    leads_mv[[1, 4]] = 0
    after = train(replace(cohort, leads_mv=leads_mv), rows).state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_record_that_shows_nothing_gets_what_is_known_of_all(saved):
    classifier = Classifier.load(saved)
    nothing = Ecg(np.full((5000, 12), np.nan), 500.0, STANDARD_ORDER)
    found = classifier.diagnose(nothing)
    np.testing.assert_array_equal(found.probabilities, classifier.prior)
    assert found.labels
    flat = classifier.diagnose(Ecg(np.zeros((5000, 12)), 500.0, STANDARD_ORDER))
    assert not np.array_equal(flat.probabilities, classifier.prior)


@pytest.fixture(scope="module")
def of_persons():
    """One heart, and what was learned where only the person tells records apart."""
    ecg = simulate_ecg(("NORM",), rng=np.random.default_rng(0))
    facts = [RecordFacts(("NORM",), age_years=30, sex="Female")] * 30
    facts += [RecordFacts(("HYP",), age_years=80, sex="Male")] * 30
    config = replace(TINY, min_steps=60, peak_rate=1e-2)
    return ecg, train_classifier([ecg] * 60, facts, config=config)


@pytest.mark.slow
def test_age_and_sex_can_be_learnt_and_may_be_missing(of_persons):
    ecg, trained = of_persons
    classifier = Classifier.of(*trained)
    young = classifier.diagnose(ecg, age_years=30, sex="Female").probabilities
    old = classifier.diagnose(ecg, age_years=80, sex="Male").probabilities
    nobody = classifier.diagnose(ecg).probabilities
    hypertrophy = CLASSES.index("HYP")
    assert young[hypertrophy] < 0.3
    assert old[hypertrophy] > 0.7
    assert young[hypertrophy] < nobody[hypertrophy] < old[hypertrophy]


@pytest.mark.slow
def test_persons_that_few_records_tell_are_not_learnt_from(caplog):
    """That an age is known at all would tell these records apart."""
    ecg = simulate_ecg(("NORM",), rng=np.random.default_rng(0))
    facts = [RecordFacts(("AFIB/AFL",), age_years=80, sex="Male")] * 10
    facts += [RecordFacts(("NORM",))] * 50
    with caplog.at_level(logging.INFO, logger="ecgpaper"):
        network, info = train_classifier([ecg] * 60, facts, config=TINY)
    assert "only 17 % of the records tell age or sex" in caplog.text
    classifier = Classifier.of(network, info)
    np.testing.assert_array_equal(
        classifier.diagnose(ecg, age_years=80, sex="Male").probabilities,
        classifier.diagnose(ecg).probabilities,
    )


@pytest.mark.slow
def test_thresholds_are_chosen_for_records_of_unknown_persons(of_persons):
    """As in a test: what an age would say must not be counted on."""
    _, (_, info) = of_persons
    scores = info.metrics["left-out records, 12x1"]
    assert isinstance(scores, dict)
    assert abs(scores["macro_auroc"] - 0.5) < 0.15


@pytest.mark.parametrize(
    "change",
    [
        {"extra": {"classes": ["NORM"], "thresholds": [0.3]}},
        {"extra": {"classes": list(CLASSES)}},
        {"extra": {"classes": list(CLASSES), "thresholds": [0.3] * 11}},
        {"extra": {"classes": list(CLASSES), "thresholds": [0.3] * 11, "prior": [0.1]}},
        {"extra": {"classes": list(CLASSES), "thresholds": [0.0] * 11, "prior": [0.1] * 11}},
        {"extra": {"classes": list(CLASSES), "thresholds": "high"}},
        {"config": {}},
        {"config": {"n_members": 2, "network": {"n_channels": 12}}},
        {"config": {"n_members": 2, "network": {"n_channels": 12, "n_classes": 11}}},
        {"config": {"n_members": 2, "network": {"n_channels": 24, "n_classes": 11}}},
        {"architecture": "UNet"},
    ],
)
def test_model_that_does_not_fit_this_program_is_refused(saved, tmp_path, change):
    content = json.loads((saved / "classifier.json").read_text())
    (tmp_path / "classifier.json").write_text(json.dumps(content | change))
    (tmp_path / "classifier.safetensors").write_bytes(
        (saved / "classifier.safetensors").read_bytes()
    )
    with pytest.raises(CheckpointError, match=r"classifier\.json must"):
        Classifier.load(tmp_path)


def test_missing_model_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"classifier\.json.*train again"):
        Classifier.load(tmp_path)
