"""``python -m ecgpaper VERB ...``: each module of `ecgpaper.commands` is a verb."""

from __future__ import annotations

import argparse
import importlib
import logging
import pkgutil
import sys
from collections.abc import Sequence

from ecgpaper import commands
from ecgpaper.errors import EcgPaperError


def make_parser() -> argparse.ArgumentParser:
    """Return the parser with all verbs, in kebab-case."""
    parser = argparse.ArgumentParser(
        prog="python -m ecgpaper", description="Paper ECGs into signals and diagnoses, and back."
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for found in pkgutil.iter_modules(commands.__path__):
        module = importlib.import_module(f"{commands.__name__}.{found.name}")
        text = (module.__doc__ or "").strip()
        verb = verbs.add_parser(
            found.name.replace("_", "-"),
            help=text.split("\n", 1)[0],
            description=text,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
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
