"""Run every notebook and measure its time and its memory; fails above 1 GB or 30 s.

    python benchmarks/chapters.py
    python benchmarks/chapters.py 02_b_splines solutions/05_scaling_laws

Each notebook has a kernel of its own, with one thread, as a student's has. The peak is that of the kernel and of
all the processes that it starts, summed at any one time: ten times a second all of them are asked how much
memory is theirs alone, and their share of what they have in common (on Linux; elsewhere all of what they hold).
"""

import argparse
import os
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

from minikan import sweep

TUTORIAL = Path(__file__).resolve().parents[1] / "tutorial"
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"), "1")
MOST_MEGABYTES = 1000
MOST_SECONDS = 30  # on a machine that has nothing else to do


class Watch(threading.Thread):
    """Watch the memory of all the processes below this one, until told to stop."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak, self.stopped = 0, threading.Event()

    def run(self):
        while not self.stopped.wait(0.1):
            total = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    memory = process.memory_full_info()
                except psutil.Error:
                    continue  # it has just ended
                total += getattr(memory, "pss", memory.rss)
            self.peak = max(self.peak, total)


def measure(notebook):
    """Execute a notebook; give its peak in MB and its seconds."""
    path = TUTORIAL / f"{notebook}.ipynb"
    notebook, watch = nbformat.read(path, as_version=4), Watch()
    client = NotebookClient(
        notebook,
        timeout=300,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--IPKernelApp.log_level=40"],  # no notes on the kernel's transport
    )
    watch.start()
    start = time.perf_counter()
    client.execute()
    seconds = time.perf_counter() - start
    watch.stopped.set()
    watch.join()
    return {"peak MB": round(watch.peak / 1e6), "s": round(seconds, 1)}


def main():
    """Measure the notebooks named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = sorted(
        path.relative_to(TUTORIAL).with_suffix("").as_posix() for path in TUTORIAL.rglob("*.ipynb")
    )
    parser.add_argument("names", nargs="*", help="such as 02_b_splines; all if none is given", default=names)
    os.environ.update(THREADS)
    table = sweep(measure, [{"notebook": name} for name in parser.parse_args().names])
    print(table)
    if table.failed or max(table.column("peak MB")) > MOST_MEGABYTES or max(table.column("s")) > MOST_SECONDS:
        sys.exit(f"a notebook failed, or needed more than {MOST_MEGABYTES} MB or {MOST_SECONDS} s")


if __name__ == "__main__":
    main()
