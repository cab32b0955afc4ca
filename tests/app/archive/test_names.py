"""Each page has a name of its own, the same each time."""

from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgpaper.app.archive.names import page_names
from ecgpaper.files.inputs import InputFile


def walked(*places, top="/data/in"):
    return [InputFile(Path(top) / place, PurePath(place)) for place in places]


def named(*files):
    return [InputFile(Path(file), PurePath(Path(file).name)) for file in files]


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (walked("a.png", "sub/a.png"), ["a", "sub/a"]),
        (walked("my page.png", "é/ü.v2.png"), ["my_page", "_/__v2"]),
        (walked("a.png", "a.jpg", "b.jpg"), ["a-png", "a-jpg", "b"]),
        (walked("A.png", "a.jpg"), ["A-png", "a-jpg"]),
        (named("/x/one/a.png", "/x/two/a.png", "/x/two/b.png"), ["one/a", "two/a", "b"]),
        (
            walked("a.png", top="/x/one") + walked("a.png", top="/x/two"),
            ["one/a", "two/a"],
        ),
        (walked("summary.png", "sub/summary.png"), ["summary-png", "sub/summary"]),
    ],
)
def test_names_follow_the_files(files, names):
    assert page_names(files, [1] * len(files)) == [(name,) for name in names]


def test_pages_of_a_file_are_numbered_and_never_take_anothers_name():
    files = walked("scan.pdf", "scan-p2.png", "other.tif")
    assert page_names(files, [3, 1, 2]) == [
        ("scan-pdf-p1", "scan-pdf-p2", "scan-pdf-p3"),
        ("scan-p2-png",),
        ("other-p1", "other-p2"),
    ]


PARTS = st.sampled_from(["a", "A", "a b", "a_b", "..", "é", "ü", "summary", "a-p2", "x" * 250])
PLACES = st.builds(
    lambda folders, stem, ending: PurePath(*folders, stem + ending),
    st.lists(PARTS.filter(lambda part: part != ".."), max_size=2),
    PARTS,
    st.sampled_from([".png", ".jpg", ".PNG", ""]),
)


@given(st.lists(st.tuples(PLACES, st.integers(1, 3)), max_size=12, unique_by=lambda pair: pair[0]))
def test_no_two_pages_share_a_name_and_none_leaves_the_folder(pairs):
    files = walked(*(place for place, _ in pairs))
    names = page_names(files, [n for _, n in pairs])
    flat = [name.casefold() for own in names for name in own]
    assert len(set(flat)) == len(flat)
    assert "summary" not in flat
    for name in flat:
        assert all(0 < len(part) <= 220 for part in name.split("/"))
        assert not {"", ".", ".."} & set(name.split("/"))
    assert names == page_names(files, [n for _, n in pairs])
