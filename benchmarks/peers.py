"""Hold minikan's speed against its peers'; fails if it leads by less than the factors below.

    python benchmarks/peers.py [passes] [growth] [threads] [imports] [install] [accuracy] [loop]
    python benchmarks/peers.py --alone          minikan only, in the environment that is active

Without a name it makes all tables, which takes a quarter of an hour; `passes` draws the README's figure, `loop` is
`loop.py`. The peers come from the package index, in the versions below, into an environment of their own in the
folder for temporary files, made on first use. efficient-kan is not in the index; its layer is taken from the
package `ikan`, which copies it. A compiler for C++ has to be there for torch.compile.

All networks are given the same weights and the same samples, in float64, and first of all it is seen to that they
give the same loss and the same gradient; only in `growth` may one drop out. Nodes stay within their grids, as beyond
them most peers' splines fade to nothing. Then all modes take turns within one process; the median counts. On one
thread it is the processor's time that is counted, which is the time on the clock of a machine that has nothing else
to do.
"""

import os

THREADS = os.environ.setdefault("PEERS_THREADS", "1")
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = THREADS  # before NumPy is loaded
for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(variable, None)  # NumPy's BLAS looks at the processor, as the peers' libraries do
os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'false' if THREADS == '1' else 'true'}"
if hasattr(os, "sched_setaffinity"):  # JAX has no other way to be told
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(THREADS)])

import contextlib  # noqa: E402
import io  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import venv  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
FIGURE = ROOT / "tutorial/images/peers.png"
PYKAN = ["pykan==0.2.8", "torch==2.13.0", "scikit-learn", "pandas", "sympy", "tqdm", "pyyaml", "matplotlib"]
PEERS = [*PYKAN, "flashkan==0.2.0", "inkan==0.5.2", "jaxkan==0.3.7", "torchinfo", "setuptools", "ipython"]
ALONE = ["ikan==1.3.0"]  # without what it says it needs
HOME = Path(tempfile.gettempdir()) / f"minikan-peers-{sys.version_info[0]}.{sys.version_info[1]}"

# Shape, cells G, samples n; and how many times faster than the best peer: the claim, which must not be missed, and the
# goal. The claim holds on all processors met so far. A Xeon with AVX-512 gave 3.41, 3.05, 6.95, 1.66 and 0.85: wide
# vectors help a library that compiles its loops, and not the gathers and the many small calls of NumPy (`limits`).
CASES = [
    ([2, 5, 1], 5, 1000, 3.0, 3.5),
    ([4, 5, 5, 1], 10, 1000, 2.8, 3.5),
    ([2, 10, 1], 100, 1000, 6.5, 8),
    ([2, 5, 1], 5, 100_000, 1.5, 2.2),
    ([196, 64, 10], 5, 256, 0.8, 1.3),
]
GROWTH = {  # what grows, and the cases
    "samples": [([2, 5, 1], 5, n) for n in (100, 1000, 10_000, 100_000)],
    "grid": [([2, 10, 1], G, 1000) for G in (5, 20, 100, 500)],
    "width": [([2, width, 1], 5, 1000) for width in (2, 10, 50, 200)],
}
THREADED = [CASES[3][:3], CASES[4][:3]]  # large enough to share
SLOWEST_IMPORT = 1.3  # of the time that NumPy takes
ACCURATE = 1e-4  # relative difference of losses and gradients; two peers keep their grids in float32


# ----------------------------------------------------------------------------------- in its environment


def make_environment():
    """Install the peers, once; give the environment's Python."""
    python = HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = HOME / "complete.txt"
    wanted = "\n".join(PEERS + ALONE)
    if not done.exists() or done.read_text() != wanted:
        print(f"installing the peers into {HOME} …", flush=True)
        venv.create(HOME, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *PEERS], check=True)
        subprocess.run([*pip, "--no-deps", *ALONE], check=True)
        done.write_text(wanted)
    return python


def away_from_home():
    return Path(sys.prefix).resolve() != HOME.resolve()


def at_home(file, arguments):
    """Run a file with the peers' Python; give its exit code."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"}
    return subprocess.run([make_environment(), file, *arguments], env=environment).returncode


def run_again(python, *arguments, threads="1"):
    """Run this file in a fresh process."""
    environment = os.environ | {"PEERS_THREADS": threads, "PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"}
    return subprocess.run([python, __file__, *arguments], env=environment, stdout=subprocess.PIPE, text=True)


# ----------------------------------------------------------------------------------------- measuring

clock = time.process_time if THREADS == "1" else time.perf_counter


def take_turns(runs, turns=15, seconds=0.05):
    """Let the runs take turns of some passes each: for each run the times of all its passes, ms."""
    times = [[] for _ in runs]
    for turn in range(turns):
        for run, record in zip(runs, times, strict=True):
            if turn % 3 and record[-1] > 1e3 * seconds:
                continue  # a slow one has every third turn
            run()  # not counted: what the others left in the caches
            end = time.perf_counter() + seconds
            while True:
                start = clock()
                run()
                record.append(1e3 * (clock() - start))
                if time.perf_counter() > end:
                    break
    return times


def milliseconds(runs, **options):
    """Compute the median time of a pass of each run."""
    return [statistics.median(record) for record in take_turns(runs, **options)]


def problem(widths, G, n):
    """Make a network whose nodes stay within their grids, samples, and targets."""
    import numpy as np

    from minikan import KAN

    rng = np.random.default_rng(0)
    X, y = rng.uniform(-1, 1, (n, widths[0])), rng.normal(size=(n, widths[-1]))
    model, x = KAN(widths, grid=G, seed=0), np.ascontiguousarray(X.T)
    for layer in model.layers:
        highest = np.abs(layer.forward(x)[0]).max()
        layer.weights *= 0.98 / highest
        x = layer.forward(x)[0]
    return model, X, y


def race(widths, G, n, names=None, every_mode=True, strict=True):
    """Time all modes of the contestants side by side: a list of dicts."""
    import numpy as np
    import torch
    from contestants import CONTESTANTS

    torch.compiler.reset()  # else it soon gives up on ever new shapes
    model, X, y = problem(widths, G, n)
    loss, gradient = model.loss_and_gradient(X, y)
    entries = []
    for name in names or CONTESTANTS:
        if name == "pykan" and max(widths) > 100:
            continue  # it makes a symbolic function for each edge one by one, which takes minutes
        modes, times = [], []
        for mode in CONTESTANTS[name](model, X, y):
            if mode.whole and not every_mode:
                continue
            try:
                its_loss, its_gradient = mode.result()
            except Exception as error:  # a compiler that is not there, or gives up: say so, and go on
                print(f"{name}, {mode.name}: {type(error).__name__}", file=sys.stderr)
                continue
            error = max(
                abs(its_loss / loss - 1), np.abs(its_gradient - gradient).max() / np.abs(gradient).max()
            )
            if not error < ACCURATE:
                if strict:
                    raise SystemExit(f"{name}, {mode.name} computes something else: off by {error:.1e}")
                print(f"{name}, {mode.name}: off by {error:.1e}, so out of the race", file=sys.stderr)
                continue
            modes.append((mode, error))
            times.append(milliseconds([mode.run], turns=2)[0])
        for (mode, error), its_time in zip(modes, times, strict=True):
            own = min(t for (other, _), t in zip(modes, times, strict=True) if other.whole == mode.whole)
            if its_time <= 1.5 * own:  # what is far behind in its own library is out of the race
                entries.append((name, mode, error))
    return [
        dict(
            library=name,
            mode=mode.name,
            whole=mode.whole,
            P=mode.parameters,
            error=error,
            ms=statistics.median(record),
            least=min(record),
        )
        for (name, mode, error), record in zip(
            entries, take_turns([mode.run for _, mode, _ in entries]), strict=True
        )
    ]


def best(rows, library=None, whole=False, key="ms"):
    """Choose a library's fastest mode, or the fastest of all peers, by the median or the least time."""
    rows = [
        row
        for row in rows
        if row["whole"] == whole and (row["library"] == library if library else row["library"] != "minikan")
    ]
    return min(rows, key=lambda row: row[key], default=None)


# -------------------------------------------------------------------------------------------- limits


def limits(widths, G, n):
    """Time a pass of minikan, and what no such pass can do without, each by itself: ms.

    calls   the same pass for one sample: Python and the calls into NumPy
    GEMM    its matrix products on arrays of the same shapes
    fetch   finding the weights, or the places in the matrix, that belong to each sample, and bringing them back
    memory  copying once, block by block, what the layers keep of a block for the way back
    """
    import numpy as np

    from minikan.kernels import DenseFeatures

    model, X, y = problem(widths, G, n)
    one = X[:1].copy(), y[:1].copy()
    slices = model.blocks(n)
    _, caches = model.forward(np.ascontiguousarray(X[slices[0]].T))
    products, fetches, kept = [], [], []
    for depth, (layer, cache) in enumerate(zip(model.layers, caches, strict=True)):
        features, W = cache.features, layer.weights.reshape(-1, layer.n_out)
        arrays = [*cache, *vars(features).values()]
        kept += [array for array in arrays if isinstance(array, np.ndarray) and array.size > 1]
        if isinstance(features, DenseFeatures):
            matrix, samples = features.values, features.x.shape[1]
            g = np.ones((layer.n_out, samples))
            places = features.first * samples + np.arange(samples)  # of the first live ones
            products += [(W.T, matrix), (matrix, g.T)] + [(W, g)] * (depth > 0 and layer.n_out > 1)
            live, few = features.live, layer.n_out == 1
            fetches += [partial(matrix.reshape(-1).__setitem__, places, live[0])] * len(live)
            fetch = partial(W.take, features.first) if few else partial(matrix.take, places)
            fetches += [fetch] * (len(live) * (depth > 0))
        else:
            rows = features.first + np.arange(len(features.live))[:, None, None]
            live, sums = features.live.ravel(), np.zeros(len(W))
            fetches.append(partial(W.T.take, rows, axis=1))
            fetches += [partial(np.add.at, sums, rows.ravel(), live)] * layer.n_out
    twins = [np.empty_like(array) for array in kept]

    def multiply():
        for _ in slices:
            for a, b in products:
                a @ b

    def fetch_all():
        for _ in slices:
            for get in fetches:
                get()

    def copy():
        for _ in slices:
            for array, twin in zip(kept, twins, strict=True):
                np.copyto(twin, array)

    parts = [
        lambda: model.loss_and_gradient(X, y),
        lambda: model.loss_and_gradient(*one),
        multiply,
        fetch_all,
        copy,
    ]
    whole, calls, gemm, fetching, memory = milliseconds(parts)
    flops = sum(2 * a.shape[0] * a.shape[1] * b.shape[1] for a, b in products) * len(slices)
    traffic = sum(array.nbytes for array in kept) * len(slices)
    return {
        "pass": whole,
        "calls": calls * len(slices),
        "GEMM": gemm,
        "fetch": fetching,
        "memory": memory,
        "flops": flops,
        "traffic": traffic,
    }


def print_limits():
    print("\nLimits: what a pass cannot do without, each by itself, ms; GFlop/s and GB/s of the bare parts")
    parts = ("calls", "GEMM", "fetch", "memory")
    head = "".join(f"{part:>8}" for part in ("pass", *parts))
    print(f"{'shape':14}{'G':>4}{'n':>8} |{head} | together  GFlop/s  GB/s")
    for widths, G, n, *_ in CASES:
        row = limits(widths, G, n)
        together = sum(row[part] for part in parts) / row["pass"]
        rates = row["flops"] / row["GEMM"] / 1e6, 2 * row["traffic"] / row["memory"] / 1e6
        times = "".join(f"{row[part]:8.3f}" for part in ("pass", *parts))
        print(f"{widths!s:14}{G:4}{n:8} |{times} |{together:9.0%}{rates[0]:9.1f}{rates[1]:6.1f}", flush=True)


# -------------------------------------------------------------------------------------------- tables


def processor():
    """Name the processor, and the widest vectors that NumPy finds on it."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):  # Linux
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    from numpy._core._multiarray_umath import __cpu_features__ as features

    return f"{name} ({next((wide for wide in ('AVX512F', 'AVX2', 'ASIMD') if features.get(wide)), 'no wide vectors')})"


def passes():
    """Print and draw the main table; tell which factors are missed."""
    from contestants import CONTESTANTS
    from threadpoolctl import threadpool_info

    peers = [name for name in CONTESTANTS if name != "minikan"]
    blas = [
        f"{lib['internal_api']} for {lib['architecture']}"
        for lib in threadpool_info()
        if "architecture" in lib
    ]
    print(
        f"Forward + backward, one thread, float64: ms (median), on {processor()}; NumPy with {', '.join(blas)}\n"
    )
    print(f"{'shape':14}{'G':>4}{'n':>8} |" + "".join(f"{name:>14}" for name in CONTESTANTS), end="")
    print(" | ahead of the best    claim   goal | by least times | of the best under torch.compile")
    missed, races = [], []
    for widths, G, n, least, goal in CASES:
        rows = race(widths, G, n)
        races.append(rows)
        cells = [best(rows, name) for name in CONTESTANTS]
        ours, theirs, compiled = best(rows, "minikan")["ms"], best(rows), best(rows, whole=True)
        lead = theirs["ms"] / ours
        least_lead = best(rows, key="least")["least"] / best(rows, "minikan")["least"]
        print(
            f"{widths!s:14}{G:4}{n:8} |"
            + "".join(f"{cell['ms']:14.3f}" if cell else f"{'–':>14}" for cell in cells)
            + f" | {lead:16.2f}× {least:7}× {goal:5}× | {least_lead:13.2f}× | "
            + (f"{compiled['ms'] / ours:.2f}× ({compiled['library']})" if compiled else "–"),
            flush=True,
        )
        if lead < least:
            missed.append(f"{widths}, G = {G}, n = {n}: {lead:.2f}× instead of {least}×")
    print(
        "\nThe modes that were fastest, the parameters they train, and how far they are from minikan's gradient:"
    )
    for (widths, G, n, *_), rows in zip(CASES, races, strict=True):
        print(f"  {widths}, G = {G}, n = {n}")
        for name in CONTESTANTS:
            for row in filter(None, (best(rows, name), best(rows, name, whole=True))):
                print(f"    {name:14}{row['mode']:24}{row['ms']:9.3f} ms{row['P']:8}  {row['error']:.0e}")
    print("\nWhat is compared:")
    for name in CONTESTANTS:
        print(f"  {name:14}{CONTESTANTS[name].__doc__}")
    FIGURE.write_bytes(draw(races, peers))
    print_limits()
    return missed


def draw(races, peers):
    """Draw the time of a pass, case by case."""
    from minikan.plotting import PALETTE, figure, to_png

    colours = dict(zip(["minikan", *peers], PALETTE.values(), strict=False))
    fig, ax = figure(8.5, 3.4)
    for row, rows in enumerate(races):
        times = {name: best(rows, name)["ms"] for name in colours if best(rows, name)}
        ours, rest = times.pop("minikan"), sorted(times.values())
        ax.plot([ours, rest[-1]], [row, row], color="#C8C8C8", linewidth=1.2, zorder=1)
        for name, ms in times.items():
            ax.plot(ms, row, "o", color=colours[name], markersize=6, label=name if row == 0 else None)
        ax.plot(ours, row, "D", color=colours["minikan"], markersize=9, label="minikan" if row == 0 else None)
        ax.annotate(
            f"{rest[0] / ours:.1f}×", (ours, row), (-12, 0), textcoords="offset points", ha="right", va="center",
            color=colours["minikan"], fontweight="bold",
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_xlim(left=0.08)
    ax.set_ylim(len(CASES) - 0.5, -0.6)
    names = [f"{widths}\nG = {G}, {n:,} samples".replace(",000", " 000") for widths, G, n, *_ in CASES]
    ax.set_yticks(range(len(CASES)), names, fontsize=8)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("one forward and backward pass on one thread, ms; in blue: how far ahead of the next best")
    handles, labels = ax.get_legend_handles_labels()
    fig.legend(handles[-1:] + handles[:-1], labels[-1:] + labels[:-1], loc="outside upper center", ncols=6,
               frameon=False, fontsize=9)  # fmt: skip
    return to_png(fig)


def growth():
    """Print how a pass grows with the samples, the grid and the width."""
    names = ("minikan", "flashkan", "inkan", "jaxKAN")
    for what, cases in GROWTH.items():
        print(f"\nGrowth with the {what}, ms")
        print(f"{'shape':14}{'G':>4}{'n':>8} |" + "".join(f"{name:>12}" for name in names))
        table = []
        for widths, G, n in cases:
            rows = race(widths, G, n, names, every_mode=False, strict=False)
            found = [best(rows, name) for name in names]
            table.append([row["ms"] if row else float("nan") for row in found])  # out of the race
            print(f"{widths!s:14}{G:4}{n:8} |" + "".join(f"{ms:12.3f}" for ms in table[-1]), flush=True)
        print(
            f"{'last / first':26} |"
            + "".join(f"{b / a:12.1f}" for a, b in zip(table[0], table[-1], strict=True))
        )
    return []


def threads():
    """Print the time on the clock with one and with two threads, each in a fresh process."""
    names = ("minikan", "flashkan", "inkan", "jaxKAN")
    print("\nThreads: ms on the clock, one and two; in fresh processes")
    for widths, G, n in THREADED:
        found = []
        for count in ("1", "2"):
            done = run_again(sys.executable, "--race", json.dumps([widths, G, n, names]), threads=count)
            rows = json.loads(done.stdout.splitlines()[-1])
            found.append([best(rows, name)["ms"] for name in names])
        cells = [f"{name} {one:.2f} → {two:.2f}" for name, one, two in zip(names, *found, strict=True)]
        print(f"{widths!s:14}{G:4}{n:8} | " + "   ".join(cells), flush=True)
    return []


def seconds_of(command):
    """Run a command in a fresh process: the processor's seconds that it took."""
    process = subprocess.Popen([sys.executable, "-c", command], stderr=subprocess.DEVNULL)
    if not hasattr(os, "wait4"):
        start = time.perf_counter()
        process.wait()
        return time.perf_counter() - start
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        raise SystemExit(f"{command} failed")
    return usage.ru_utime + usage.ru_stime


def imports(runs=15):
    """Print how long an import takes, whole processes in turn; minikan's name alone would load nothing yet."""
    commands = {
        "numpy": "import numpy",
        "minikan": "from minikan import KAN, fit",
        "pykan": "import kan",
        "flashkan": "import flashkan",
        "inkan": "import inkan",
        "jaxKAN": "from jaxkan.models.KAN import KAN",
    }
    times = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name in list(commands)[: 2 if turn > 3 else None]:  # the others take seconds
            times[name].append(seconds_of(commands[name]))
    ratio = statistics.median(b / a for a, b in zip(times["numpy"][1:], times["minikan"][1:], strict=True))
    print("\nImport, s of a fresh process (median): ", end="")
    print(", ".join(f"{name} {statistics.median(record[1:]):.2f}" for name, record in times.items()))
    print(f"minikan / numpy, pair by pair: {ratio:.2f}; at most {SLOWEST_IMPORT}")
    return [] if ratio <= SLOWEST_IMPORT else [f"import: {ratio:.2f} times NumPy's"]


def install():
    """Print time and size of an installation; the second one, when pip has all downloads."""
    print("\nInstallation with pip, the downloads at hand")
    for name, wanted in {"minikan": [str(ROOT)], "pykan": PYKAN}.items():
        for _ in range(2):
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, *wanted]
                start = time.perf_counter()
                subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
                seconds = time.perf_counter() - start
                size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        print(f"  {name:8}{seconds:6.1f} s {size / 1e6:8.1f} MB", flush=True)
    return []


def accuracy():
    """Print the time to pykan's error."""
    import against_pykan

    print("\nTime to the same error: exp(sin πx + y²), [2, 1, 1]")
    ratios, _ = against_pykan.compare()
    least = min(ratios)
    print(f"the least of {len(ratios)}: {least:.0f} times faster, at least {against_pykan.LEAST} wanted")
    return [] if least >= against_pykan.LEAST else [f"time to pykan's error: {least:.0f} times faster"]


def loop():
    """Print the time from data to a formula, in a fresh process."""
    print("\nThe whole loop, from data to a formula: exp(sin πx + y²), [2, 5, 1]", flush=True)
    done = subprocess.run([sys.executable, ROOT / "benchmarks/loop.py"])
    return ["the whole loop, from data to a formula"] if done.returncode else []


TABLES = {table.__name__: table for table in (passes, growth, threads, imports, install, accuracy, loop)}


def main():
    arguments = sys.argv[1:]
    if arguments == ["--alone"]:
        return print_limits()
    if not set(arguments) <= {*TABLES, "--race"} and "--race" not in arguments:
        sys.exit(f"tables are {', '.join(TABLES)}")
    if away_from_home():
        sys.exit(at_home(__file__, arguments))
    import torch

    torch.set_num_threads(int(THREADS))
    torch.set_default_dtype(torch.float64)
    if arguments[:1] == ["--race"]:
        with contextlib.redirect_stdout(io.StringIO()):
            widths, G, n, names = json.loads(arguments[1])
            rows = race(widths, G, n, names, every_mode=False)
        return print(json.dumps(rows))
    missed = [miss for name in arguments or TABLES for miss in TABLES[name]()]
    print("\nmissed: " + "; ".join(missed) if missed else "\nall factors are reached")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
