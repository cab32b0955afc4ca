import hashlib

import pytest

from ecgpaper.digitized.provenance import model_checksums
from ecgpaper.errors import CheckpointError


def test_a_model_is_known_by_the_checksums_of_the_files_that_are_read(tmp_path):
    (tmp_path / "tracer.json").write_bytes(b"{}")
    (tmp_path / "README.md").write_text("not read")
    assert model_checksums(tmp_path) == {"tracer.json": hashlib.sha256(b"{}").hexdigest()}


def test_a_model_folder_that_is_none_is_said(tmp_path):
    with pytest.raises(CheckpointError, match=r"found none at .*nowhere"):
        model_checksums(tmp_path / "nowhere")
