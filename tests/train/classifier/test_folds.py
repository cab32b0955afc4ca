import pytest

from ecgpaper.errors import RecordError
from ecgpaper.files.records.challenge import RecordHeader
from ecgpaper.train.classifier.folds import assign_folds, group_records, read_patients

NAMES = [f"{number:05d}_hr" for number in range(1, 41)]


def header(name, *comments):
    return RecordHeader(name, 500.0, 5000, ("I",), ("mV",), comments)


def headers(comment=None):
    return {name: header(name, *([comment(i)] if comment else [])) for i, name in enumerate(NAMES)}


def write_table(folder, columns, row_of):
    file = folder / "ptbxl_database.csv"
    rows = [",".join(row_of(number)) for number in range(1, 41)]
    file.write_text("\n".join([",".join(columns), *rows]) + "\n")
    return file


def test_patients_of_headers_stay_on_one_side():
    grouping = group_records(headers(lambda i: f"patient_id: {i // 3}"), 5)
    assert grouping.kind == "patient_id"
    folds = assign_folds(grouping.groups, 5)
    for first in range(0, 39, 3):
        assert len(set(folds[first : first + 3])) == 1
    assert set(folds) == set(range(5))
    assert "no patient stands on both sides" in grouping.explanation


def test_patients_of_a_table_are_found_by_the_number_of_the_record(tmp_path):
    file = write_table(
        tmp_path,
        ["ecg_id", "patient_id", "strat_fold"],
        lambda number: [str(number), f"{number % 20}.0", str(number % 10 + 1)],
    )
    grouping = group_records(headers(), 5, read_patients(file))
    assert grouping.kind == "patient_id"
    assert grouping.groups[0] == grouping.groups[20] != grouping.groups[1]


def test_folds_of_ptbxl_serve_where_patients_are_unknown():
    grouping = group_records(headers(lambda i: f"strat_fold: {i % 10 + 1}"), 5)
    assert grouping.kind == "strat_fold"
    assert len(set(assign_folds(grouping.groups, 5)[::10])) == 1


@pytest.mark.parametrize(
    "comment", [None, lambda _: "strat_fold: 10", lambda i: f"patient_id: {i}" if i else "Age: 1"]
)
def test_records_that_nothing_tells_apart_are_split_by_their_names_and_it_says_so(comment):
    grouping = group_records(headers(comment), 5)
    assert grouping.kind == "record"
    assert grouping.groups == tuple(NAMES)
    assert "may stand on both sides" in grouping.explanation


def test_folds_depend_on_names_alone_and_are_of_one_size():
    folds = assign_folds(NAMES, 5)
    backwards = assign_folds(NAMES[::-1], 5)
    assert folds.tolist() == backwards[::-1].tolist()
    assert sorted(folds.tolist()) == sorted(list(range(5)) * 8)
    # Not one after the other: names are often in the order of time.
    assert folds.tolist() != [index % 5 for index in range(40)]
    assert folds.tolist() != sorted(folds.tolist())


@pytest.mark.parametrize("n_folds", [0, 1, 41])
def test_folds_that_cannot_be_are_refused(n_folds):
    with pytest.raises(ValueError, match=f"at least 2 and at most.*40; got {n_folds}"):
        assign_folds(NAMES, n_folds)


def test_table_that_is_none_is_refused(tmp_path):
    with pytest.raises(RecordError, match=r"ptbxl_database\.csv.*name another"):
        read_patients(tmp_path / "gone.csv")
    with pytest.raises(RecordError, match="column ecg_id"):
        read_patients(write_table(tmp_path, ["id"], lambda number: [str(number)]))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\x89PNG\r\n\x1a\n", "must be a table"),
        (b"ecg_id,patient_id\nseven,1\n", "it has 'seven'"),
        (b"ecg_id,patient_id\ninf,1\n", "it has 'inf'"),
        (b"patient_id,ecg_id\n1\n", "it has None"),
    ],
)
def test_a_table_that_is_none_is_refused_with_what_it_has(tmp_path, content, found):
    (tmp_path / "patients.csv").write_bytes(content)
    with pytest.raises(RecordError, match=found):
        read_patients(tmp_path / "patients.csv")
