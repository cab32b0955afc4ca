"""The requests that the server answers: its page, its pages' files, and the same as REST.

Public: `make_app`.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ecgpaper.app.archive.corrections import MOST_BYTES, stated_from_json
from ecgpaper.app.serve.answers import brief_of, full_of
from ecgpaper.app.serve.desk import MAX_UPLOAD_BYTES, Desk
from ecgpaper.app.serve.guard import Guard
from ecgpaper.app.serve.openapi import openapi
from ecgpaper.app.serve.page import Page
from ecgpaper.errors import BatchError, BusyError, DiskError, EcgPaperError, RecordError
from ecgpaper.page import LAYOUTS

# A file that takes longer to arrive, from this machine, does not.
_UPLOAD_S = 60.0
# How long an answer is waited for, if not asked otherwise,
_WAIT_S = 60.0
# and the longest.
_MOST_WAIT_S = 600.0
# Fields that an upload may have besides the file.
_MOST_FIELDS = 8
_PARTS = {
    "app.js": ("serve", "text/javascript"),
    "boxes.js": ("serve", "text/javascript"),
    "app.css": ("serve", "text/css"),
    "paper.js": ("report", "text/javascript"),
    "report.css": ("report", "text/css"),
}
_SHOWN = {".jpg": "image/jpeg"}
_STATUS_OF: tuple[tuple[type[EcgPaperError], int], ...] = (
    (BusyError, 503),
    (DiskError, 507),
    (BatchError, 409),
    (RecordError, 422),
)


def make_app(desk: Desk) -> Starlette:
    """Return the app that serves the pages of a desk."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        desk.close()

    routes = [
        Route("/", _index),
        Route("/static/{part}", _part),
        Route("/openapi.json", _openapi),
        Route("/digitize", _digitize, methods=["POST"]),
        Route("/pages", _pages),
        Route("/pages/{key}", _page),
        Route("/pages/{key}/corrections", _correct, methods=["PUT", "DELETE"]),
        Route("/pages/{key}/read", _read, methods=["POST"]),
        Route("/pages/{key}/picture", _picture),
        Route("/pages/{key}/files/{file}", _file),
    ]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(Guard)],
        exception_handlers={EcgPaperError: _fault, HTTPException: _refusal},
        max_body_size=MAX_UPLOAD_BYTES,
    )
    app.state.desk = desk
    return app


async def _index(_: Request) -> HTMLResponse:
    return HTMLResponse(_index_html())


@cache
def _index_html() -> str:
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("ecgpaper.app.serve"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    layouts = {name: _places(name) for name in LAYOUTS}
    most_mb = MAX_UPLOAD_BYTES // 1_000_000
    return templates.get_template("index.html").render(layouts=layouts, most_mb=most_mb)


def _places(name: str) -> list[dict[str, Any]]:
    return [
        {"row": each.row, "column": each.column, "lead": each.lead, "is_rhythm": each.is_rhythm}
        for each in LAYOUTS[name].segments
    ]


async def _part(request: Request) -> Response:
    name = request.path_params["part"]
    if name not in _PARTS:
        raise HTTPException(404, "no such part")
    package, kind = _PARTS[name]
    file = resources.files(f"ecgpaper.app.{package}") / "templates" / name
    return Response(file.read_bytes(), media_type=kind)


async def _openapi(_: Request) -> JSONResponse:
    return JSONResponse(openapi())


async def _digitize(request: Request) -> JSONResponse:
    """Take a file in, with what is stated about it, and read its pages."""
    desk: Desk = request.app.state.desk
    wait_s = _wait_s(request)
    try:
        async with (
            asyncio.timeout(_UPLOAD_S),
            request.form(max_files=1, max_fields=_MOST_FIELDS) as form,
        ):
            fields = {key: value for key, value in form.items() if isinstance(value, str)}
            sent = form.get("file")
            if sent is None or isinstance(sent, str):
                raise HTTPException(422, "expected a form with a file, as in: -F file=@page.jpg")
            name, content = sent.filename or "page", await sent.read()
    except TimeoutError as error:
        raise HTTPException(408, f"a file must arrive within {_UPLOAD_S:g} s") from error
    stated = _stated({key: _value(key, text) for key, text in fields.items()})
    pages = await desk.open(await asyncio.to_thread(desk.upload, name, content))
    for page in pages:
        desk.check_idle(page)
        if fields:
            desk.correct(page, stated)
        desk.begin(page)
    return await _told(desk, pages, wait_s)


async def _pages(request: Request) -> JSONResponse:
    desk: Desk = request.app.state.desk
    return JSONResponse({"pages": [brief_of(desk, page) for page in desk.pages.values()]})


async def _page(request: Request) -> JSONResponse:
    desk, page = _asked(request)
    return JSONResponse(full_of(desk, page))


async def _correct(request: Request) -> JSONResponse:
    """Keep what is stated about a page, and read it again where its file is here."""
    desk, page = _asked(request)
    stated = None
    if request.method == "PUT":
        body = await request.body()
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"corrections may have {MOST_BYTES} bytes")
        try:
            stated = _stated(json.loads(body))
        except (ValueError, RecursionError) as error:
            raise HTTPException(422, f"expected JSON; {error}") from error
    desk.correct(page, stated)
    if page.job is None:
        return JSONResponse({"pages": [full_of(desk, page)]})
    desk.begin(page)
    return await _told(desk, [page], _wait_s(request))


async def _read(request: Request) -> JSONResponse:
    desk, page = _asked(request)
    desk.begin(page)
    return await _told(desk, [page], _wait_s(request))


async def _picture(request: Request) -> Response:
    desk, page = _asked(request)
    return Response(await desk.picture(page), media_type="image/jpeg")


async def _file(request: Request) -> Response:
    desk, page = _asked(request)
    name = request.path_params["file"]
    file = desk.files(page).get(name)
    if file is None:
        raise HTTPException(404, "this page has no such file")
    if kind := _SHOWN.get(file.suffix):
        return FileResponse(file, media_type=kind)
    return FileResponse(file, media_type="application/octet-stream", filename=name)


async def _told(desk: Desk, pages: list[Page], wait_s: float) -> JSONResponse:
    """Answer what became of pages; 202 where some still wait."""
    await desk.settle(pages, wait_s)
    is_waiting = any(page.status == "waiting" for page in pages)
    told = [full_of(desk, page) for page in pages]
    return JSONResponse({"pages": told}, 202 if is_waiting else 200)


def _asked(request: Request) -> tuple[Desk, Page]:
    desk: Desk = request.app.state.desk
    page = desk.pages.get(request.path_params["key"])
    if page is None:
        raise HTTPException(404, "there is no such page")
    return desk, page


def _stated(told: Any) -> Any:
    try:
        return stated_from_json(told)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


def _value(key: str, text: str) -> Any:
    """Return the value of a field of a form, in which all are texts."""
    if key == "layout":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HTTPException(422, f"{key} must be a number, or JSON; got {text[:40]!r}") from error


def _wait_s(request: Request) -> float:
    try:
        wait_s = float(request.query_params.get("wait_s", _WAIT_S))
    except ValueError:
        wait_s = math.nan
    if not 0 <= wait_s <= _MOST_WAIT_S:
        raise HTTPException(422, f"wait_s must be a number from 0 to {_MOST_WAIT_S:g}")
    return wait_s


async def _fault(_: Request, error: Exception) -> JSONResponse:
    status = next((status for kind, status in _STATUS_OF if isinstance(error, kind)), 500)
    return JSONResponse({"reason": str(error)}, status)


async def _refusal(_: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    return JSONResponse({"reason": detail}, status)
