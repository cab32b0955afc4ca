"""What ``import ecgpaper`` gives, how quickly, and where the shipped weights are found."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import ecgpaper
from ecgpaper.errors import CheckpointError
from ecgpaper.nets.stored import weights

ROOT = Path(__file__).parents[1]
NAMES = {
    *("Digitization", "DigitizedPage", "Digitizer", "Ecg", "PageClassifier", "Settings"),
    *("digitize", "digitize_all", "measure", "read_image", "synthesize"),
}
# Packages as well.
CALLED = {"digitize", "measure"}


def typed_imports():
    """Names that type checkers see at the door, with the modules that they see them in."""
    tree = ast.parse(inspect.getsource(ecgpaper))
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    found = [node for node in blocks[0].body if isinstance(node, ast.ImportFrom)]
    return {alias.name: node.module for node in found for alias in node.names}


def test_door_gives_what_it_lists():
    assert set(ecgpaper.__all__) == NAMES | {"__version__"}
    assert set(ecgpaper.__all__) <= set(dir(ecgpaper))


@pytest.mark.parametrize("name", sorted(NAMES - CALLED))
def test_name_is_the_same_thing_at_the_door_and_at_home(name):
    home = importlib.import_module(typed_imports()[name])
    assert getattr(ecgpaper, name) is getattr(home, name)


@pytest.mark.slow
def test_digitize_is_a_function_and_a_package_whatever_was_imported_before(tmp_path):
    (tmp_path / "text.png").write_text("no image")
    for first in ("pass", "import ecgpaper.digitize.answer.result"):
        code = f"""{first}
import ecgpaper
from ecgpaper.digitize import Digitizer
try:
    ecgpaper.digitize({str(tmp_path / "text.png")!r})
except ecgpaper.errors.RecordError as error:
    print(error)"""
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert "text.png must be a whole image" in done.stdout


def test_measure_is_a_function_and_a_package(healthy_ecg):
    found = ecgpaper.measure(healthy_ecg)
    assert isinstance(found, ecgpaper.measure.Measurements)
    assert found == ecgpaper.measure.measure(healthy_ecg)


def test_type_checkers_see_the_same_names():
    assert set(typed_imports()) == NAMES


def test_other_names_are_refused():
    with pytest.raises(AttributeError, match="no attribute 'digitise'"):
        _ = ecgpaper.digitise


def test_import_loads_the_standard_library_only():
    code = (
        "import sys; before = set(sys.modules); import ecgpaper; dir(ecgpaper); "
        "new = {name for name in set(sys.modules) - before if name != 'ecgpaper'}; "
        "print(*sorted(n for n in new if n.split('.')[0] not in sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_shipped_weights_of_a_checkout_lie_beside_the_package():
    assert weights.shipped_model() == ROOT / "model"


def test_weights_inside_the_package_win(tmp_path):
    inside, beside = (tmp_path / place.relative_to(ROOT) for place in weights.PLACES)
    assert inside.parent.name == "ecgpaper"
    for folder in (beside, inside):
        folder.mkdir(parents=True)
        (folder / "segmenter.safetensors").touch()
        assert weights.shipped_model((inside, beside)) == folder


def test_lost_weights_are_an_error_that_says_what_to_do(tmp_path):
    places = (tmp_path / "a", tmp_path / "model")
    places[1].mkdir()
    with pytest.raises(CheckpointError, match=r"found none: install ecgpaper .*\(--model"):
        weights.shipped_model(places)
