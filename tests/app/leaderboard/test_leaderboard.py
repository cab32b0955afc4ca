"""From pages to tables, with a toy that reads the truth, or nothing."""

import argparse
import csv
import io
import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ecgpaper.app.commands import leaderboard as command
from ecgpaper.app.leaderboard import answers
from ecgpaper.app.leaderboard.answers import PageTask, answer_with
from ecgpaper.app.leaderboard.boxes import compare_boxes, mean_average_precision
from ecgpaper.app.leaderboard.challenge import Models, challenge_script, hide, score_record
from ecgpaper.app.leaderboard.conditions import CONDITIONS, given_condition
from ecgpaper.app.leaderboard.figures import calibration, sum_up
from ecgpaper.app.leaderboard.origin import Origin, claim
from ecgpaper.app.leaderboard.peers import best, load_peers
from ecgpaper.app.leaderboard.result import BoxResult, LeadResult, PageResult
from ecgpaper.app.leaderboard.tables import TABLES, csv_text, markdown
from ecgpaper.classify import Diagnosis
from ecgpaper.classify.labels import CLASSES
from ecgpaper.digitize import Digitization
from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.ecg import Ecg
from ecgpaper.errors import BatchError, LayoutError
from ecgpaper.files.records.challenge import write_record
from ecgpaper.measure import Measurements
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage
from ecgpaper.simulate import simulate_record
from ecgpaper.synth import PRESETS
from ecgpaper.synth.batch import BatchOptions, claim_folder, print_record
from ecgpaper.synth.truth import read_truth

NAME, SHIFT_PX = "made_hr", 3.0


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """Folder of one clean page, and its record."""
    folder = tmp_path_factory.mktemp("leaderboard")
    record = simulate_record(rng=np.random.default_rng(8))
    write_record(folder / "records", NAME, record.ecg, labels=record.labels)
    options = BatchOptions(mask_unplotted=True, truth="light")
    claim_folder(folder / "pages", options)
    assert print_record(folder / "records", NAME, folder / "pages", options).fault is None
    hide(folder / "pages", folder / "work" / "hidden")
    return folder, record


@dataclass
class Oracle:
    """Reads the page whose truth it knows with a gain that is 10 % off; or refuses it."""

    ecg: Ecg
    truth: object
    refuses: bool = False

    def digitize(self, photo, *, fs):
        if self.refuses:
            raise LayoutError("expected rows; found none: scan it again")
        assert fs == self.ecg.fs
        traces = tuple(replace(t, x_px=t.x_px + SHIFT_PX) for t in self.truth.traces)
        shape = self.ecg.signal_mv.shape
        return Digitization(
            ecg=Ecg(1.1 * self.ecg.signal_mv, fs, self.ecg.lead_names),
            confidence=np.ones(shape),
            page=FlatPage(photo, Homography.identity()),
            scale=self.truth.scale,
            layout=self.truth.layout,
            traces=traces,
            quality=1.0,
            fits=(),
            pulse=None,
            said=Said(),
            evidence=np.zeros((shape[1], 1)),
            predicted_snr_db=np.full(shape[1], 21.0),
        )


class Constant:
    """Calls every record normal."""

    def diagnose(self, ecg, sights, *, age_years, sex):
        assert (age_years, sex) == (None, None), "a test hides them"
        assert len(sights) == 1
        assert ecg.n_samples == 5000
        probabilities = np.where(np.array(CLASSES) == "NORM", 0.9, 0.1)
        return Diagnosis(probabilities, np.full(len(CLASSES), 0.5))


def answered(printed, **options):
    folder, record = printed
    truth = read_truth(folder / "pages" / f"{NAME}-0.png")
    task = PageTask(NAME, folder / "pages", folder / "work", folder)
    models = Models(Oracle(record.ecg, truth, **options), Constant())
    return answer_with(models, task), task


@pytest.fixture(scope="module")
def read(printed):
    """Return the result of the page, read a tenth too high, and its task."""
    return answered(printed)


def test_a_page_is_answered_and_scored_by_the_challenges_scripts(read):
    result, task = read
    # One tenth of gain is 20 dB; the alignment may find an offset that costs or helps a little.
    snrs_db = [lead.snr_db for lead in result.leads.values()]
    assert len(snrs_db) == 12
    assert 17 < min(snrs_db) <= max(snrs_db) < 25
    assert all(lead.coverage == 1 for lead in result.leads.values())
    scores = challenge_script("evaluate_model").evaluate_model(
        str(task.pages), str(task.work / "outputs"), n_jobs=1
    )
    found = sum_up([result])
    assert found["snr_db"][0] == pytest.approx(scores[0], abs=0.01)
    assert found["macro_f"][0] == pytest.approx(scores[5], abs=1e-3)
    assert found["pooled_snr_db"][0] > 20
    assert result.labels == ("NORM",)
    assert result.layout == "3x4+1R"
    assert found["calibration"]["n"] == 12
    assert found["fidelity"]["qrs"]["median"] == 0
    # Heights are a tenth too high.
    assert 0.0 < found["fidelity"]["r"]["median"] < 400
    assert found["boxes"]["precision_50"] == 1.0
    assert 0.9 < found["boxes"]["overlap"] < 1.0


def test_a_page_that_is_not_read_scores_nothing_and_is_answered_all_the_same(printed):
    result, _ = answered(printed, refuses=True)
    assert result.layout is None
    assert all(abs(lead.snr_db) < 0.05 for lead in result.leads.values())
    assert result.labels == ("NORM",)
    found = sum_up([result])
    assert found["n_unread"] == 1
    assert found["boxes"]["overlap"] == 0
    assert found["fidelity"]["rr"]["n_lost"] == 1


def test_a_lead_of_which_the_later_scorer_compares_nothing_has_0_db(printed, tmp_path, monkeypatch):
    """It may move an answer until nothing is left to compare."""

    def score_nothing_later(*args, alignment):
        snrs_db = score_record(*args, alignment=alignment)
        return snrs_db if alignment == "comp" else dict.fromkeys(snrs_db, np.nan)

    monkeypatch.setattr(answers, "score_record", score_nothing_later)
    result, _ = answered(printed)
    assert {lead.later_snr_db for lead in result.leads.values()} == {0.0}
    assert min(lead.snr_db for lead in result.leads.values()) > 17
    result.write(tmp_path / "page.json")


def test_results_survive_their_file(read, tmp_path):
    result, _ = read
    result.write(tmp_path / "page.json")
    again = PageResult.read(tmp_path / "page.json")
    # Measurements lose some digits, once.
    assert replace(again, true_measured=result.true_measured, measured=result.measured) == result
    again.write(tmp_path / "page.json")
    assert PageResult.read(tmp_path / "page.json") == again
    (tmp_path / "page.json").write_text("{}")
    with pytest.raises(BatchError, match="remove it and run again"):
        PageResult.read(tmp_path / "page.json")


@pytest.mark.slow
def test_the_command_keeps_results_and_goes_on(printed, tmp_path, monkeypatch, capsys):
    folder, record = printed
    truth = read_truth(folder / "pages" / f"{NAME}-0.png")
    models = Models(Oracle(record.ecg, truth), Constant())
    read = []
    monkeypatch.setattr(answers, "_models", lambda _: read.append(1) or models)
    # Somebody may commit meanwhile.
    monkeypatch.setattr("ecgpaper.app.leaderboard.origin.commit_of", lambda _: "made")
    arguments = ["--out", str(tmp_path / "out"), "--records", str(folder / "records")]
    arguments += ["--conditions", "clean", "scan-color"]
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    options = parser.parse_args([*arguments, "--quick", "--workers", "1"])
    assert command.run(options) == 0
    assert len(read) == 2
    told = json.loads((tmp_path / "out" / "leaderboard.json").read_text())
    assert [row["name"] for row in told["conditions"]] == ["clean", "color scan"]
    assert (tmp_path / "out" / "leaderboard.md").read_text() == capsys.readouterr().out
    for chart in ("leaderboard", "calibration", "bland-altman-clean"):
        assert b"<svg" in (tmp_path / "out" / f"{chart}.svg").read_bytes()
    # What has a result is not answered again; another seed would be another origin.
    assert command.run(parser.parse_args([*arguments, "--quick", "--workers", "1"])) == 0
    assert len(read) == 2
    with pytest.raises(BatchError, match="begun with other seed"):
        command.run(parser.parse_args([*arguments, "--seed", "2"]))
    given = parser.parse_args([*arguments, "--pages", str(folder / "pages"), str(folder / "pages")])
    with pytest.raises(BatchError, match="names of their own"):
        command.run(given)


def test_without_the_scripts_the_command_says_where_they_must_be():
    with pytest.raises(BatchError, match="checkout of the repository"):
        challenge_script("no_such_script")


def test_folders_hold_the_results_of_one_origin(tmp_path):
    origin = Origin("1", "abc", {"tracer.json": "1"}, "simulated records", 1)
    claim(tmp_path, origin)
    claim(tmp_path, origin)
    with pytest.raises(BatchError, match="begun with other commit, weights"):
        claim(tmp_path, replace(origin, commit="abd", weights={}))


def test_pages_that_are_given_need_a_name_and_records(printed, tmp_path):
    folder, _ = printed
    assert given_condition(folder / "pages").name == "pages"
    with pytest.raises(BatchError, match="must be named"):
        given_condition(tmp_path / "a b")
    with pytest.raises(BatchError, match="expected pages"):
        given_condition(tmp_path / "empty")


def page(labels=("NORM",), answered=("NORM",), probabilities=(), **changes):
    """Return a result made by hand."""
    lead = LeadResult(20.0, 20.0, 1.0, 21.0)
    made = PageResult(
        record="r",
        layout="3x4+1R",
        leads={"I": lead},
        ratio=100.0,
        true_labels=labels,
        labels=answered,
        probabilities=probabilities,
        true_measured=Measurements(),
        measured=Measurements(),
        boxes=(),
        processor_s=1.0,
    )
    return replace(made, **changes)


def test_intervals_hold_the_figure_and_labels_of_nobody_do_not_count():
    pages = [page(leads={"I": LeadResult(db, db, 1.0, None)}) for db in (10.0, 20.0, 30.0)]
    found = sum_up([*pages, page(labels=(), leads={})])
    value, low, high = found["snr_db"]
    assert low < value == 20 < high
    assert found["page_snr_db"] == [20.0, 10.0]
    assert found["n_labeled"] == 3
    assert found["macro_f"][0] == 1
    assert found["calibration"]["n"] == 0


def test_two_classes_are_normal_and_the_rest():
    pages = [page(("NORM",), ("CD",)), page(("CD",), ("HYP",)), page(("NORM",), ("NORM", "PVC"))]
    # Normal: one found, one missed; abnormal: one found, one wrong. F is 2/3 for both.
    assert sum_up(pages)["two_class_f"][0] == pytest.approx(0.667, abs=1e-3)


def test_five_findings_merge_both_infarcts():
    def said(**by_name):
        return tuple(by_name.get(name.replace(" ", "_"), 0.1) for name in CLASSES)

    pages = [
        page(("Acute MI",), probabilities=said(Acute_MI=0.6)),
        page(("Old MI",), probabilities=said(Old_MI=0.6)),
        page(("NORM",), probabilities=said()),
    ]
    assert sum_up(pages)["five_finding_auroc"][0] == 1.0
    assert sum_up([page()])["five_finding_auroc"] == [None, None, None]
    assert sum_up([page(labels=())])["macro_f"] == [None, None, None]


def test_leads_within_three_decibels_count_as_predicted():
    leads = [LeadResult(20.0 + off, 0.0, 1.0, 20.0) for off in (-4, -3, 0, 3, 4)]
    found = calibration([*leads, LeadResult(0.0, 0.0, 0.0, None)])
    assert found["n"] == 5
    assert found["within_3_db"] == 0.6


def test_average_precision_falls_with_wrong_boxes_that_are_surer():
    hit, missed = BoxResult("I", True, 0.8, 0.5), BoxResult("I", True, 0.0, None)
    wrong = BoxResult("I", False, 0.0, 0.9)
    assert mean_average_precision([[hit], [hit]], (0.5,)) == 1.0
    assert mean_average_precision([[hit], [missed]], (0.5,)) == 0.5
    assert mean_average_precision([[hit], [wrong]], (0.5,)) == 0.5
    assert mean_average_precision([[hit]], (0.5, 0.9)) == 0.5
    assert np.isnan(mean_average_precision([[wrong]]))


def test_boxes_of_another_lead_do_not_count(printed):
    folder, record = printed
    truth = read_truth(folder / "pages" / f"{NAME}-0.png")
    found = Oracle(record.ecg, truth).digitize(np.zeros((8, 8, 3), np.uint8), fs=record.ecg.fs)
    assert all(box.overlap > 0.9 for box in compare_boxes(truth, found))
    other = replace(truth.traces[0].strip.segment, lead="V6")
    strip = replace(truth.traces[0].strip, segment=other)
    traces = (replace(found.traces[0], strip=strip),)
    boxes = {box.name: box for box in compare_boxes(truth, replace(found, traces=traces))}
    assert boxes["V6"].overlap == 0
    assert boxes["I"].confidence is None


def test_each_condition_stands_for_one_official_column():
    peers = load_peers()
    assert {c.column for c in CONDITIONS} - {None} == set(peers.columns) - {"LB"}
    assert {c.preset for c in CONDITIONS} == set(PRESETS) - {"wild"}
    assert best(peers.snr_db, "LB") == ("SignalSavants", 12.151)
    assert best(peers.snr_db, "CS") == ("BAPORLab", 6.22)
    assert best(peers.macro_f, "PC") == ("Inventec AIC", 0.697)
    assert all(each.source and each.value for each in peers.others)


def test_tables_have_a_line_for_each_condition():
    figures = sum_up([page(), page()])
    rows = [{"name": c.name, "preset": c.preset, "column": c.column} | figures for c in CONDITIONS]
    told = {"records": "r", "seed": 1, "version": "0", "commit": None, "conditions": rows}
    text = markdown(told)
    assert text.count("| photo of a monitor (2) |") == 2
    assert "20.0 [20.0, 20.0]" in text
    assert "| -1.07 | -0.26 | 0.14 |" in text  # three teams on phone photos
    assert "0.81 (PD" not in text
    assert "0.81 (BAPORLab)" in text  # the best on deteriorated photos
    for title, _ in TABLES.values():
        assert f"## {title}\n\n| " in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith(" |") for line in lines)
    table = list(csv.DictReader(io.StringIO(csv_text(told))))
    winner = [r for r in table if r["system"] == "SignalSavants" and r["figure"] == "snr_db"]
    assert len(winner) == 8
