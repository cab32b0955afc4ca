"""Fill the tables of the documents from committed results, so that both cannot come apart.

Run from the repository's root: ``python -m benchmarks.tables``. Between the lines
``<!-- begin FILE VIEW -->`` and ``<!-- end -->`` of the READMEs and docs/*.md stands what the view
makes of the JSON file, or that there is none yet; a test holds the two against each other.
"""

import json
import re
import sys
from pathlib import Path

from benchmarks import bench, groups
from ecgpaper.app.leaderboard import tables
from ecgpaper.app.leaderboard.peers import load_peers
from ecgpaper.runtime.files import write_whole

ROOT = Path(__file__).resolve().parent.parent
NOT_MEASURED = "Not measured yet.\n"
BLOCK = re.compile(r"(<!-- begin (\S+) (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def views():
    """Return, by name, what makes a table of what a file holds."""
    peers = load_peers()

    def of_conditions(make):
        return lambda told: make(told.get("conditions", ()), peers)

    of_leaderboard = {name: of_conditions(make) for name, (_, make) in tables.TABLES.items()}
    return {**of_leaderboard, "bench": bench.table, "groups": groups.table, "signals": signals}


def signals(told):
    """Return the SNR and its companions of each kind of pages, as they were measured one by one."""
    lines = [
        "| pages | SNR, dB | median | later scorer | coverage | leads below 0 dB | early | "
        "wrong layout | r |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in told["rows"]:
        r = "" if row["r"] is None else f"{row['r']:.2f}"
        cells = [
            *(row["pages"], f"{row['snr_db']:.1f}", f"{row['median_db']:.1f}"),
            *(f"{row['later_db']:.1f}", f"{row['coverage']:.3f}", row["below_zero"]),
            *(row["early"] or "", row["layout"] or "", r),
        ]
        lines.append("| " + " | ".join(cells).rstrip() + " |")
    return "\n".join(lines) + "\n"


def documents():
    """Return the files in which tables may stand."""
    readmes = [ROOT / "README.md", *(ROOT / part / "README.md" for part in ("model", "benchmarks"))]
    return [*readmes, *sorted((ROOT / "docs").glob("*.md"))]


def filled(text):
    """Return a document with all of its tables made anew."""
    known = views()

    def block(found):
        begin, file, view, end = found.groups()
        if not (ROOT / file).exists():
            return begin + NOT_MEASURED + end
        told = json.loads((ROOT / file).read_text(encoding="utf-8"))
        return begin + known[view](told) + end

    return BLOCK.sub(block, text)


def main():
    """Fill all documents; name those that changed."""
    for file in documents():
        before = file.read_text(encoding="utf-8")
        after = filled(before)
        if after != before:
            write_whole(file, after.encode())
            sys.stdout.write(f"{file.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
