"""Who may import whom, and what no module may do: read from the sources, which are not run."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
# What each part of the package may import: (from the package, from outside). The longest fitting
# prefix counts, so one module of a part can have its own line. Parts stand in the order in which
# they build on each other; a record passes the rooms of synth downwards, a photo those of digitize.
MAY_IMPORT = {
    # Rooms without code of their own.
    "app": ("", ""),
    "files": ("", ""),
    "runtime": ("", ""),
    "errors": ("", ""),
    "runtime.bounds": ("", ""),
    "score": ("score", "numpy scipy"),
    "ecg": ("", "numpy"),
    "page": ("ecg page", "numpy"),
    "page.geometry": ("ecg", "numpy"),
    "page.raster": ("ecg page", "numpy"),
    "runtime.called": ("", ""),
    "runtime.files": ("errors", ""),
    "runtime.boundary": ("errors", ""),
    "nets.stored.weights": ("errors", ""),
    "files.records": ("errors runtime.bounds ecg runtime.files files.records", "numpy PIL wfdb"),
    "runtime.heap": ("", ""),
    "runtime.workers": ("errors", "dask joblib"),
    "files.inputs": ("errors runtime.bounds ecg files.records files.inputs", "numpy"),
    "files.formats.dicom": ("errors ecg runtime.files files.formats", "numpy pydicom"),
    "files.formats.edf": ("errors ecg runtime.files files.formats", "edfio numpy"),
    "files.formats.fhir": ("errors ecg runtime.files files.formats", "fhir"),
    "files.formats": ("errors ecg runtime.files files.records files.formats", "numpy"),
    "drawn.pdf.extract": ("ecg drawn", "numpy pypdfium2"),
    "drawn": ("errors runtime.bounds ecg page drawn", "numpy scipy"),
    "simulate": ("ecg simulate", "numpy"),
    "nets": ("errors runtime.files nets", "torch safetensors"),
    "synth.spec": ("page synth.spec", ""),
    "synth.texture": ("", "numpy cv2"),
    "synth.layout": ("ecg page synth.spec", "numpy"),
    "synth.print.text": ("ecg page.raster synth.spec", "numpy cv2 PIL"),
    "synth.print": ("ecg page synth.spec synth.layout synth.print", "numpy cv2"),
    "synth.sheet": ("ecg page synth.spec synth.texture synth.print synth.sheet", "numpy cv2"),
    "synth.capture": ("ecg page synth.spec synth.texture synth.sheet synth.capture", "numpy cv2"),
    "synth.cover": (
        "ecg page.raster page.geometry synth.spec synth.sheet synth.capture",
        "numpy cv2",
    ),
    "synth.plan": (
        "ecg page synth.spec synth.texture synth.layout synth.sheet synth.capture synth.cover",
        "numpy",
    ),
    "synth.photo": (
        "ecg synth.spec synth.texture synth.sheet synth.capture synth.plan",
        "numpy cv2",
    ),
    "synth.generator": (
        "ecg synth.spec synth.print synth.sheet synth.capture synth.plan synth.photo",
        "",
    ),
    "synth.truth": (
        "ecg page errors synth.spec synth.print synth.sheet synth.capture synth.plan synth.truth",
        "numpy",
    ),
    "synth.sample.draws": ("synth.spec", "numpy"),
    "synth.sample.print": (
        "ecg page synth.spec synth.print synth.capture.bilevel synth.sample.draws "
        "synth.sample.print",
        "numpy",
    ),
    "synth.sample.sheet": ("synth.spec synth.sample.draws synth.sample.sheet", "numpy"),
    "synth.sample.capture": (
        "ecg page synth.spec synth.sample.draws synth.sample.capture",
        "numpy cv2",
    ),
    "synth.sample": ("page synth.spec synth.capture.bilevel synth.sample", "numpy"),
    "synth.batch": (
        "ecg page errors runtime.files runtime.boundary files.records synth.spec "
        "synth.generator synth.truth synth.sample synth.batch",
        "numpy cv2",
    ),
    "synth": ("synth.spec synth.plan synth.generator synth.truth synth.sample", ""),
    "digitize.page.sampling": ("page.geometry", "numpy cv2"),
    "digitize.heartbeat": ("ecg", "numpy scipy"),
    "digitize.segment": ("ecg page.raster nets", "numpy cv2 torch"),
    "digitize.grid": (
        "runtime.bounds ecg page errors digitize.segment digitize.grid",
        "numpy scipy cv2",
    ),
    "digitize.page": (
        "ecg page.raster page.geometry errors digitize.page.sampling digitize.segment"
        " digitize.grid digitize.page",
        "numpy scipy cv2",
    ),
    "digitize.curves.read": ("ecg digitize.curves nets", "numpy torch"),
    "digitize.curves.looks": ("ecg page errors digitize.curves nets", "numpy"),
    "digitize.curves.refine": ("ecg page.raster digitize.curves nets", "numpy torch"),
    "digitize.curves": (
        "ecg page digitize.page.sampling digitize.segment digitize.curves nets",
        "numpy cv2",
    ),
    "digitize.rows.align": ("ecg page digitize.curves digitize.rows nets", "numpy"),
    "digitize.rows.length": ("page digitize.curves digitize.rows nets", "numpy"),
    "digitize.rows.ends": ("ecg page digitize.curves nets", "numpy torch"),
    "digitize.rows": (
        "ecg page errors digitize.heartbeat digitize.segment digitize.curves digitize.rows",
        "numpy scipy cv2",
    ),
    "digitize.calibration.printed_scale": (
        "ecg page.raster page.geometry digitize.page.sampling nets",
        "numpy cv2 torch",
    ),
    "digitize.calibration": (
        "ecg page digitize.heartbeat digitize.curves digitize.rows digitize.calibration",
        "numpy scipy",
    ),
    "digitize.signal": ("ecg page digitize.signal", "numpy scipy"),
    "digitize.answer.quality": (
        "ecg page.raster page.geometry digitize.rows digitize.signal nets",
        "numpy cv2 torch",
    ),
    "digitize.boxes": ("ecg page errors digitize nets", "numpy"),
    "digitize": (
        "runtime.called runtime.bounds ecg page errors runtime.heap digitize nets",
        "numpy cv2",
    ),
    "classify": ("ecg nets classify", "numpy scipy torch"),
    "classify.guess": ("ecg page classify.inputs", "numpy cv2"),
    "classify.picture": ("ecg page digitize classify.inputs classify.guess", "numpy cv2"),
    "classify.branches": ("ecg nets classify", "numpy scipy torch"),
    "train.span": ("", ""),
    "train.ahead": ("runtime.workers", "joblib torch"),
    "train.processes": ("", "torch"),
    "train.loop": (
        "runtime.files nets train.span train.ahead train.processes",
        "torch safetensors tqdm",
    ),
    "train.digitizer": (
        "ecg page score errors runtime.files synth digitize nets train.span "
        "train.ahead train.processes train.loop train.digitizer",
        "numpy cv2 torch safetensors tqdm",
    ),
    "train.classifier": (
        "ecg page score errors runtime.files files.records synth digitize nets "
        "classify train.span train.loop train.digitizer train.classifier",
        "numpy scipy torch safetensors tqdm",
    ),
    "train.picture": (
        "ecg page errors runtime.files synth digitize nets classify train.span "
        "train.loop train.digitizer train.classifier train.picture",
        "numpy scipy cv2 torch safetensors tqdm",
    ),
    "train": (
        "runtime.bounds ecg errors runtime.files files.records simulate digitize nets"
        " classify train",
        "numpy torch tqdm",
    ),
    "measure.alike": ("ecg classify measure", "numpy"),
    "measure": ("runtime.called ecg measure", "numpy scipy"),
    "app.report": ("errors ecg runtime.files measure app.report", "numpy cv2 jinja2"),
    "digitized": (
        "errors runtime.bounds ecg page runtime.boundary files.inputs files.formats "
        "drawn digitize classify classify.picture classify.branches measure digitized",
        "matplotlib numpy pandas cv2 torch",
    ),
    "app.archive": (
        "errors ecg runtime.files runtime.boundary digitized files.inputs "
        "files.formats digitize measure app.report app.archive",
        "",
    ),
    "app.leaderboard": (
        "errors score ecg page files.records runtime.files synth digitize classify "
        "measure train.classifier app.leaderboard",
        "matplotlib numpy",
    ),
    "app.serve": (
        "errors runtime.bounds ecg page runtime.files runtime.boundary digitized "
        "files.inputs digitize measure app.report app.archive app.serve",
        "numpy cv2 jinja2 joblib starlette",
    ),
    "app.options": ("runtime.bounds", "tqdm"),
    "app.commands": ("*", "*"),
    "__main__": ("*", "*"),
    # ecgpaper/__init__.py, the door, which names these rooms but enters none: `eager_imports`.
    "": ("ecg files.records synth digitize classify measure digitized", ""),
}
BANNED_NAMES = {
    "legacy random numbers": r"random\b|numpy\.random(?!\.(Generator|SeedSequence|default_rng)\b)",
    "unsafe loading": r"(torch|joblib)\.load$|pickle(\.|$)|numpy\.load\.allow_pickle$",
    "catch-all module": r"ecgpaper\.(.*\.)?(utils?|common|helpers?|misc)\b",
}
# Longer modules do several things.
MOST_LINES = 300
# Siblings in a folder: more are not taken in at a glance.
MOST_SIBLINGS = 17
# The boundary of a page, the one place where any exception is caught.
MAY_CATCH_ALL = "ecgpaper/runtime/boundary.py"
CATCH_ALL_FILES = {"util", "utils", "common", "helper", "helpers", "misc"}


def module_of(path: str) -> tuple[str, bool]:
    """Dotted name of a file, and whether it is a package."""
    parts = PurePosixPath(path).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return ".".join(parts[:-1] if is_package else parts), is_package


def imports(tree: ast.AST, path: str) -> Iterator[tuple[str, str]]:
    """Yield (name in this file, full dotted name) of each import, relative ones resolved."""
    module, is_package = module_of(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".") + ([""] if is_package else [])
            base = ".".join(parents[: -node.level]) if node.level else ""
            source = ".".join(part for part in (base, node.module) if part)
            for alias in node.names:
                yield alias.asname or alias.name, f"{source}.{alias.name}"


def used_names(tree: ast.AST, path: str) -> set[str]:
    """Full dotted names that a file imports or reaches through what it imported."""
    full_names = {full for _, full in imports(tree, path)}
    # `import a.b` binds `a`, so its root stands for itself.
    roots = {
        here: here if full.split(".")[0] == here else full for here, full in imports(tree, path)
    }
    # Of `np.random.default_rng` only the whole chain counts, not its beginning.
    inner = {node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node not in inner:
            root, _, rest = ast.unparse(node).partition(".")
            if root in roots:
                full_names.add(f"{roots[root]}.{rest}")
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            full_names.add("numpy.load.allow_pickle")
    return full_names


def part_of(module: str) -> str:
    """The entry of MAY_IMPORT for a module such as ``ecgpaper.digitize.segment``."""
    inner = module.removeprefix("ecgpaper").removeprefix(".").split(".")
    prefixes = [".".join(inner[:n]) for n in range(len(inner), 0, -1)]
    return next((prefix for prefix in prefixes if prefix in MAY_IMPORT), inner[0])


def is_within(name: str, parts: set[str]) -> bool:
    """Whether a name lies in one of the parts, or is one."""
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def import_violations(tree: ast.AST, path: str) -> Iterator[str]:
    """Yield imports that the table does not allow."""
    part = part_of(module_of(path)[0])
    if part not in MAY_IMPORT:
        yield f"unknown part of the package: {part}"
        return
    inside, outside = (set(names.split()) for names in MAY_IMPORT[part])
    for _, full in imports(tree, path):
        top, _, rest = full.partition(".")
        if top == "helper_code":
            yield "import of helper_code"
        elif top == "ecgpaper":
            if not is_within(rest, inside | {"__version__"}) and "*" not in inside:
                yield f"import of {full} in {part or 'the package docstring'}"
        elif top not in outside | sys.stdlib_module_names and "*" not in outside:
            yield f"import of {full} in {part}"


def eager_imports(tree: ast.Module, path: str) -> Iterator[str]:
    """Yield what the door imports from the package outside of ``if TYPE_CHECKING:``."""
    for node in tree.body if path == "ecgpaper/__init__.py" else []:
        is_unseen = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for each in node.orelse if is_unseen else [node]:
            for _, full in imports(each, path):
                if full.split(".")[0] == "ecgpaper":
                    yield f"import of {full} with the package"


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether it is a bare ``except`` or takes Exception, alone or among others."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or ast.unparse(kind).endswith("Exception") for kind in caught)


def shape_violations(tree: ast.Module, path: str, source: str) -> Iterator[str]:
    """Yield what is wrong with a module's name, its length and how it assigns its constants."""
    if CATCH_ALL_FILES & set(PurePosixPath(path).with_suffix("").parts):
        yield "catch-all module"
    # A folder's own file names what is in it; the door alone has a function, to import late.
    is_room = path.endswith("/__init__.py") and path != "ecgpaper/__init__.py"
    if is_room and any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree.body):
        yield "code in __init__.py"
    if len(source.splitlines()) > MOST_LINES:
        yield f"more than {MOST_LINES} lines"
    targets = [one for node in tree.body if isinstance(node, ast.Assign) for one in node.targets]
    # Each constant needs a line and an origin of its own.
    for target in targets:
        if isinstance(target, (ast.Tuple, ast.List)):
            yield f"several names for a tuple: {ast.unparse(target)}"


def violations(path: str, source: str) -> list[str]:
    """Everything that the file at `path`, relative to the repository, may not contain."""
    tree = ast.parse(source)
    in_package = path.startswith("ecgpaper/")
    may_print = not in_package or path.startswith(("ecgpaper/app/commands/", "ecgpaper/__main__"))
    found = list(import_violations(tree, path)) if in_package else []
    found += eager_imports(tree, path)
    found += shape_violations(tree, path, source)
    used = used_names(tree, path)
    for rule, pattern in BANNED_NAMES.items():
        if any(re.match(pattern, name) for name in used):
            found.append(rule)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and in_package:
            found.append("assert")
        elif isinstance(node, ast.ExceptHandler) and is_broad(node) and path != MAY_CATCH_ALL:
            found.append("broad except")
        elif isinstance(node, ast.Name) and node.id == "print" and not may_print:
            found.append("print")
    return found


FILES = [*sorted((ROOT / "ecgpaper").rglob("*.py")), *ROOT.glob("team_code.py")]


@pytest.mark.parametrize("path", [file.relative_to(ROOT).as_posix() for file in FILES])
def test_file_keeps_the_rules(path):
    assert violations(path, (ROOT / path).read_text(encoding="utf-8")) == []


# A rule that cannot fail is worthless: each must catch its violation, in every spelling.
@pytest.mark.parametrize(
    ("path", "source", "rule"),
    [
        ("ecgpaper/page/scale.py", "import cv2", "import of cv2 in page"),
        ("ecgpaper/page/__init__.py", "def f():\n    pass", "code in __init__.py"),
        ("ecgpaper/page/scale.py", "def f():\n    import torch.nn", "import of torch.nn in page"),
        ("ecgpaper/ecg.py", "from .synth import spec", "import of ecgpaper.synth.spec in ecg"),
        (
            "ecgpaper/synth/print/pen.py",
            "from ecgpaper.synth.sheet.paper import draw_grid",
            "import of ecgpaper.synth.sheet.paper.draw_grid in synth.print",
        ),
        (
            "ecgpaper/synth/spec/print.py",
            "from ecgpaper.synth.print.rules import frame",
            "import of ecgpaper.synth.print.rules.frame in synth.spec",
        ),
        (
            "ecgpaper/synth/plan.py",
            "from ecgpaper.synth.sample import sample_spec",
            "import of ecgpaper.synth.sample.sample_spec in synth.plan",
        ),
        (
            "ecgpaper/synth/print/ink.py",
            "from ecgpaper.digitize.grid.comb import find_grid_scale",
            "import of ecgpaper.digitize.grid.comb.find_grid_scale in synth.print",
        ),
        (
            "ecgpaper/digitize/__init__.py",
            "from ..synth import spec",
            "import of ecgpaper.synth.spec in digitize",
        ),
        (
            "ecgpaper/digitize/grid/comb.py",
            "from ecgpaper.digitize.page import rectify",
            "import of ecgpaper.digitize.page.rectify in digitize.grid",
        ),
        (
            "ecgpaper/digitize/scale.py",
            "from ecgpaper import synth",
            "import of ecgpaper.synth in digitize",
        ),
        (
            "ecgpaper/digitize/scale.py",
            "import torch",
            "import of torch in digitize",
        ),
        ("ecgpaper/nets/unet.py", "import numpy as np", "import of numpy in nets"),
        ("ecgpaper/nets/unet.py", "from ..ecg import Ecg", "import of ecgpaper.ecg.Ecg in nets"),
        (
            "ecgpaper/digitized/overlay.py",
            "from ..train import loop",
            "import of ecgpaper.train.loop in digitized",
        ),
        ("ecgpaper/app/commands/digitize.py", "from helper_code import *", "import of helper_code"),
        (
            "ecgpaper/__init__.py",
            "from .ecg import Ecg",
            "import of ecgpaper.ecg.Ecg with the package",
        ),
        (
            "ecgpaper/__init__.py",
            "def __getattr__(name):\n    import ecgpaper.synth",
            "import of ecgpaper.synth with the package",
        ),
        (
            "ecgpaper/__init__.py",
            "if TYPE_CHECKING:\n    pass\nelse:\n    from ecgpaper.ecg import Ecg",
            "import of ecgpaper.ecg.Ecg with the package",
        ),
        (
            "ecgpaper/__init__.py",
            "if TYPE_CHECKING:\n    from ecgpaper.train import loop",
            "import of ecgpaper.train.loop in the package",
        ),
        ("ecgpaper/__init__.py", "import numpy", "import of numpy in "),
        ("ecgpaper/extra/a.py", "", "unknown part of the package: extra"),
        ("ecgpaper/ecg.py", "# 1\n" * 301, "more than 300 lines"),
        ("ecgpaper/ecg.py", "LOW, HIGH = 1.0, 2.0", "several names for a tuple: (LOW, HIGH)"),
        ("ecgpaper/ecg.py", "A = [B, C] = 1, 2", "several names for a tuple: [B, C]"),
        ("ecgpaper/ecg.py", "print(1)", "print"),
        ("ecgpaper/ecg.py", "list(map(print, [1]))", "print"),
        ("ecgpaper/ecg.py", "import numpy as np\nnp.random.rand()", "legacy random numbers"),
        ("ecgpaper/ecg.py", "import numpy\nnumpy.random.seed(1)", "legacy random numbers"),
        ("ecgpaper/ecg.py", "from numpy import random", "legacy random numbers"),
        ("ecgpaper/ecg.py", "from numpy.random import RandomState", "legacy random numbers"),
        ("ecgpaper/ecg.py", "import random", "legacy random numbers"),
        ("team_code.py", "from random import choice", "legacy random numbers"),
        ("ecgpaper/ecg.py", "assert True", "assert"),
        ("ecgpaper/ecg.py", "try:\n    f()\nexcept:\n    pass", "broad except"),
        ("ecgpaper/ecg.py", "try:\n    f()\nexcept Exception as e:\n    pass", "broad except"),
        (
            "team_code.py",
            "try:\n    f()\nexcept (OSError, BaseException):\n    pass",
            "broad except",
        ),
        ("ecgpaper/synth/utils.py", "", "catch-all module"),
        ("ecgpaper/common/grid.py", "", "catch-all module"),
        ("team_code.py", "from ecgpaper.misc import f", "catch-all module"),
        ("team_code.py", "import torch\ntorch.load('a')", "unsafe loading"),
        ("team_code.py", "from torch import load as read", "unsafe loading"),
        ("ecgpaper/nets/stored/checkpoint.py", "import pickle", "unsafe loading"),
        ("ecgpaper/train/loop.py", "import joblib as j\nj.load('a')", "unsafe loading"),
        (
            "ecgpaper/ecg.py",
            "import numpy as np\nnp.load('a', allow_pickle=True)",
            "unsafe loading",
        ),
    ],
)
def test_each_rule_catches_its_violation(path, source, rule):
    assert any(found.startswith(rule) for found in violations(path, source))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "team_code.py",
            "from helper_code import *\nimport ecgpaper.files.records.challenge\nprint(1)",
        ),
        (
            "ecgpaper/__init__.py",
            "if TYPE_CHECKING:\n    from ecgpaper.ecg import Ecg\nimport importlib",
        ),
        ("ecgpaper/app/commands/simulate.py", "import tqdm\nfrom ..simulate import f\nprint(1)"),
        ("ecgpaper/synth/sheet/wear.py", "from ..print import ink\nfrom . import dirt\nimport cv2"),
        ("ecgpaper/digitize/segment.py", "import torch\nfrom ecgpaper.nets import unet"),
        ("ecgpaper/nets/stored/checkpoint.py", "import json\nfrom ..errors import CheckpointError"),
        ("ecgpaper/simulate.py", "import numpy as np\nnp.random.default_rng(1).random()"),
        ("ecgpaper/ecg.py", "def f(rng, random):\n    return random.x"),
        ("ecgpaper/train/loop.py", "import tqdm\nfrom torch.utils.data import Dataset"),
        ("ecgpaper/ecg.py", "try:\n    f()\nexcept (OSError, ValueError):\n    raise"),
        ("ecgpaper/runtime/boundary.py", "try:\n    f()\nexcept Exception:\n    pass"),
        ("ecgpaper/ecg.py", "A = 1, 2\ndef f():\n    b, c = A" + "\n" * 297),
    ],
)
def test_what_is_allowed_passes(path, source):
    assert violations(path, source) == []


def test_every_file_is_seen():
    assert ROOT / "ecgpaper" / "errors.py" in FILES


def package_files() -> Iterator[tuple[str, ast.Module]]:
    """Yield the path, relative to the repository, and the tree of each module."""
    for file in FILES:
        path = file.relative_to(ROOT).as_posix()
        if path.startswith("ecgpaper/"):
            yield path, ast.parse(file.read_text(encoding="utf-8"))


def test_no_folder_holds_too_much():
    folders = {file.parent for file in (ROOT / "ecgpaper").rglob("*.py")}
    siblings = {
        folder.relative_to(ROOT).as_posix(): len(
            [each for each in folder.iterdir() if each in folders or each.suffix == ".py"]
        )
        for folder in folders
    }
    # `__init__.py` is the folder itself.
    assert {name: n - 1 for name, n in siblings.items() if n - 1 > MOST_SIBLINGS} == {}


def test_table_allows_nothing_that_no_file_needs():
    imported = defaultdict(set)
    for path, tree in package_files():
        for _, full in imports(tree, path):
            imported[part_of(module_of(path)[0])].add(full.removeprefix("ecgpaper."))
    unneeded = [
        f"{part} need not import {word}"
        for part, allowed in MAY_IMPORT.items()
        for word in " ".join(allowed).split()
        if word != "*" and not any(is_within(full, {word}) for full in imported[part])
    ]
    assert unneeded == []


def is_same_room(part: str, other: str) -> bool:
    """Whether one part lies within the other, or is it."""
    return is_within(part, {other}) or is_within(other, {part})


def test_parts_build_on_those_before_them():
    before: list[str] = []
    upwards = []
    for part, (inside, _) in MAY_IMPORT.items():
        for word in inside.split():
            known = any(is_within(word, {other}) or is_within(other, {word}) for other in before)
            if part and word != "*" and not is_same_room(part, word) and not known:
                upwards.append(f"{part} imports {word}, which comes later")
        before.append(part)
    assert upwards == []


def import_table() -> str:
    """The table above as Markdown."""
    lines = ["| part | imports from the package | from outside |", "|---|---|---|"]
    for part, (inside, outside) in MAY_IMPORT.items():
        cells = [(part and f"`{part}`") or "the door", inside, outside]
        lines.append("| " + " | ".join(cell.replace("*", "all") for cell in cells) + " |")
    return "\n".join(lines)


def test_a_document_shows_this_table():
    shown = (ROOT / "docs" / "imports.md").read_text(encoding="utf-8")
    assert import_table() in shown, f"docs/imports.md must have this table:\n\n{import_table()}"
