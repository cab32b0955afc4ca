"""``ecgpaper VERB ...``, also ``python -m ecgpaper``: verbs are modules of `app.commands`."""

from __future__ import annotations

import argparse
import importlib
import logging
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ecgpaper import __version__
from ecgpaper.app import commands
from ecgpaper.errors import EcgPaperError


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Prints defaults, but neither None nor the False of a flag."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is None or action.default is False:
            return action.help
        return super()._get_help_string(action)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser with all verbs, in kebab-case, under the name that was called."""
    is_module = Path(sys.argv[0]).name == "__main__.py"
    parser = argparse.ArgumentParser(
        prog="python -m ecgpaper" if is_module else "ecgpaper",
        description="Paper ECGs into signals and diagnoses, and back.",
    )
    parser.add_argument("--version", action="version", version=f"ecgpaper {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for found in pkgutil.iter_modules(commands.__path__):
        module = importlib.import_module(f"{commands.__name__}.{found.name}")
        text = (module.__doc__ or "").strip()
        verb = verbs.add_parser(
            found.name.replace("_", "-"),
            help=text.split("\n", 1)[0],
            description=text,
            formatter_class=_HelpFormatter,
        )
        module.add_arguments(verb)
        verb.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; an unusable record or file becomes one line on stderr and the status 1."""
    arguments = make_parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        return int(arguments.run(arguments))
    except EcgPaperError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
