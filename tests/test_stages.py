"""The README's picture of the stages is that of the script, and names rooms that exist."""

from pathlib import Path

import pytest

from benchmarks.stages import DIGITIZER, GENERATOR, draw

ROOT = Path(__file__).parents[1]


def test_picture_is_the_one_that_the_script_draws():
    assert (ROOT / "docs/stages.svg").read_text(encoding="utf-8") == draw()
    assert "docs/stages.svg" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("stage", [*GENERATOR, *DIGITIZER], ids=lambda stage: stage.name)
def test_each_stage_is_where_the_picture_says(stage):
    assert (ROOT / "ecgpaper" / stage.room).exists()
