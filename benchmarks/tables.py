"""Fill the tables of the documents from committed results, so that both cannot come apart.

Run from the repository's root: ``python -m benchmarks.tables``. Between the lines
``<!-- begin FILE VIEW -->`` and ``<!-- end -->`` of README.md, docs/*.md and model/README.md stands
what the view makes of the JSON file; a test holds the two against each other.
"""

import json
import re
import sys
from pathlib import Path

from benchmarks import bench, groups
from ecgpaper.files import write_whole
from ecgpaper.leaderboard import tables
from ecgpaper.leaderboard.peers import load_peers

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- begin (\S+) (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def views():
    """Return, by name, what makes a table of what a file holds."""
    peers = load_peers()

    def of_conditions(make):
        return lambda told: make(told.get("conditions", ()), peers)

    of_leaderboard = {name: of_conditions(make) for name, (_, make) in tables.TABLES.items()}
    return {**of_leaderboard, "bench": bench.table, "groups": groups.table}


def documents():
    """Return the files in which tables may stand."""
    return [ROOT / "README.md", ROOT / "model" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def filled(text):
    """Return a document with all of its tables made anew."""
    known = views()

    def block(found):
        begin, file, view, end = found.groups()
        return begin + known[view](json.loads((ROOT / file).read_text())) + end

    return BLOCK.sub(block, text)


def main():
    """Fill all documents; name those that changed."""
    for file in documents():
        before = file.read_text()
        after = filled(before)
        if after != before:
            write_whole(file, after.encode())
            sys.stdout.write(f"{file.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
