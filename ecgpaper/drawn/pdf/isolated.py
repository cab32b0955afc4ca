"""The drawing of a PDF page, taken apart in a process that may use only so much.

Public: `load_drawing`.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from ecgpaper.drawn.pdf.drawing import Drawing, unpack
from ecgpaper.drawn.pdf.extract import REFUSED
from ecgpaper.errors import DrawingError

# Wall time of the process, in s; its processor time has its own bound.
_MOST_S = 20.0
_PACKAGE_PARENT = Path(__file__).parents[3]


def load_drawing(file: Path, page_number: int) -> Drawing:
    """Take apart a page of a PDF.

    Parameters
    ----------
    file : Path
    page_number : int
        From 1.

    Raises
    ------
    DrawingError
        If `pypdfium2` is not installed, the file is no PDF that can be opened, has no such page, or
        its page would take more time or memory than a page may.
    """
    if importlib.util.find_spec("pypdfium2") is None:
        raise DrawingError(
            "reading the lines of a PDF needs pypdfium2, which is not installed: "
            "pip install 'ecgpaper[pdf]'"
        )
    line = [
        sys.executable,
        "-m",
        "ecgpaper.drawn.pdf.extract",
        str(file.absolute()),
        str(page_number),
    ]
    path = os.pathsep.join([str(_PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")])
    # One thread: the memory that others reserve counts against the bound.
    surroundings = {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603  our own program
            line, capture_output=True, check=False, timeout=_MOST_S, env=surroundings
        )
    except subprocess.TimeoutExpired as error:
        raise _too_much(file, page_number) from error
    except (OSError, ValueError) as error:
        raise DrawingError(f"{file} must be a PDF that can be opened; {error}") from error
    if done.returncode == REFUSED:
        found = done.stderr.decode(errors="replace")
        raise DrawingError(
            f"page {page_number} of {file} must be a page of a whole, open PDF; {found}: "
            "export it again, or save the page as PNG"
        )
    if done.returncode:
        raise _too_much(file, page_number)
    return unpack(done.stdout)


def _too_much(file: Path, page_number: int) -> DrawingError:
    return DrawingError(
        f"page {page_number} of {file} must be drawn with the time and memory of a page; "
        "its lines ask for more: save the page as PNG"
    )
