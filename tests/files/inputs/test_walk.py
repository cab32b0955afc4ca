"""What is found in folders, and what is passed over."""

import os
from pathlib import Path, PurePath

import numpy as np
import pytest
from PIL import Image

from ecgpaper.files.inputs import find_inputs

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def folder(tmp_path):
    """Make a folder of anything."""
    top = tmp_path / "in"
    for name, content in {
        "b.png": PNG,
        "a.PDF": b"damaged",
        "deep/er/IM0001": b"\0" * 128 + b"DICM",
        "deep/c.jpg": b"",
        "deep/DICOMDIR": b"\0" * 128 + b"DICM",
        "notes.txt": b"BMW",
        "r.hea": b"r 12 500 5000",
        "r.dat": b"\0\1",
        ".hidden.png": PNG,
        ".git/x.png": PNG,
        "done.png": PNG,
        "done.json": b"{}",
        "done-overlay.jpg": b"\xff\xd8\xff",
        "mine-overlay.jpg": b"\xff\xd8\xff",
        "no ending": PNG,
    }.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(content)
    return top


def places(found):
    return [each.place.as_posix() for each in found.files]


def test_a_folder_is_walked_in_order_and_what_is_no_page_is_counted(folder):
    found = find_inputs([folder])
    assert places(found) == [
        *("a.PDF", "b.png", "done.png", "mine-overlay.jpg", "no ending"),
        *("deep/c.jpg", "deep/er/IM0001"),
    ]
    assert all(each.file == folder / each.place for each in found.files)
    assert (found.n_others, found.n_links, found.closed) == (7, 0, [])


def test_what_is_named_is_taken_whatever_it_is_and_once(folder):
    named = [folder / "notes.txt", folder / "gone", folder, folder / "b.png", folder / "notes.txt"]
    found = find_inputs(named)
    assert places(found)[:2] == ["notes.txt", "gone"]
    assert places(found).count("b.png") == 1
    assert len(found.files) == 9


def test_links_that_leave_the_folder_are_not_followed(folder, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "s.png").write_bytes(PNG)
    (folder / "out.png").symlink_to(secret / "s.png")
    (folder / "away").symlink_to(secret)
    (folder / "gone.png").symlink_to(secret / "gone.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "circle").symlink_to(folder)
    (folder / "inside.png").symlink_to(folder / "deep" / "c.jpg")
    found = find_inputs([folder])
    assert found.n_links == 4
    assert "inside.png" in places(found)
    assert len(found.files) == 8
    linked = tmp_path / "linked"
    linked.symlink_to(folder)
    assert places(find_inputs([linked])) == places(found)


def test_the_folder_of_the_outputs_is_not_walked(folder):
    assert "deep/c.jpg" not in places(find_inputs([folder], out=folder / "deep"))
    assert len(find_inputs([folder], out=folder).files) == 7


def test_pipes_are_not_waited_for(folder):
    os.mkfifo(folder / "pipe.png")
    assert "pipe.png" not in places(find_inputs([folder]))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(folder):
    (folder / "deep").chmod(0)
    try:
        assert find_inputs([folder]).closed == [folder / "deep"]
    finally:
        (folder / "deep").chmod(0o700)


def test_a_file_of_the_current_folder_is_found(folder, monkeypatch):
    monkeypatch.chdir(folder)
    Image.fromarray(np.zeros((9, 9), np.uint8)).save("z.png")
    (each,) = find_inputs([Path("z.png")]).files
    assert each.place == PurePath("z.png")
