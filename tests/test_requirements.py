"""Versions: ranges in pyproject.toml, pins in the requirements files, and the two agree."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import ecgpaper

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Pinned for the sake of others, imported nowhere here: requirements.txt says why.
NOT_OURS = {"pandas"}


def pins(name):
    """Package -> version of a requirements file, other files that it reads left out."""
    lines = (ROOT / name).read_text().splitlines()
    found = [Requirement(line) for line in lines if line and line[0] not in "#-"]
    return {each.name: str(each.specifier).removeprefix("==") for each in found}


RUNTIME = {each.name: each for each in map(Requirement, PROJECT["dependencies"])}
EXTRAS = {
    each.name: each
    for extra in PROJECT["optional-dependencies"].values()
    for each in map(Requirement, extra)
    if each.name != PROJECT["name"]
}


@pytest.mark.parametrize(
    ("ranges", "name", "others"),
    [(RUNTIME, "requirements.txt", NOT_OURS), (EXTRAS, "requirements-dev.txt", set())],
    ids=["runtime", "dev"],
)
def test_each_dependency_is_pinned_within_its_range(ranges, name, others):
    pinned = pins(name)
    assert set(pinned) - others == set(ranges)
    assert [each for each in ranges if not ranges[each].specifier.contains(pinned[each])] == []


def test_ranges_leave_others_room():
    assert [str(each) for each in RUNTIME.values() if "==" in str(each.specifier)] == []


def test_versions_of_citation_and_changelog_are_that_of_the_package():
    version = ecgpaper.__version__
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    headings = [
        line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line[:3] == "## "
    ]
    assert headings[0] == "## [Unreleased]"
    assert headings[1].startswith(f"## [{version}]")
