"""The wheel, built and installed away from the checkout, reads a page in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

import ecgpaper

ROOT = Path(__file__).parents[1]
SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")
LOCAL = ("--no-deps", "--no-index")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Folder into which the wheel of this checkout is installed, beside nothing else of it."""
    # A copy, because setuptools builds in place and takes what an earlier build left.
    copy = tmp_path_factory.mktemp("copy")
    for name in SOURCES:
        shutil.copy(ROOT / name, copy)
    for name in ("ecgpaper", "model"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    wheels, target = copy / "wheels", tmp_path_factory.mktemp("installed")
    build = [*PIP, "wheel", *LOCAL, "--no-build-isolation", "--wheel-dir", wheels, copy]
    subprocess.run(build, check=True)
    (wheel,) = wheels.iterdir()
    subprocess.run([*PIP, "install", *LOCAL, "--target", target, wheel], check=True)
    return target


@pytest.fixture
def run_installed(installed, tmp_path):
    """Run a command in an empty folder that sees the installed package only; return its output."""

    def run(*command):
        environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def files_below(folder):
    """Modules, templates and all else, by their places; not the weights."""
    files = {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}
    return {file for file in files if "__pycache__" not in file.parts and file.parts[0] != "model"}


@pytest.mark.slow
def test_wheel_has_every_file_and_all_weights(installed):
    assert files_below(installed / "ecgpaper") == files_below(ROOT / "ecgpaper")
    carried = {file.name: file.read_bytes() for file in (installed / "ecgpaper/model").iterdir()}
    assert carried == {file.name: file.read_bytes() for file in (ROOT / "model").iterdir()}


def test_nothing_else_lands_beside_the_package(installed):
    names = {re.sub(r"-.*", "", file.name) for file in installed.iterdir()}
    assert names == {"bin", "ecgpaper"}


def test_command_says_its_version_and_name(installed, run_installed):
    program = installed / "bin" / "ecgpaper"
    assert run_installed(program, "--version") == f"ecgpaper {ecgpaper.__version__}\n"
    assert run_installed(program, "--help").startswith("usage: ecgpaper ")
    as_module = (sys.executable, "-m", "ecgpaper")
    assert run_installed(*as_module, "digitize", "-h").startswith("usage: python -m ecgpaper dig")


def test_installed_package_finds_its_own_weights(installed, run_installed):
    find = "from ecgpaper.nets.stored.weights import shipped_model; print(shipped_model())"
    assert run_installed(sys.executable, "-c", find) == f"{installed / 'ecgpaper/model'}\n"


@pytest.mark.slow
def test_installed_package_reads_a_page_in_an_empty_folder(
    installed, run_installed, tmp_path, print_page
):
    page = print_page(3, layout="3x4", dpi=120.0)
    cv2.imwrite(str(tmp_path / "PAGE.png"), cv2.cvtColor(page.image, cv2.COLOR_RGB2BGR))
    run_installed(installed / "bin" / "ecgpaper", "digitize", "PAGE.png", "--out", "RESULTS")
    assert (tmp_path / "RESULTS" / "PAGE.hea").exists()
    # The README's lines, as they are printed there.
    snippet = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    shown = run_installed(
        *(sys.executable, "-c"),
        f"{snippet}\nprint(ecgpaper.__file__, page.ecg.signal_mv.shape)",
    )
    assert shown.split(" ", 1) == [str(installed / "ecgpaper" / "__init__.py"), "(5000, 12)\n"]
