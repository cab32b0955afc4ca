"""The server's REST interface, described as OpenAPI 3.1 has it.

Public: `openapi`.
"""

from __future__ import annotations

from typing import Any

from ecgpaper import __version__
from ecgpaper.digitize.request import BOX_EDGES, MOST_PLACES
from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.page import LAYOUTS
from ecgpaper.runtime.bounds import GAIN_MM_PER_MV, SPEED_MM_PER_S, Range


def openapi() -> dict[str, Any]:
    """Return the description of all requests that are answered."""
    key = {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}
    wait = {
        "name": "wait_s",
        "in": "query",
        "schema": {"type": "number", "minimum": 0, "maximum": 600, "default": 60},
        "description": "How long to wait for pages that are being read.",
    }
    stated = _ref("Stated")
    form = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}, **_STATED},
    }
    pages = {
        "200": _answer("All pages are read, refused or failed.", _ref("Pages")),
        "202": _answer("Some pages still wait: ask for them later.", _ref("Pages")),
    }
    file = {"name": "file", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ecgpaper",
            "version": __version__,
            "description": "Paper ECGs into signals, on this machine. No medical device.",
        },
        "paths": {
            "/digitize": {
                "post": {
                    "summary": "Read all pages of a file; what is stated is kept as corrections",
                    "parameters": [wait],
                    "requestBody": {
                        "required": True,
                        "content": {"multipart/form-data": {"schema": form}},
                    },
                    "responses": {**pages, **_refusals("413", "422", "503")},
                }
            },
            "/pages": {
                "get": {
                    "summary": "All pages",
                    "responses": {"200": _answer("The pages, in brief.", _ref("Pages"))},
                }
            },
            "/pages/{key}": {
                "parameters": [key],
                "get": {
                    "summary": "All that is known of a page",
                    "responses": {
                        "200": _answer("The page.", _ref("Page")),
                        **_refusals("404"),
                    },
                },
            },
            "/pages/{key}/corrections": {
                "parameters": [key, wait],
                "put": {
                    "summary": "State what is wrong about a page, and read it again",
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": stated}},
                    },
                    "responses": {**pages, **_refusals("404", "409", "422", "503")},
                },
                "delete": {
                    "summary": "Forget what was stated, and read the page again",
                    "responses": {**pages, **_refusals("404", "409", "503")},
                },
            },
            "/pages/{key}/read": {
                "parameters": [key, wait],
                "post": {
                    "summary": "Read a page, as it is to be read now",
                    "responses": {**pages, **_refusals("404", "409", "503")},
                },
            },
            "/pages/{key}/picture": {
                "parameters": [key],
                "get": {
                    "summary": "A page as a picture, shrunk to a screen",
                    "responses": {
                        "200": {"description": "The picture.", "content": {"image/jpeg": {}}},
                        **_refusals("404", "409", "422"),
                    },
                },
            },
            "/pages/{key}/files/{file}": {
                "parameters": [key, file],
                "get": {
                    "summary": "A file that was written of a page",
                    "responses": {
                        "200": {
                            "description": "The file.",
                            "content": {"application/octet-stream": {}, "image/jpeg": {}},
                        },
                        **_refusals("404"),
                    },
                },
            },
        },
        "components": {"schemas": _schemas()},
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(description: str, schema: dict[str, str]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _refusals(*statuses: str) -> dict[str, Any]:
    said = {
        "404": "There is no such page or file.",
        "409": "The page is being read, or its file is not here.",
        "413": "The file is too large.",
        "422": "The file cannot be read, or what is stated cannot be.",
        "503": "Too many pages wait.",
    }
    return {status: _answer(said[status], _ref("Refusal")) for status in statuses}


def _number(allowed: Range, description: str) -> dict[str, Any]:
    return {
        "type": ["number", "null"],
        "minimum": allowed.low,
        "maximum": allowed.high,
        "description": f"{description}, in {allowed.unit}; found where it is not stated.",
    }


_PLACE = {"type": "integer", "minimum": 0, "maximum": MOST_PLACES - 1}
_LEAD = {
    "type": "object",
    "required": ["row", "column", "lead"],
    "properties": {
        "row": _PLACE,
        "column": _PLACE,
        "lead": {"enum": list(STANDARD_ORDER)},
    },
}
_SHARE = {"type": "number", "minimum": -0.25, "maximum": 1.25}
_BOX = {
    "type": "object",
    "required": ["row", "column", *BOX_EDGES],
    "properties": {
        "row": _PLACE,
        "column": _PLACE,
        **dict.fromkeys(BOX_EDGES, _SHARE),
    },
    "description": "Edges as shares of the picture's width and height. The strip begins at the "
    "middle of the side that is its left one on paper, ends at the middle of that across, and its "
    "curve runs between the two others.",
}
_STATED: dict[str, Any] = {
    "layout": {"enum": [*LAYOUTS, None], "description": "Found where it is not stated."},
    "speed_mm_per_s": _number(SPEED_MM_PER_S, "Of the paper"),
    "gain_mm_per_mv": _number(GAIN_MM_PER_MV, "Of the print"),
    "leads": {
        "type": "array",
        "items": _LEAD,
        "maxItems": MOST_PLACES,
        "description": "Places of the layout that show other leads; rhythm strips are rows of one "
        "column below the others.",
    },
    "corners": {
        "type": ["array", "null"],
        "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        "minItems": 4,
        "maxItems": 4,
        "description": "Of the page on its picture, clockwise from its top left, as shares of the "
        "picture's width and height.",
    },
    "boxes": {
        "type": "array",
        "items": _BOX,
        "maxItems": MOST_PLACES,
        "description": "Of strips that stand elsewhere than they are found; the curves of the "
        "others stay as they are, their signals may change. `boxes` of NAME.json says where each "
        "was found.",
    },
}


def _schemas() -> dict[str, Any]:
    text, link = {"type": "string"}, {"type": ["string", "null"]}
    return {
        "Stated": {"type": "object", "properties": _STATED, "additionalProperties": False},
        "Refusal": {"type": "object", "properties": {"reason": text}, "required": ["reason"]},
        "Pages": {
            "type": "object",
            "properties": {"pages": {"type": "array", "items": _ref("Page")}},
            "required": ["pages"],
        },
        "Page": {
            "type": "object",
            "properties": {
                "key": text,
                "name": text,
                "file": text,
                "page": {"type": "integer", "minimum": 1},
                "status": {"enum": ["unread", "waiting", "read", "refused", "failed"]},
                "reason": text,
                "corrections": {"oneOf": [_ref("Stated"), {"type": "null"}]},
                "answer": {
                    "type": ["object", "null"],
                    "description": "NAME.json, which docs/page.schema.json describes.",
                },
                "overlay": link,
                "picture": link,
                "files": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"name": text, "link": text}},
                },
            },
            "required": ["key", "name", "file", "page", "status", "reason"],
        },
    }
