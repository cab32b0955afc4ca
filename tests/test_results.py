"""Tables in the documents are what committed results say."""

import json

import pytest

from benchmarks import bench, groups
from benchmarks.tables import BLOCK, ROOT, documents, filled


@pytest.mark.parametrize("file", documents(), ids=lambda file: str(file.relative_to(ROOT)))
def test_tables_agree_with_committed_results(file):
    text = file.read_text()
    assert filled(text) == text, "run: python -m benchmarks.tables"
    assert text.count("<!-- begin ") == len(BLOCK.findall(text)) == text.count("<!-- end -->")


def test_the_readme_says_what_was_measured():
    told = json.loads((ROOT / "docs" / "results" / "signals.json").read_text())
    readme = (ROOT / "README.md").read_text()
    rows = [row for row in told["rows"] if "in_readme" in row]
    assert len(rows) > 10
    for row in rows:
        line = f"| {row['in_readme']} | {row['snr_db']:.1f} | {row['coverage']:.3f} |"
        assert line in readme
    table = readme[readme.index("| pages | SNR, dB | coverage |") :].split("\n\n")[0]
    assert len(table.splitlines()) == len(rows) + 2


def test_a_number_that_was_changed_by_hand_is_noticed():
    text = (ROOT / "docs" / "leaderboard.md").read_text()
    assert "| 19.65 |" in text
    changed = text.replace("| 19.65 |", "| 19.66 |")
    assert filled(changed) == text


def test_a_table_without_a_result_says_that_there_is_none():
    text = "<!-- begin docs/results/none.json bench -->\n| 1 |\n<!-- end -->"
    assert filled(text) == text.replace("| 1 |", "Not measured yet.")


def test_every_committed_result_is_shown_somewhere():
    shown = {found[1] for file in documents() for found in BLOCK.findall(file.read_text())}
    results = {f"docs/results/{file.name}" for file in (ROOT / "docs" / "results").glob("*.json")}
    assert results <= shown


def measured(**values):
    kinds = {"time": "s", "faster": "ratio", "gain": "dB", "held": "MB"}
    return {name: bench.Measured(value, kinds[name]) for name, value in values.items()}


def test_benchmarks_say_what_is_worse_by_more_than_a_fifth(tmp_path, capsys):
    before = bench.as_json(measured(time=1.0, faster=10.0, gain=10.0, held=100.0))
    (tmp_path / "bench.json").write_text(json.dumps(before))
    as_good = measured(time=1.19, faster=8.4, gain=6.1, held=119.0)
    assert not bench.compare(as_good, tmp_path / "bench.json")
    worse = measured(time=1.21, faster=8.0, gain=5.9, held=121.0)
    assert bench.compare(worse, tmp_path / "bench.json")
    said = capsys.readouterr().out
    assert [line.split()[1] for line in said.splitlines()] == ["time", "faster", "gain", "held"]
    # On another machine only ratios and decibels compare.
    before["machine"] = before["machine"] | {"cores": 1000}
    found = bench.worse(worse, before)
    assert [name for name, _, _ in found] == ["faster", "gain"]
    assert "| time | 1.000 s |" in bench.table(before)


def test_people_belong_to_the_groups_of_their_age_and_sex():
    class Header:
        age_years, sex = 59.9, "Female"

    assert groups.groups_of(Header()) == ["all", "40 to 59", "female"]
    Header.age_years, Header.sex = 300.0, None
    assert groups.groups_of(Header()) == ["all", "80 and above"]
