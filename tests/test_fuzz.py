"""What nobody should hand in, at random: images and command lines. Headers and model files have
tests of their own; benchmarks/fuzz.py does the same for longer, and digitizes what it can open.
"""

import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks.fuzz import fuzz_arguments
from ecgpaper.errors import RecordError
from ecgpaper.files.records.images import IMAGE_FORMATS, read_image

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 36, 3), dtype=np.uint8))
MODES = ("1", "L", "P", "RGB", "RGBA", "CMYK", "I", "F")


def encoded(name, mode):
    content = io.BytesIO()
    try:
        PICTURE.convert(mode).save(content, name)
    except (OSError, ValueError):
        pytest.fail(f"{name} cannot hold {mode}")
    return content.getvalue()


def can_hold(name, mode):
    try:
        PICTURE.convert(mode).save(io.BytesIO(), name)
    except (OSError, ValueError):
        return False
    return True


KINDS = [(name, mode) for name in IMAGE_FORMATS for mode in MODES if can_hold(name, mode)]
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8)


@settings(
    max_examples=300,
    deadline=5000,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(kind=st.sampled_from(KINDS), changes=CHANGES, kept=st.floats(0, 1), in_head=st.booleans())
def test_a_damaged_image_is_read_or_refused(tmp_path, kind, changes, kept, in_head):
    content = bytearray(encoded(*kind))
    for share, value in changes:
        content[int(share * (min(64, len(content)) - 1 if in_head else len(content) - 1))] = value
    (tmp_path / "page.png").write_bytes(content[: max(1, int(kept * len(content)))])
    with suppress(RecordError):
        pixels = read_image(tmp_path / "page.png")
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 3


@pytest.mark.slow
def test_command_lines_that_make_no_sense_end_without_a_traceback(capsys):
    counts = fuzz_arguments(40, seed=7)
    assert counts["fault"] == 0, capsys.readouterr().out
    assert counts["status 2"] > 0
    assert counts["status 1"] > 0
