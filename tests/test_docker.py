"""The Dockerfile keeps the organizers' lines, and the entry works in the image that it makes."""

import fnmatch
import os
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "docker" / "rehearse.sh"
OPT_IN = "ECGPAPER_DOCKER_REHEARSAL"
FIXED_LINES = ["RUN mkdir /challenge", "COPY ./ /challenge", "WORKDIR /challenge"]


def instructions():
    """Return the Dockerfile's instructions, comments dropped and continuation lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()


def pinned(name):
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return re.search(rf"^{re.escape(name)}==(\S+)$", text, re.MULTILINE)[1]


def is_ignored(path, patterns):
    """Whether .dockerignore patterns, of which the last match counts, leave `path` out."""
    candidates = [PurePosixPath(path), *PurePosixPath(path).parents]
    names = [candidate.as_posix() for candidate in candidates]
    ignored = False
    for pattern in patterns:
        glob = pattern.removeprefix("!").removeprefix("**/").strip("/")
        deep = [f"*/{glob}"] if pattern.startswith("**/") else []
        if any(fnmatch.fnmatch(name, each) for name in names for each in [glob, *deep]):
            ignored = not pattern.startswith("!")
    return ignored


def ignore_patterns():
    text = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_organizers_three_lines_follow_the_base_image():
    assert instructions()[0].startswith("FROM ")
    assert instructions()[1:4] == FIXED_LINES


def test_torch_pin_is_the_version_of_the_base_image():
    base = re.fullmatch(
        r"FROM pytorch/pytorch:([\d.]+)-cuda[\d.]+-cudnn\d+-runtime", instructions()[0]
    )
    assert base[1] == pinned("torch")


def test_requirements_are_pinned_and_installed_at_build_time():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pins = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    assert instructions()[-1].endswith("pip install --no-cache-dir -r requirements.txt")


def test_image_needs_no_system_packages_and_has_one_user():
    assert not [
        line for line in instructions() if line.startswith("USER ") or "apt" in line.split()
    ]
    assert "opencv-python-headless" in (ROOT / "requirements.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path",
    [
        "model/segmenter.json",
        "model/segmenter.safetensors",
        "team_code.py",
        "ecgpaper/train/loop.py",
    ],
)
def test_image_gets(path):
    assert not is_ignored(path, ignore_patterns())


@pytest.mark.parametrize("path", [".venv/bin/python", ".git/HEAD", "ecgpaper/__pycache__/a.pyc"])
def test_image_does_not_get(path):
    assert is_ignored(path, ignore_patterns())


@pytest.mark.parametrize("patterns", [["model"], ["model/"], ["mod*"], ["*"], ["**/*.json"]])
def test_lost_model_folder_would_be_seen(patterns):
    assert is_ignored("model/segmenter.json", patterns)
    assert not is_ignored("model/segmenter.json", [*patterns, "!model/*.json"])


def why_not_rehearse():
    """Return why the rehearsal cannot run here; empty if it can."""
    if not os.environ.get(OPT_IN):
        return f"{OPT_IN} is not set"
    missing = [tool for tool in ("buildah", "podman", "runc") if not shutil.which(tool)]
    return f"not installed: {' '.join(missing)}" if missing else ""


@pytest.mark.slow
@pytest.mark.skipif(bool(why_not_rehearse()), reason=why_not_rehearse())
def test_entry_works_in_its_image():
    """Build and run; WHEELS, MIRROR and DATA are passed on (see the script's head)."""
    done = subprocess.run([SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "network: none" in done.stdout
    if os.environ.get("DATA"):
        assert done.stdout.count("F-measure:") == 2, "the shipped and the trained model are scored"
