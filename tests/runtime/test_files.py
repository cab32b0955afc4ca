"""Files are whole or absent, whatever happens to disk, folder or process while they are written."""

import fcntl
import json
import os
import resource
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecgpaper.errors import DiskError, OutputError
from ecgpaper.runtime.files import (
    PARTIAL,
    prepare_output_folder,
    remove_abandoned,
    write_together,
    write_whole,
)

ROOT = Path(__file__).parents[2]
NOBODY = 65534


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def small_files(most_bytes):
    """The system lets no file grow beyond so many bytes: what a full disk does, everywhere.

    No fixture: pytest's own report may go to a file.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(command, check=False, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no mount command")
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)  # noqa: S607


def test_file_is_written_with_its_folders_and_the_usual_rights(tmp_path):
    write_whole(tmp_path / "a/b/file", b"content")
    (tmp_path / "other").write_bytes(b"")
    assert (tmp_path / "a/b/file").read_bytes() == b"content"
    assert (tmp_path / "a/b/file").stat().st_mode == (tmp_path / "other").stat().st_mode
    assert names_in(tmp_path / "a/b") == ["file"]


def test_file_that_does_not_fit_leaves_the_old_one_and_nothing_else(tmp_path):
    write_whole(tmp_path / "file", b"old")
    told = pytest.raises(DiskError, match=r"2000 bytes must be written to .*; the system limits")
    with small_files(1000), told:
        write_whole(tmp_path / "file", bytes(2000))
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names_in(tmp_path) == ["file"]


def test_folder_without_room_is_refused_before_the_first_output(tmp_path):
    told = pytest.raises(DiskError, match=r"out must be a folder with room .*; the system limits")
    with small_files(1000), told:
        prepare_output_folder(tmp_path / "out")
    assert names_in(tmp_path / "out") == []


def test_full_disk_is_told(small_disk):
    write_whole(small_disk / "file", b"old")
    with pytest.raises(DiskError, match=r"folder with room .*; the disk is full: make room"):
        prepare_output_folder(small_disk)
    with pytest.raises(DiskError, match=r"file; the disk is full: make room"):
        write_whole(small_disk / "file", bytes(100_000))
    assert names_in(small_disk) == ["file"]
    assert (small_disk / "file").read_bytes() == b"old"


def test_disk_that_becomes_read_only_is_told(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)  # noqa: S607
    with pytest.raises(DiskError, match=r"read-only: choose another"):
        prepare_output_folder(small_disk / "out")
    with pytest.raises(DiskError, match=r"read-only: choose another"):
        write_whole(small_disk / "file", b"")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("file", "is a file"),
        ("file/below", "is a file"),
        ("x" * 300, "too long: choose a shorter one"),
        ("circle", "circle"),
        ("circle/below", "circle"),
    ],
)
def test_folder_that_cannot_be_made_is_refused(tmp_path, name, reason):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OutputError, match=reason) as caught:
        prepare_output_folder(tmp_path / name)
    assert not isinstance(caught.value, DiskError)
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("file/x", "is a file"), ("folder", "a folder is in its place"), ("x" * 256, "too long")],
)
def test_file_that_cannot_be_written_is_named(tmp_path, name, reason):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder/sub").mkdir(parents=True)
    with pytest.raises(OutputError, match=reason) as caught:
        write_whole(tmp_path / name, b"content")
    assert not isinstance(caught.value, DiskError)
    assert names_in(tmp_path) == ["file", "folder"]


def test_names_as_long_as_the_system_allows_are_written(tmp_path):
    write_whole(tmp_path / ("x" * 255), b"content")
    assert names_in(tmp_path) == ["x" * 255]


OTHER_USER = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from ecgpaper.errors import DiskError, OutputError
from ecgpaper.runtime.files import prepare_output_folder, write_whole
if not os.geteuid():
    os.setuid({NOBODY})
for write in (prepare_output_folder, lambda path: write_whole(path, b"")):
    try:
        write(Path(sys.argv[1]) / "out")
    except DiskError:
        sys.exit("the disk has no fault")
    except OutputError as error:
        print(error)
"""


def test_folder_of_another_user_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    command = [sys.executable, "-c", OTHER_USER, str(tmp_path)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    assert ran.stdout.count("this user may not write there: choose another folder") == 2


WRITER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from ecgpaper.runtime import files
files.os.fsync = lambda _: (print("written", flush=True), sys.stdin.read())
files.write_whole(Path(sys.argv[1]), b"content")
"""


@pytest.fixture
def writer(tmp_path):
    """A process that has written a partial file and waits before it names it."""
    command = [sys.executable, "-c", WRITER, str(tmp_path / "file")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"written\n"
        yield process
        process.kill()


@pytest.mark.parametrize("remove", [prepare_output_folder, remove_abandoned])
def test_run_leaves_the_partial_files_of_another_run_alone(tmp_path, writer, remove):
    (partial,) = names_in(tmp_path)
    remove(tmp_path)
    assert names_in(tmp_path) == [partial]
    writer.communicate()
    assert names_in(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"content"


@pytest.mark.parametrize("remove", [prepare_output_folder, remove_abandoned])
def test_run_removes_the_partial_files_of_a_killed_one(tmp_path, writer, remove):
    writer.kill()
    writer.wait()
    assert len(names_in(tmp_path)) == 1
    remove(tmp_path)
    assert names_in(tmp_path) == []


def test_partial_files_in_folders_below_are_removed_and_what_only_looks_like_one_is_not(tmp_path):
    (tmp_path / f"sub/{PARTIAL}folder").mkdir(parents=True)
    os.mkfifo(tmp_path / f"sub/{PARTIAL}pipe")
    (tmp_path / "sub/keep").write_bytes(b"")
    (tmp_path / f"sub/{PARTIAL}link").symlink_to("keep")
    (tmp_path / f"sub/{PARTIAL}1").write_bytes(b"")
    (tmp_path / f"sub/name.png{PARTIAL}17").write_bytes(b"")
    remove_abandoned(tmp_path)
    left = [f"{PARTIAL}folder", f"{PARTIAL}link", f"{PARTIAL}pipe", "keep"]
    assert names_in(tmp_path / "sub") == left


def test_threads_that_write_one_file_while_others_clean_up_leave_one_of_theirs(tmp_path):
    contents = [json.dumps([number] * 2000).encode() for number in range(4)]
    faults = []

    def write(content):
        try:
            for _ in range(50):
                write_whole(tmp_path / "file", content)
                remove_abandoned(tmp_path)
        except OutputError as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert names_in(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() in contents


def test_disks_without_locks_are_written_and_keep_partial_files(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    (tmp_path / f"{PARTIAL}1").write_bytes(b"")
    prepare_output_folder(tmp_path)
    write_whole(tmp_path / "file", b"content")
    assert names_in(tmp_path) == [f"{PARTIAL}1", "file"]


def test_of_files_that_are_written_together_none_is_there_if_one_does_not_fit(tmp_path):
    (tmp_path / "a").write_bytes(b"before")
    contents = {tmp_path / "a": b"after", tmp_path / "below" / "b": bytes(5000)}
    with small_files(4000), pytest.raises(DiskError, match="below/b"):
        write_together(contents)
    assert (tmp_path / "a").read_bytes() == b"before"
    assert names_in(tmp_path) == ["a", "below"]
    assert names_in(tmp_path / "below") == []
    write_together(contents)
    assert {path: path.read_bytes() for path in contents} == contents
