"""Look at pages, correct and read them in a browser on this machine.

Opens http://127.0.0.1:PORT, which answers on this machine only: drop a file there, see the page
with what was read drawn over it and its leads drawn again, state its layout, speed, gain, names and
boxes of leads or its corners, read it again, download. Pages below PATH and those of earlier runs
on OUT are there as well. What is stated is kept beside the outputs, as NAME.corrections.json, and
honored by ecgpaper digitize on the same OUT; OUT/report.html is written again when no page waits.
The same as REST: /openapi.json. This is no medical device.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
from pathlib import Path

from ecgpaper.app.commands.digitize import page_task
from ecgpaper.app.options import add_reading, whole_number
from ecgpaper.errors import MissingPackageError, OutputError
from ecgpaper.runtime.files import prepare_output_folder

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
_NEEDED = ("starlette", "uvicorn", "python_multipart", "jinja2")
# Browsers ask for a page's parts at once; more is no browser.
_MOST_AT_ONCE = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="files and folders to offer"
    )
    add_reading(parser)
    parser.add_argument(
        "--port", type=whole_number(1, 65535), default=8765, help="where it listens"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    _require(*_NEEDED)
    import uvicorn  # noqa: PLC0415  an extra

    from ecgpaper.app.serve import Desk, RememberingLoader, Worker, make_app  # noqa: PLC0415
    from ecgpaper.digitized.page import Settings  # noqa: PLC0415
    from ecgpaper.digitized.reader import ReaderLoader  # noqa: PLC0415

    prepare_output_folder(arguments.out)
    model = arguments.model.resolve() if arguments.model else None
    task = page_task(
        arguments, RememberingLoader(ReaderLoader(model)), Settings(arguments.fs), model
    )
    desk = Desk(task, Worker(), Worker())
    desk.lay_out(arguments.paths)
    logger.info("open http://%s:%d in a browser; Ctrl-C ends it", HOST, arguments.port)
    config = uvicorn.Config(
        make_app(desk),
        host=HOST,
        port=arguments.port,
        log_level="warning",
        limit_concurrency=_MOST_AT_ONCE,
        server_header=False,
        ws="none",
    )
    try:
        uvicorn.Server(config).run()
    except SystemExit as error:
        raise OutputError(
            f"port {arguments.port} must be free; it is not: choose another --port"
        ) from error
    except KeyboardInterrupt:
        pass
    return 0


def _require(*packages: str) -> None:
    """Refuse to begin without the packages of the extra."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingPackageError(package, "serve")
