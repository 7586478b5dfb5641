"""Measure how fast explorables answer, from a key press to the new picture; fails above the limit.

    python benchmarks/latency.py
    python benchmarks/latency.py 02_b_splines

Each student's notebook is opened in a real JupyterLab in Chromium, as in the tests, and every control is moved to
both its ends by keyboard. The page's own clock tells when a key was pressed and when the picture was there. What
counts is an explorable's median; one picture may be late, as any process of the machine may come between.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from minikan.sweeps import Table

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "tutorial"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "browser")]

import chromium  # noqa: E402
from lab import LabPage, jupyter_lab  # noqa: E402

MOST_MILLISECONDS = 150


def measure(notebook):
    """Move every control of a notebook that is open; give a row for each explorable."""
    for number, explorable in enumerate(notebook.explorables(), start=1):
        for control in explorable.controls():
            explorable.to_both_ends(control)
        times = explorable.latencies
        yield {
            "notebook": Path(notebook.name).stem,
            "explorable": number,
            "pictures": len(times),
            "median ms": round(statistics.median(times)),
            "slowest ms": round(max(times)),
        }


def main():
    """Measure the notebooks named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = sorted(path.stem for path in TUTORIAL.glob("*.ipynb"))
    parser.add_argument("names", nargs="*", help="such as 02_b_splines; all if none is given", default=names)
    executable = chromium.find_chromium() or sys.exit("Chromium is not installed")
    rows = []
    with tempfile.TemporaryDirectory() as home, chromium.start(executable) as new_page:
        shutil.copytree(TUTORIAL, Path(home) / "tutorial")
        with jupyter_lab(Path(home) / "tutorial", Path(home)) as address:
            for name in parser.parse_args().names:
                notebook = LabPage(new_page(), address, f"{name}.ipynb")
                rows += measure(notebook)
                notebook.close()
    table = Table(row | {"error": ""} for row in rows)
    print(table)
    if not table or max(table.column("median ms")) > MOST_MILLISECONDS:
        sys.exit(f"an explorable takes more than {MOST_MILLISECONDS} ms, or there is none")


if __name__ == "__main__":
    main()
