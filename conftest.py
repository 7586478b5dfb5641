"""How tests are run: one BLAS thread each, folders side by side, every notebook held against what it stores."""

import os
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell

# Steady times, the same last digits, no bars: for the tests and for every kernel they start.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"):
    os.environ[name] = "1"

MOST_PROCESSES = 4
PATIENCE = 300  # seconds to wait for what a busy kernel has printed; nbval has five


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Run folders side by side, a file in one process; a single file, -s, --pdb and -n0 need no other process."""
    option, is_worker = config.option, hasattr(config, "workerinput")
    if is_worker or not hasattr(option, "numprocesses"):  # the second with -p no:xdist
        return
    watched = option.usepdb or option.capture == "no" or option.collectonly
    if option.numprocesses is None and not watched and any(Path(arg).is_dir() for arg in config.args):
        option.numprocesses = min(MOST_PROCESSES, os.cpu_count() or 1)
    if option.numprocesses and option.dist == "no":
        option.dist, option.loadscopereorder = "loadfile", False  # the cells of a notebook share a kernel


def pytest_collection_modifyitems(items):
    """Notebooks are slow; files with slow tests begin first."""
    for item in items:
        if isinstance(item, IPyNbCell):
            item.add_marker(pytest.mark.slow)
            item.output_timeout = PATIENCE
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """After nbval's own comparison of a cell: all it shows is stored so, of the same kind, with the same alt text."""
    result = yield
    if isinstance(item, IPyNbCell) and item.options["check"] and item.cell.execution_count is not None:
        fresh, stored = repeatable(item.test_outputs), repeatable(item.cell.outputs)
        if fresh != stored:
            item.raise_cell_error("Cell outputs differ in kind, order or metadata", f"{stored}\n{fresh}")
    return result


def repeatable(outputs):
    """Keep of outputs what every run repeats: no counts, no pixels, no numbers of widgets."""
    kept = []
    for output in outputs:
        data = {kind: "" if kind == "image/png" else value for kind, value in output.get("data", {}).items()}
        data.pop("application/vnd.jupyter.widget-view+json", None)
        kept.append({**output, "data": data, "execution_count": None})
    return kept
