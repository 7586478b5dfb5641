"""Compare families of curves at sizes that chapter 09 has no time for: width 64, [196, 64, 10], up to 100 000 samples.

    python benchmarks/families.py [errors] [condition] [passes] [peers] [counts] [edges] [groups]
    python benchmarks/families.py --quick       smaller and fewer: a minute or two
    python benchmarks/families.py --alone       minikan only, in the environment that is active

Without a name it makes all tables, which takes about ten minutes. All families have the same number m of features for
each input, so networks of the same widths have as many parameters; MLPs have one hidden layer that is wider for it.

    errors      after the same number of steps and after the same seconds, three targets
    condition   condition numbers of the features: of one input over m, and of a layer of many inputs
    passes      time of a pass, and of its parts: features, product, gradient, pull
    peers       the same pass in packages of the index, family by family
    counts      operations and bytes of each part, and how near it comes to the roof
    edges       edges that work one by one, beside one matrix product
    groups      edges that share curves: parameters, time, error

The peers come from the environment that `peers.py` makes, and from a few more packages, of which single files are
loaded. Peers are eager or jitted, as they come; `peers.py` compiles splines as a whole, too. Each is compared with a
network of minikan that computes the same function, which differs from package to package: its features are named in
the table. First it is seen to that both have the same loss and gradient. minikan cuts the samples into blocks that fit
into the cache; a peer has them all at once. All is float64, on one thread; it is the processor's time that is counted,
and all that is compared takes turns in one process: the median counts.
"""

import peers  # first: it chooses the threads before NumPy is loaded

# isort: split
import subprocess
import sys
import warnings
from functools import partial
from itertools import pairwise
from statistics import median
from types import ModuleType
from typing import NamedTuple
from unittest import mock

import numpy as np
from contestants import (
    efficient_kan,
    flashkan,
    ikan,
    inkan,
    jax_mode,
    jax_network,
    jaxkan,
    load,
    pykan,
    split_weights,
    tensor,
    torch_mode,
)
from counting import edge_counts, layer_counts, roof, total
from peers import HOME, clock, milliseconds, processor, take_turns

from minikan import KAN, MLP, Chebyshev, Fourier, Gaussians, Splines, fit
from minikan.activations import silu
from minikan.curves import Features
from minikan.kernels import SparseFeatures
from minikan.network import samples_last

M = 12  # features of each input, as in the chapter


class Family(NamedTuple):
    """A family of curves, and how many features it has for each input: factor · grid + more."""

    basis: type
    base: str | None
    factor: int
    more: int

    def kan(self, widths, m=M, **options):
        """Make a KAN with m features for each input."""
        return KAN(widths, grid=self.grid(m), basis=self.basis, base=self.base, **options)

    def grid(self, m):
        return max(1, (m - self.more) // self.factor)


FAMILIES = {
    "splines and silu": Family(Splines, "silu", 1, 4),
    "splines": Family(Splines, None, 1, 3),
    "Gaussians": Family(Gaussians, None, 1, 7),
    "Chebyshev": Family(Chebyshev, None, 1, 1),
    "Fourier": Family(Fourier, None, 2, 2),
}


def equal_mlp(widths, parameters, seed=0):
    """Make an MLP with one hidden layer and about as many parameters."""
    hidden = round((parameters - widths[-1]) / (widths[0] + widths[-1] + 1))
    return MLP([widths[0], max(1, hidden), widths[-1]], seed=seed)


def within(model, n, seed=0):
    """Scale weights so that all nodes stay within the curves' domains; return the network, samples and targets."""
    rng = np.random.default_rng(seed)
    X, y = rng.uniform(-1, 1, (n, model.widths[0])), rng.normal(size=(n, model.widths[-1]))
    x = samples_last(X)
    for layer in model.layers:
        layer.weights *= 0.98 / np.abs(layer.forward(x)[0]).max()
        x = layer.forward(x)[0]
    return model, X, y


def head(title, *columns):
    """Print a title, and the names of columns."""
    print(f"\n{title}\n" + "".join(columns), flush=True)


# -------------------------------------------------------------------------------------------- errors

TARGETS = {  # the chapter's, of two inputs; and of six, whose first curves are of three kinds, or all different
    "smooth": lambda x, y: np.exp(np.sin(np.pi * x) + y**2),
    "waves": lambda x, y: np.sin(4 * np.pi * x) + y * np.cos(3 * np.pi * y),
    "step": lambda x, y: np.tanh(15 * (x + y**2 - 0.5)),
}
SHARING = {
    "three kinds": lambda a, b, c, d, e, f: np.exp(
        (0.7 * np.sin(np.pi * b) - np.sin(np.pi * a)) / 2
        + (c**2 + d**2) / 3
        + 0.3 * np.tanh(3 * e)
        - 0.5 * np.tanh(3 * f)
    ),
    "six kinds": lambda a, b, c, d, e, f: np.exp(
        (np.sin(np.pi * a) + b**2 + np.tanh(3 * c) + np.exp(d) + np.abs(e) + np.cos(4 * f)) / 4
    ),
}


def draw(target, seed, sizes):
    """Draw samples of a target of variance 1: for each size a pair X (n, n_in) and y (n,)."""
    n_in = 2 if target in TARGETS else 6
    X = np.random.default_rng(seed).uniform(-1, 1, (sum(sizes), n_in))
    y = (TARGETS | SHARING)[target](*X.T)
    ends = np.cumsum(sizes)[:-1]
    return list(zip(np.split(X, ends), np.split(y / y.std(), ends), strict=True))


def rmse(model, X, y):
    return float(np.sqrt(np.mean((model(X)[:, 0] - y) ** 2)))


def train(model, learn, choose, judge, steps, seconds):
    """Train by L-BFGS; return the errors after so many steps and after so many seconds, and the steps of these seconds.

    Both are those of the best moment so far on the samples that choose. The clock runs only while it trains.
    """
    best, found = (rmse(model, *choose), model.state()), {}
    used, taken, last = 0.0, 0, clock()

    def callback(step, loss):
        nonlocal used, taken, last, best
        used += clock() - last
        for key, over in (("seconds", used > seconds), ("steps", taken > steps)):
            if over and key not in found:
                found[key] = best[1], taken - 1
        error = rmse(model, *choose)
        if error < best[0]:
            best = error, model.state()
        taken += 1
        last = clock()
        return len(found) == 2

    moves = {"update_grid": True} if isinstance(model, KAN) else {}
    how = dict(optimizer="lbfgs", callback=callback, progress=False, tol=0)
    fit(model, *learn, steps=max(1, steps // 2), **how, **moves)
    if len(found) < 2:
        taken -= 1  # its first callback is before a step
        fit(model, *learn, steps=10**6, **how)
    errors = {}
    for key in ("steps", "seconds"):
        state, _ = found.get(key, (best[1], taken - 1))
        model.restore(state)
        errors[key] = rmse(model, *judge)
    return errors["steps"], errors["seconds"], found.get("seconds", (None, taken - 1))[1]


def errors(quick):
    widths, sizes = [2, 64, 1], (2000, 250, 4000)
    steps, seconds, seeds = (10, 0.5, (0,)) if quick else (30, 1.0, (0, 1, 2))
    head(
        f"Errors of {widths}, m = {M}, {sizes[0]} samples, L-BFGS, in units of the target's deviation: "
        f"median and worst of {len(seeds)} draws after {steps} steps | {seconds} s (steps then)",
        f"{'':18}{'parameters':>11}",
        *(f"{target:>38}" for target in TARGETS),
    )
    for name in [*FAMILIES, "MLP"]:
        line = ""
        for target in TARGETS:
            rows = []
            for seed in seeds:
                model = FAMILIES.get(name, FAMILIES["splines"]).kan(widths, seed=seed)
                if name == "MLP":
                    model = equal_mlp(widths, model.parameters.size, seed)
                rows.append(train(model, *draw(target, seed, sizes), steps, seconds))
            after_steps, after_seconds, taken = zip(*rows, strict=True)
            line += f"{median(after_steps):12.1e} {max(after_steps):7.0e} | {median(after_seconds):7.1e}"
            line += f" ({median(taken):4.0f})"
        print(f"{name:18}{model.parameters.size:11}{line}", flush=True)


# ----------------------------------------------------------------------------------------- condition


def condition(matrix, free=0):
    """Divide the largest singular value of F (K, n) by the smallest, but for so many that must be zero."""
    singular = np.linalg.svd(np.linalg.qr(matrix.T, mode="r"), compute_uv=False)
    return singular[0] / singular[len(singular) - 1 - free]


def features_of(name, n_in, m, x):
    """Compute the features (K, n) of a layer, and how many of them follow from others: constants, one per input."""
    if name == "MLP":
        layer, activated = MLP([n_in, n_in * m, 1], seed=0).layers
        return activated.forward(layer.forward(x)[0])[1].features, 0
    layer = FAMILIES[name].kan([n_in, 1], m).layers[0]
    return layer.basis.features(x).matrix(), n_in - 1


def conditions(quick):
    counts, n_in = ((10, 20, 40), 16) if quick else ((10, 20, 40, 80, 160), 64)
    rng = np.random.default_rng(0)
    one, many = rng.uniform(-1, 1, (1, 4000)), rng.uniform(-1, 1, (n_in, 4000))
    head(
        f"Condition number of the features at 4000 samples: of one input, and of {n_in} (repeated constants left out)",
        f"{'':18}" + "".join(f"{f'm = {m}':>10}" for m in counts) + f"{f'{n_in} inputs, m = {M}':>22}",
    )
    for name in [*FAMILIES, "MLP"]:
        cells = [condition(*features_of(name, 1, m, one)) for m in counts]
        whole = condition(*features_of(name, n_in, M, many))
        print(f"{name:18}" + "".join(f"{cell:10.1e}" for cell in cells) + f"{whole:22.1e}", flush=True)


# -------------------------------------------------------------------------------------------- passes

PASSES = [([64, 64, 64], 1000), ([196, 64, 10], 256), ([196, 64, 10], 10_000), ([2, 64, 1], 100_000)]
QUICK = [([64, 64, 64], 256), ([196, 64, 10], 256)]


class MLPFeatures:
    """The features of an MLP's layer, with the methods that those of curves have: its parts can be timed alike."""

    def __init__(self, layer, x):
        self.slope, ones = None, np.ones((1, x.shape[1]))
        if layer.activation == "silu":
            x, self.slope = silu(x)
        self.values = np.concatenate([x, ones])

    def times(self, W):
        return W.T @ self.values, W.copy()

    def gradient(self, g):
        return self.values @ g.T

    def pull(self, kept, g):
        return self.slope * (kept[:-1] @ g)


def features_at(layer, x):
    """Compute a layer's features, as its way forward does."""
    if not hasattr(layer, "basis"):
        return MLPFeatures(layer, x)
    features = layer.basis.features(x, layer.n_out)
    if not isinstance(features, SparseFeatures):
        features.matrix()
    return features


def forget(features):
    """Forget derivatives of an earlier way back."""
    if isinstance(features, Features):
        features._known.pop(1, None)


def parts(model, X):
    """Give for each part of a pass a function that computes it for the first block of samples; and the blocks."""
    blocks = model.blocks(len(X))
    x = samples_last(X[blocks[0]])
    runs = {"features": [], "product": [], "gradient": [], "pull": []}
    for depth, layer in enumerate(model.layers):
        table = getattr(layer, "table", layer.weights).reshape(-1, layer.n_out)
        features = features_at(layer, x)
        z, kept = features.times(table)
        g = np.random.default_rng(0).normal(size=z.shape)

        def pull(features=features, kept=kept, g=g):
            forget(features)
            features.pull(kept, g)

        runs["features"].append(partial(features_at, layer, x))
        runs["product"].append(partial(features.times, table))
        runs["gradient"].append(partial(features.gradient, g))
        if depth:
            runs["pull"].append(pull)
        x = z
    return {part: partial(run_all, each) for part, each in runs.items()}, len(blocks)


def run_all(runs):
    for run in runs:
        run()


def forward(model, X):
    """Go forward as training does: block by block."""
    for block in model.blocks(len(X)):
        model.forward(samples_last(X[block]))


def passes(quick):
    for widths, n in QUICK if quick else PASSES:
        models = {name: family.kan(widths) for name, family in FAMILIES.items()}
        size = models["splines"].parameters.size
        models |= {"MLP": equal_mlp(widths, size), "MLP, same widths": MLP(widths)}
        runs, labels = [], []
        for name, model in models.items():
            _, X, y = (
                within(model, n) if isinstance(model, KAN) else (model, *within(models["splines"], n)[1:])
            )
            each, blocks = parts(model, X)
            runs += [partial(model.loss_and_gradient, X, y), partial(forward, model, X), *each.values()]
            labels += [(name, part, scale) for part, scale in [("pass", 1), ("forward", 1)]]
            labels += [(name, part, blocks) for part in each]
        records = take_turns(runs, turns=4 if n > 5000 else 7, seconds=0.02)
        times = {
            (name, part): scale * median(record)
            for (name, part, scale), record in zip(labels, records, strict=True)
        }
        columns = ("features", "product", "gradient", "pull")
        head(
            f"A pass of {widths}, m = {M}, {n} samples: ms; 'backward' is what the way forward leaves of the pass",
            f"{'':18}{'parameters':>11}{'pass':>10}{'of the MLP':>11}{'forward':>10}{'backward':>10} |",
            *(f"{part:>10}" for part in columns),
            " | together",
        )
        for name, model in models.items():
            whole, there = times[name, "pass"], times[name, "forward"]
            cells = [times[name, part] for part in columns]
            print(
                f"{name:18}{model.parameters.size:11}{whole:10.2f}{whole / times['MLP', 'pass']:10.2f}×"
                f"{there:10.2f}{whole - there:10.2f} |" + "".join(f"{cell:10.2f}" for cell in cells) + " |"
                f"{sum(cells) / whole:9.0%}",
                flush=True,
            )


# --------------------------------------------------------------------------------------------- peers

MORE = {"deep-kan": "deep-kan==0.0.4", "kolmarn": "kolmarn==0.1.0", "tabkan": "tabkan==1.0.2"}
SEEN = """Looked at and left out:
  torchkan 0.1.1, kaconv 0.1.0   hold no module, only a description
  kanrbfpoly 0.0.5               its Gaussians are of the distance of a whole sample: no curves of one input
  kolmarn's "kan_spline"         is max(0, 1 - |x - knot|³) for any distance of the knots: no B-splines
  unikan 0.2.5                   functions with a few parameters inside, which the user writes: no basis
  ikan's GroupKAN                is written for Triton and a GPU; it shares rational functions
  tabkan's ChebyKAN              the same lines as deep-kan's
  deep-kan, kan-mlp-hybrid 0.1.1, kanx 0.2.1 (wants TensorFlow)
                                 splines by the recursion of Cox and de Boor, as in efficient-kan
  splines alone, in PyTorch      none: all compute a base function, too, pykan one that is zero
  LayerNorm of FastKAN           deep-kan's copy has none, and none is timed"""
PATIENCE = 3.0  # seconds for one pass of a peer
SLOW = {("flashkan", "as it comes")}  # compiles on first use, as all modes that say so


def more_packages():
    """Install single packages, without what they say they need, into folders of their own; tell the failures."""
    failed = {}
    for name, wanted in MORE.items():
        folder = HOME / "families" / wanted
        if folder.exists():
            continue
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, wanted]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            failed[name] = next(iter(done.stderr.strip().splitlines()[-1:]), "pip failed")
    return failed


def file_of(name, file, **needed):
    """Load one file of a package; `needed` stands for modules that it imports and does not need here."""
    with mock.patch.dict(sys.modules, {key.replace("_dot_", "."): each for key, each in needed.items()}):
        return load(HOME / "families" / MORE[name] / file)


class Bells(Gaussians):
    """Gaussians without the line."""

    def functions(self, u, derivative):
        return super().functions(u, derivative)[2:]


class NarrowBells(Bells):
    """exp(-v²) in place of exp(-v²/2), as in FastKAN."""

    def functions(self, u, derivative):
        width = 2 / self.grid
        v = (u - (-1 + width * np.arange(-2, self.grid + 3)).reshape(-1, *[1] * np.ndim(u))) / width
        return np.exp(-(v**2)) * (1, -2 * v / width)[derivative]


class LineAndBells(Gaussians):
    """Gaussians without a constant for each edge."""

    def functions(self, u, derivative):
        return super().functions(u, derivative)[1:]


class Squashed(Chebyshev):
    """T_m(tanh x)."""

    def functions(self, u, derivative):
        t = np.tanh(u)
        return super().functions(t, derivative) * (1, 1 - t * t)[derivative]


class Waves(Fourier):
    """cos(m x) and sin(m x): no line, and one period is longer than the domain."""

    def functions(self, u, derivative):
        phase = np.arange(1, self.grid + 1).reshape(-1, *[1] * np.ndim(u)) * u
        if derivative:
            rate = np.arange(1, self.grid + 1).reshape(-1, *[1] * np.ndim(u))
            return np.concatenate([-rate * np.sin(phase), rate * np.cos(phase)])
        return np.concatenate([np.cos(phase), np.sin(phase)])


def bells(layer):
    """Return the first and last centre of Gaussians, and their distance."""
    width = 2 / layer.basis.grid
    return -1 - 2 * width, 1 + 2 * width, width


def splines_of_jaxkan(model, X, y):
    settings = dict(k=3, G=model.layers[0].G, external_weights=False, add_bias=False, residual=None)
    yield jaxkan_mode("spline", settings, model, X, y)


def gaussians_of_deep_kan(model, X, y):
    torchvision = mock.MagicMock()
    module = file_of(
        "deep-kan", "deepkan/deepkan.py", torchvision=torchvision, torchvision_dot_transforms=torchvision
    )
    low, high, _ = bells(model.layers[0])
    net = module.RBFKAN(model.widths, low, high, model.layers[0].basis.size, use_base_update=False).double()
    for theirs, ours in zip(net.layers, model.layers, strict=True):
        theirs.rbf_linear.spline_weight.data = tensor(ours.weights.reshape(-1, ours.n_out))
    yield torch_mode("RBFKAN", net, X, y, lambda gradients: ((each, None) for each in gradients))


def gaussians_of_kolmarn(model, X, y):
    import torch

    spline = file_of("kolmarn", "kan/spline.py")
    module = file_of("kolmarn", "kan/layers.py", kan=ModuleType("kan"), kan_dot_spline=spline)
    layers, compared = [], []
    for ours in model.layers:
        low, high, width = bells(ours)
        layer = module.KANLayer(ours.n_in, ours.n_out, ours.basis.size - 1, basis="rbf").double()
        layer.basis.knots.data, layer.basis.sigma = torch.linspace(low, high, ours.basis.size - 1), width
        layer.linear.weight.data = tensor(ours.weights[:, 0].T)
        layer.coeff.data = tensor(ours.weights[:, 1:].transpose(2, 0, 1))
        layer.linear.bias.data.zero_()
        layers.append(layer)
        compared += [layer.linear.weight, layer.coeff]

    def layout(gradients):
        for line, coef in zip(gradients[::2], gradients[1::2], strict=True):
            yield np.concatenate([line.T[:, None], coef.transpose(1, 2, 0)], axis=1), None

    yield torch_mode("rbf", torch.nn.Sequential(*layers), X, y, layout, compared=compared)


def gaussians_of_jaxkan(model, X, y):
    low, high, width = bells(model.layers[0])
    kernel = {"type": "gaussian", "std": width}
    settings = dict(D=model.layers[0].basis.size, kernel=kernel, grid_range=(low, high), add_bias=False)
    yield jaxkan_mode("rbf", settings, model, X, y)


def chebyshev_of_ikan(model, X, y):
    net = ikan("ChebyKAN.py").ChebyKAN(model.widths, model.layers[0].G, use_bias=False).double()
    for theirs, ours in zip(net.layers, model.layers, strict=True):
        theirs.cheby_coeffs.data = tensor(ours.coef.transpose(2, 0, 1))
        theirs.base_weight.data = tensor(ours.base_weight.T)
    yield torch_mode("cos(m arccos x)", net, X, y, base_first)


def base_first(gradients):
    """Turn gradients of base weights and coefficients, in turn, into minikan's shapes."""
    return split_weights(
        [each for pair in zip(gradients[1::2], gradients[::2], strict=True) for each in pair]
    )


def chebyshev_of_deep_kan(model, X, y):
    import torch

    torchvision = mock.MagicMock()
    module = file_of(
        "deep-kan", "deepkan/deepkan.py", torchvision=torchvision, torchvision_dot_transforms=torchvision
    )
    layers = []
    for ours in model.layers:
        layers.append(module.ChebyshevKANLayer(ours.n_in, ours.n_out, ours.G).double())
        layers[-1].cheby_coeffs.data = tensor(ours.weights.swapaxes(1, 2))
    yield torch_mode(
        "recursion", torch.nn.Sequential(*layers), X, y, lambda all: ((g.swapaxes(1, 2), None) for g in all)
    )


def chebyshev_of_jaxkan(model, X, y):
    for flavor in ("default", "modified", "exact"):
        settings = dict(
            D=model.layers[0].G, flavor=flavor, residual=None, external_weights=False, add_bias=False
        )
        yield jaxkan_mode("chebyshev", settings, model, X, y, flavor)


def fourier_of_ikan(model, X, y):
    net = ikan("FourierKAN.py").FourierKAN(model.widths, model.layers[0].G, use_bias=False).double()
    for theirs, ours in zip(net.layers, model.layers, strict=True):
        theirs.fourier_coeffs.data = tensor(np.stack(np.split(ours.coef.transpose(2, 0, 1), 2, axis=2)))
        theirs.base_weight.data = tensor(ours.base_weight.T)

    def layout(gradients):
        return base_first([np.concatenate(list(g), axis=2) if g.ndim == 4 else g for g in gradients])

    yield torch_mode("as it comes", net, X, y, layout)


def fourier_of_tabkan(model, X, y):
    import torch

    module, layers = file_of("tabkan", "tabkan/fourier/layer.py"), []
    for ours in model.layers:
        layers.append(module.NaiveFourierKANLayer(ours.n_in, ours.n_out, ours.G, addbias=False).double())
        layers[-1].fouriercoeffs.data = tensor(np.stack(np.split(ours.weights.transpose(2, 0, 1), 2, axis=2)))

    def layout(gradients):
        for each in gradients:
            yield np.concatenate(list(each), axis=2).transpose(1, 2, 0), None

    yield torch_mode("edge by edge", torch.nn.Sequential(*layers), X, y, layout)


def fourier_of_jaxkan(model, X, y):
    net = jax_network(model.widths, "fourier", dict(D=model.layers[0].G, add_bias=False))
    halves = [np.split(layer.weights.transpose(2, 0, 1), 2, axis=2) for layer in model.layers]
    weights = [dict(zip(("c_cos", "c_sin"), each, strict=True)) for each in halves]

    def layout(layers):
        for theirs, ours in zip(layers, model.layers, strict=True):
            both = [theirs[key].reshape(ours.n_out, ours.n_in, -1) for key in ("c_cos", "c_sin")]
            yield np.concatenate(both, axis=2).transpose(1, 2, 0), None

    yield jax_mode("jit", net, weights, X, y, layout)


def jaxkan_mode(layer_type, settings, model, X, y, name=""):
    """Make a mode of a jaxKAN network whose layers hold c_basis alone."""

    def layout(layers):
        for theirs, ours in zip(layers, model.layers, strict=True):
            yield theirs["c_basis"].reshape(ours.n_out, ours.n_in, -1).transpose(1, 2, 0), None

    weights = [{"c_basis": layer.weights.transpose(2, 0, 1)} for layer in model.layers]
    return jax_mode(
        f"{name} jit".strip(), jax_network(model.widths, layer_type, settings), weights, X, y, layout
    )


def mlp_of_torch(model, X, y):
    import torch

    layers = []
    for depth, ours in enumerate(model.layers):
        layers += [torch.nn.SiLU()] * (depth > 0) + [torch.nn.Linear(ours.n_in, ours.n_out)]
        layers[-1].weight.data, layers[-1].bias.data = tensor(ours.weights[:-1].T), tensor(ours.weights[-1])

    def layout(gradients):
        for weight, bias in zip(gradients[::2], gradients[1::2], strict=True):
            yield np.concatenate([weight.T, bias[None]]), None

    yield torch_mode("Linear and SiLU", torch.nn.Sequential(*layers), X, y, layout)


PEERS = [  # family, features of minikan's network, its base, package, contestant
    ("splines and silu", Splines, "silu", "flashkan", flashkan),
    ("splines and silu", Splines, "silu", "inkan", inkan),
    ("splines and silu", Splines, "silu", "efficient-kan", efficient_kan),
    ("splines and silu", Splines, "silu", "jaxKAN", jaxkan),
    ("splines and silu", Splines, "silu", "pykan", pykan),
    ("splines", Splines, None, "jaxKAN", splines_of_jaxkan),
    ("Gaussians", NarrowBells, None, "deep-kan", gaussians_of_deep_kan),
    ("Gaussians", LineAndBells, None, "kolmarn", gaussians_of_kolmarn),
    ("Gaussians", Bells, None, "jaxKAN", gaussians_of_jaxkan),
    ("Chebyshev", Squashed, "silu", "ikan", chebyshev_of_ikan),
    ("Chebyshev", Squashed, None, "deep-kan", chebyshev_of_deep_kan),
    ("Chebyshev", Squashed, None, "jaxKAN", chebyshev_of_jaxkan),
    ("Fourier", Waves, "silu", "ikan", fourier_of_ikan),
    ("Fourier", Waves, None, "tabkan", fourier_of_tabkan),
    ("Fourier", Waves, None, "jaxKAN", fourier_of_jaxkan),
    ("MLP", None, None, "torch", mlp_of_torch),
]
GRIDS = {Splines: 8, Bells: 7, NarrowBells: 7, LineAndBells: 6, Squashed: 11, Waves: 6}  # m is 11 to 13


def agree(mode, loss, gradient):
    """Return how far a peer's loss and gradient are from minikan's."""
    its_loss, its_gradient = mode.result()
    return max(abs(its_loss / loss - 1), np.abs(its_gradient - gradient).max() / np.abs(gradient).max())


def peers_of(widths, n, quick, failed):
    """Time every peer beside minikan's network of the same function; yield lines of the table."""
    for family, basis, base, package, contestant in PEERS:
        start = f"{family:18}{package:15}"
        if package in failed:
            yield f"{start}not installed: {failed[package]}"
            continue
        if package == "pykan" and sum(a * b for a, b in pairwise(widths)) > 200:
            yield f"{start}makes a symbolic function for each edge one by one, which takes minutes"
            continue
        if family == "MLP":
            model, (_, X, y) = MLP(widths), within(KAN(widths), n)
        else:
            model, X, y = within(KAN(widths, grid=GRIDS[basis], basis=basis, base=base), n)
        what = "silu" if family == "MLP" else basis.__name__ + (" + silu" if base else "")
        try:
            modes = contestant(model, X, y)
            if quick:
                modes = (mode for mode in modes if (package, mode.name) not in SLOW)
            yield from (start + line for line in lines_of(modes, model, X, y, what, quick))
        except Exception as error:  # a peer that fails must not stop the others
            yield f"{start}{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:160]


def lines_of(modes, model, X, y, what, quick):
    """Time the modes of one peer that agree with minikan."""
    loss, gradient = model.loss_and_gradient(X, y)
    kept = []
    for mode in modes:
        if mode.whole or (quick and "compile" in mode.name):
            continue
        try:
            off = agree(mode, loss, gradient)
        except Exception as error:
            yield f"{mode.name:24}{type(error).__name__}: {error}".splitlines()[0][:120]
            continue
        start = clock()
        mode.run()
        if off >= peers.ACCURATE:
            yield f"{mode.name:24}computes something else: off by {off:.0e}"
        elif clock() - start > PATIENCE:
            yield f"{mode.name:24}{what:20}{mode.parameters:10}: more than {PATIENCE:.0f} s for one pass"
        else:
            kept.append((mode, off))
    runs = [partial(model.loss_and_gradient, X, y), partial(forward, model, X)]
    for mode, _ in kept:
        runs += [mode.run, mode.forward]
    times = milliseconds(runs, turns=4 if quick else 7, seconds=0.03)
    for (mode, off), whole, there in zip(kept, times[2::2], times[3::2], strict=True):
        yield (
            f"{mode.name:24}{what:20}{mode.parameters:10}{times[0]:9.2f}{whole:9.2f}{whole / times[0]:9.2f}×"
            f"{there / times[1]:9.2f}×{off:10.0e}"
        )


def beside_peers(quick):
    failed = more_packages()
    for widths, n in (
        [([196, 64, 10], 256)]
        if quick
        else [([64, 64, 64], 1000), ([196, 64, 10], 256), ([2, 64, 1], 10_000)]
    ):
        head(
            f"A pass of {widths}, {n} samples, in packages of the index: ms, and as multiples of minikan's time",
            f"{'':18}{'package':15}{'mode':24}{'features':20}{'parameters':>10}{'minikan':>9}{'peer':>9}",
            f"{'pass':>10}{'forward':>10}{'off':>10}",
        )
        for line in peers_of(widths, n, quick, failed):
            print(line, flush=True)
    print(SEEN)


# -------------------------------------------------------------------------------------------- counts


def limits_of_this_processor(quick):
    """Measure the peak of a large matrix product, and the bandwidths of a large copy and of one in the cache: per s."""
    side = 512 if quick else 1024
    A, large, small = np.random.default_rng(0).normal(size=(side, side)), np.ones(2**23), np.ones(2**15)
    outs = [np.empty_like(each) for each in (A, large, small)]
    runs = [
        partial(np.matmul, A, A, out=outs[0]),
        partial(np.copyto, outs[1], large),
        partial(run_all, [partial(np.copyto, outs[2], small)] * 100),
    ]
    product, far, near = milliseconds(runs, turns=7)
    return 2e3 * side**3 / product, 2e3 * large.nbytes / far, 2e3 * 100 * small.nbytes / near


def counts(quick):
    peak, memory, cache = limits_of_this_processor(quick)
    head(
        f"Operations and bytes of a pass, counted; peak of a matrix product {peak / 1e9:.1f} GFlop/s, copies "
        f"{memory / 1e9:.1f} GB/s (64 MB) and {cache / 1e9:.1f} GB/s (256 kB, in the cache); "
        f"a ridge at {peak / memory:.1f} and {peak / cache:.1f} operations per byte; "
        "roof: of arrays in the cache",
        f"{'':33}{'MFlop':>8}{'MB':>8}{'per byte':>9}{'roof':>14}{'GFlop/s':>9}{'of it':>7}{'ms':>9}{'at least':>9}",
    )
    for widths, n in (
        [([196, 64, 10], 256)]
        if quick
        else [([64, 64, 64], 1000), ([196, 64, 10], 256), ([2, 64, 1], 100_000)]
    ):
        for name in ("splines and silu", "Fourier", "MLP"):
            model = FAMILIES["splines"].kan(widths)
            model, X, _ = within(FAMILIES[name].kan(widths), n) if name != "MLP" else within(model, n)
            model = equal_mlp(widths, model.parameters.size) if name == "MLP" else model
            runs, blocks = parts(model, X)
            times = dict(zip(runs, milliseconds(list(runs.values()), turns=7, seconds=0.03), strict=True))
            counted = counts_of(model, n)
            print(
                f"{name}, {widths}, {n} samples: {total(counted)[0] / total(counted)[1]:.1f} operations per byte"
            )
            for part, (operations, size) in counted.items():
                ms = times[part] * blocks
                if size == 0:
                    continue
                allowed, reached = roof(operations, size, peak, cache), operations / ms * 1e3
                least = 1e3 * max(operations / peak, size / cache)
                share = f"{reached / allowed:7.0%}" if operations else f"{'':7}"
                print(
                    f"    {part:29}{operations / 1e6:8.1f}{size / 1e6:8.1f}{operations / size:9.1f}"
                    f"{allowed / 1e9:14.1f}{reached / 1e9:9.1f}{share}{ms:9.2f}{least:9.2f}",
                    flush=True,
                )


def counts_of(model, n):
    """Count (operations, bytes) of all layers' features, product, gradient and pull, for which W g is multiplied first.

    Where a layer of splines has one output, the code needs fewer: it fetches the weights that are live.
    """
    parts = dict.fromkeys(("features", "product", "gradient", "pull"), (0, 0))
    for depth, layer in enumerate(model.layers):
        K = layer.weights.size // layer.n_out
        for part, (operations, size) in layer_counts(layer.n_in, K, layer.n_out, n, depth > 0).items():
            key = "pull" if part == "back" else part
            parts[key] = parts[key][0] + operations, parts[key][1] + size
    return parts


# --------------------------------------------------------------------------------------------- edges


def ways_forward(layer, x):
    """Give functions that all compute z (n_out, n) of a layer with domains (-1, 1)."""
    W, basis, (n_in, n), n_out = layer.weights, layer.basis, x.shape, layer.n_out
    columns = np.ascontiguousarray(W.transpose(2, 0, 1))  # (n_out, n_in, m)

    def product():
        return W.reshape(-1, n_out).T @ basis.features(x).matrix()

    def curves_kept():  # the values of every edge are kept, as pykan does for its pictures and penalties
        features = basis.features(x).matrix().reshape(n_in, -1, n)
        return np.matmul(W.swapaxes(1, 2), features).sum(axis=0)

    def own_features():  # every edge computes its features
        features = basis.functions(np.broadcast_to(x, (n_out, n_in, n)), 0)  # (m, n_out, n_in, n)
        return np.einsum("oim,moin->on", columns, features)

    def loop():
        z = np.zeros((n_out, n))
        for i, j in np.ndindex(n_in, n_out):
            z[j] += columns[j, i] @ basis.functions(x[i], 0)
        return z

    return [product, curves_kept, own_features, loop]


def edges(quick):
    head(
        "Edges one by one: the way forward of a layer of Gaussians, as multiples of one matrix product",
        f"{'layer':12}{'samples':>8}{'features':>10}{'product ms':>11}{'shared, einsum':>16}{'own features':>14}"
        f"{'a loop':>9}{'bytes counted':>15}",
    )
    for n_in, n_out, n in (
        [(16, 16, 256)] if quick else [(16, 16, 256), (16, 16, 4000), (64, 64, 256), (196, 64, 64)]
    ):
        layer = FAMILIES["Gaussians"].kan([n_in, n_out]).layers[0]
        x, basis = np.random.default_rng(0).uniform(-1, 1, (n_in, n)), layer.basis
        runs = ways_forward(layer, x)
        for run in runs[1:]:
            np.testing.assert_allclose(run(), runs[0](), atol=1e-10)
        times = milliseconds(runs, turns=4, seconds=0.03)
        K = n_in * basis.m
        here = {part: layer_counts(n_in, K, n_out, n, pulls=False)[part] for part in ("features", "product")}
        bytes_counted = total(edge_counts(n_in, K, n_out, n))[1] / total(here)[1]
        print(
            f"{f'{n_in} → {n_out}':12}{n:8}{basis.m:10}{times[0]:11.2f}{times[1] / times[0]:15.1f}×"
            f"{times[2] / times[0]:13.1f}×{times[3] / times[0]:8.1f}×{bytes_counted:14.1f}×",
            flush=True,
        )


# -------------------------------------------------------------------------------------------- groups


def dealt(n_in, n_out, size):
    """Deal edges to groups of so many, input by input: labels (n_in, n_out), size 0 gives one group."""
    edges = np.arange(n_in * n_out)
    return (edges // size if size else 0 * edges).reshape(n_in, n_out)


def sharing(widths, inputs, seed=0):
    """Make a KAN whose edges share: a curve for each edge (0), for one input, for two …, or one for a layer (None)."""
    labels = []
    for n_in, n_out in pairwise(widths):
        labels.append(dealt(n_in, n_out, 0 if inputs is None else inputs * n_out if inputs else 1))
    return FAMILIES["splines"].kan(widths, groups=labels, seed=seed)


def curve_first(model, X, y):
    """Compute loss and gradient of a network whose inputs have a curve, in another order: z = sᵀ ψ(x), ψ = cᵀ F.

    A curve is evaluated once for each input and sample, and the matrix product is m times smaller.
    """
    loss, gradient = 0.0, np.zeros(model.parameters.size)
    for block in model.blocks(len(X)):
        x, kept = samples_last(X[block]), []
        for layer in model.layers:
            features = layer.basis.features(x, layer.n_out)
            F = features.matrix().reshape(layer.n_in, -1, x.shape[1])  # (n_in, m, n)
            c = layer.shared[layer.groups[:, 0], None]  # (n_in, 1, m)
            kept.append((features, F, c, (c @ F)[:, 0]))
            x = layer.scale.T @ kept[-1][3]
        residuals = x - y[block].T
        loss += np.vdot(residuals, residuals) / y.size
        g, steps = residuals * (2 / y.size), []
        for layer, (features, F, c, curves) in zip(model.layers[::-1], kept[::-1], strict=True):
            below, in_shared = layer.scale @ g, np.zeros(layer.shared.shape)  # below: ∂loss/∂ψ, (n_in, n)
            np.add.at(in_shared, layer.groups[:, 0], (F @ below[:, :, None])[:, :, 0])
            steps += [curves @ g.T, in_shared]
            if layer is not model.layers[0]:
                g = below * (c @ features.matrix(1).reshape(F.shape))[:, 0]
        gradient += np.concatenate([step.ravel() for step in steps[::-1]])
    return loss, gradient


DEALS = {"an edge": 0, "an input": 1, "two inputs": 2, "a layer": None}


def groups(quick):
    timed, n = ([64, 64, 64], 256) if quick else ([196, 64, 10], 256)
    steps, seeds = (10, (0,)) if quick else (30, (0, 1, 2))
    learned, sizes = [6, 64, 1], (2000, 250, 4000)
    head(
        f"Edges that share curves, m = {M} splines: a pass of {timed}, {n} samples, in two orders; error of {learned} "
        f"after {steps} steps of L-BFGS, median and worst of {len(seeds)} draws",
        f"{'a curve for':>14}{'parameters':>11}{'of all':>8}{'(s c)ᵀF, ms':>13}{'of own':>8}{'sᵀ(cᵀF), ms':>13}"
        f"{'of own':>8} |{'parameters':>11}",
        *(f"{target:>19}" for target in SHARING),
    )
    own = FAMILIES["splines"].kan(timed)
    models = {"its own edge": own} | {name: sharing(timed, inputs) for name, inputs in DEALS.items()}
    _, X, y = within(FAMILIES["splines"].kan(timed), n)
    runs = {(name, 0): partial(model.loss_and_gradient, X, y) for name, model in models.items()}
    for name in list(DEALS)[1:]:
        runs[name, 1] = partial(curve_first, models[name], X, y)
        (loss, gradient), (its_loss, its_gradient) = runs[name, 0](), runs[name, 1]()
        np.testing.assert_allclose(np.append(its_gradient, its_loss), np.append(gradient, loss), atol=1e-10)
    times = dict(zip(runs, milliseconds(list(runs.values()), turns=7, seconds=0.03), strict=True))
    reference = times["its own edge", 0]
    for name, model in models.items():
        line = ""
        for target in SHARING:
            rows = []
            for seed in seeds:
                small = sharing(learned, DEALS[name], seed) if name in DEALS else None
                small = small or FAMILIES["splines"].kan(learned, seed=seed)
                rows.append(train(small, *draw(target, seed, sizes), steps, 0.0)[0])
            line += f"{median(rows):11.1e} {max(rows):7.0e}"
        other = times.get((name, 1))
        print(
            f"{name:>14}{model.parameters.size:11}{model.parameters.size / own.parameters.size:8.2f}"
            f"{times[name, 0]:13.2f}{times[name, 0] / reference:7.2f}×"
            + (f"{other:13.2f}{other / reference:7.2f}×" if other else f"{'–':>13}{'':8}")
            + f" |{small.parameters.size:11}{line}",
            flush=True,
        )


# ---------------------------------------------------------------------------------------------- main

TABLES = {
    "errors": errors,
    "condition": conditions,
    "passes": passes,
    "peers": beside_peers,
    "counts": counts,
    "edges": edges,
    "groups": groups,
}


def main():
    arguments = sys.argv[1:]
    quick, alone = "--quick" in arguments, "--alone" in arguments
    names = [each for each in arguments if each not in ("--quick", "--alone")]
    if not set(names) <= set(TABLES):
        sys.exit(f"tables are {', '.join(TABLES)}")
    if alone and names == ["peers"]:
        sys.exit("the table of peers needs them")
    if not alone and peers.away_from_home():
        try:
            sys.exit(peers.at_home(__file__, arguments))
        except subprocess.CalledProcessError as error:
            print(f"the peers could not be installed, so minikan alone: {error}")
            alone = True
    print(f"float64, one thread, on {processor()}")
    if not alone:
        import torch

        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float64)
    warnings.filterwarnings("ignore", module="jax|flax|torch")
    for name in names or TABLES:
        if not (alone and name == "peers"):
            TABLES[name](quick)


if __name__ == "__main__":
    main()
