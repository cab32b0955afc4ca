"""What the server says about a page, as JSON.

Public: `brief_of`, `full_of`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from ecgpaper.app.archive.corrections import json_of_stated
from ecgpaper.app.archive.task import CURVES, OVERLAY, THUMBNAIL
from ecgpaper.app.report import ReportRow, measurements_in_words, snr_in_words
from ecgpaper.app.serve.desk import Desk
from ecgpaper.app.serve.page import Page
from ecgpaper.measure import Measurements
from ecgpaper.runtime.boundary import PageFault


def brief_of(desk: Desk, page: Page) -> dict[str, Any]:
    """Return what the list of pages shows of one."""
    path = desk.path(page)
    return {
        "key": page.key,
        "name": page.name,
        "file": Path(page.file).name,
        "page": page.number,
        "status": page.status,
        "reason": page.reason,
        "thumbnail": _link(page, path.name + THUMBNAIL)
        if path.with_name(path.name + THUMBNAIL).is_file() and page.status == "read"
        else None,
        "link": f"/pages/{page.key}",
    }


def full_of(desk: Desk, page: Page) -> dict[str, Any]:
    """Return all that is known of a page."""
    files = desk.files(page)
    answer = desk.answer(page) if page.status == "read" else None
    corrections, fault = desk.corrections(page), ""
    if isinstance(corrections, PageFault):
        corrections, fault = None, str(corrections)
    shown = {
        kind: next((_link(page, name) for name in files if name.endswith(ending)), None)
        for kind, ending in (("overlay", OVERLAY), ("curves", CURVES))
    }
    return {
        **brief_of(desk, page),
        "can_be_read": page.job is not None,
        "corrections": None if corrections is None else json_of_stated(corrections),
        "corrections_fault": fault,
        "answer": answer,
        "in_words": _in_words(answer or {}),
        "picture": f"/pages/{page.key}/picture" if page.job else None,
        **(shown if answer else dict.fromkeys(shown)),
        "files": [{"name": name, "link": _link(page, name)} for name in files] if answer else [],
    }


def _in_words(answer: dict[str, Any]) -> dict[str, Any]:
    """Return how far leads can be trusted, and measurements, in the words of the report."""
    try:
        measured = Measurements.from_json(answer["measurements"])
    except (KeyError, ValueError):
        measured = None
    return {"trust": _trust(answer), "measured": measurements_in_words(measured)}


def _trust(answer: dict[str, Any]) -> list[dict[str, str]]:
    predicted, left_out = answer.get("predicted_snr_db"), answer.get("left_out")
    if not isinstance(predicted, dict) or not isinstance(left_out, list):
        return []
    return snr_in_words(ReportRow("", predicted_snr_db=predicted, left_out=tuple(left_out)))


def _link(page: Page, name: str) -> str:
    return f"/pages/{page.key}/files/{quote(name)}"
