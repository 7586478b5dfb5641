"""How often does `structure` tell how a function is built, and how often does it see what is not there?

    python benchmarks/structure.py [--quick] [--polynomials]

Random functions of three inputs, some without any structure, are learned by a network [3, 6, 1] from 1000 samples, with
noise and without; where there is noise, with a penalty on roughness of a tenth of its variance. Counted are trees that
are right; whose parts are true, but a kind is not: a product in place of a function of a sum, or so; that say less, or
leave it open, and all they say is true; and that are wrong. Then pairs that do not act together, but are said to; and
pairs that do, but are not said to. Fails if without noise more than 5% of the trees are wrong, or with noise more than
10%, or if more than 5% of the pairs that do not act together are said to.

With `--polynomials` instead: which inputs act together in the paper's toys and Feynman's equations, told by a network's
second derivatives, and by the polynomials that `discover` starts from. (They tell as much: so it does not need these.)
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"):
    os.environ[variable] = "1"  # before NumPy is loaded

import sys  # noqa: E402
import warnings  # noqa: E402
from dataclasses import replace  # noqa: E402
from itertools import combinations, product  # noqa: E402

import numpy as np  # noqa: E402
from numpy.polynomial.chebyshev import chebval  # noqa: E402

from minikan import KAN, PROBLEMS, Roughness, compile_formula, fit, structure  # noqa: E402
from minikan.surrogate import Surrogate, Targets  # noqa: E402

SAMPLES, NOISES, NAMES = 1000, (0.0, 0.01, 0.05), ["x", "y", "z"]
OUTER = (np.tanh, np.sin, lambda s: 1 / (2.5 + s), lambda s: np.sqrt(1.5 + s), lambda s: s + s**2 / 2)
# Of each form: what it is for curves x, y, z, a function g of one variable, and `waves`; its parts, in lists where they
# can be parted, in tuples where not; and the pairs that do not act together.
FORMS = {
    "x + y + z": (lambda x, y, z, g, waves: x + y + z, ["x", "y", "z"], ("xy", "xz", "yz")),
    "x + y·z": (lambda x, y, z, g, waves: x + (y + 0.5) * (z - 0.5), ["x", ["y", "z"]], ("xy", "xz")),
    "x·y·z": (lambda x, y, z, g, waves: (x + 1.5) * (y + 0.5) * (z - 1.2), ["x", "y", "z"], ()),
    "x·(y + z)": (lambda x, y, z, g, waves: (x + 1.2) * (y + z), ["x", ["y", "z"]], ("yz",)),
    "g(x + y + z)": (lambda x, y, z, g, waves: g((x + y + z) / 2), ["x", "y", "z"], ()),
    "x·g(y + z)": (lambda x, y, z, g, waves: (x + 1.5) * g(0.7 * (y + z)), ["x", ["y", "z"]], ()),
    "x + g(y + z)": (lambda x, y, z, g, waves: x / 2 + g(0.7 * (y + z)), ["x", ["y", "z"]], ("xy", "xz")),
    "g(x + y, z)": (lambda x, y, z, g, waves: waves((x + y) / 2, z), (["x", "y"], "z"), ()),
    "x + g(y, z)": (lambda x, y, z, g, waves: x + waves(y, z), ["x", ("y", "z")], ("xy", "xz")),
    "g(x, y, z)": (lambda x, y, z, g, waves: waves(x, y, z), ("x", "y", "z"), ()),
}

KINDS = {  # what joins the inputs of a form, and of its parts, where these can be parted
    "x + y + z": {"xyz": "sum"},
    "x + y·z": {"xyz": "sum", "yz": "product"},
    "x·y·z": {"xyz": "product"},
    "x·(y + z)": {"xyz": "product", "yz": "sum"},
    "g(x + y + z)": {"xyz": "function"},
    "x·g(y + z)": {"xyz": "product", "yz": "function"},
    "x + g(y + z)": {"xyz": "sum", "yz": "function"},
    "g(x + y, z)": {"xyz": "any", "xy": "function"},
    "x + g(y, z)": {"xyz": "sum", "yz": "any"},
    "g(x, y, z)": {"xyz": "any"},
}


def curve(x, rng):
    """Draw a random curve, from about -1 to 1 on [-1, 1]."""
    weights = rng.normal(size=4) * [0, 1, 0.5, 0.25]
    weights[1] += 0.5 * np.sign(weights[1])
    return chebval(x, weights) / np.abs(chebval(np.linspace(-1, 1, 99), weights)).max()


def some_waves(rng):
    """Make a function without structure: random waves in six random directions."""

    def waves(*x):
        directions, phases, heights = (
            rng.normal(0, 1.3, (len(x), 6)),
            rng.uniform(0, 6, 6),
            rng.normal(size=6),
        )
        return np.sin(np.stack(x, axis=1) @ directions + phases) @ heights

    return waves


def merged(node):
    """Merge sums in sums, and sums in a function of a sum; sort the children."""
    children = []
    for child in map(merged, node.children):
        inside = child.kind == "sum" and node.kind in ("sum", "function")
        children += child.children if inside else [child]
    return replace(node, children=sorted(children, key=lambda child: min(child.inputs, default=9)))


def kinds_hold(node, kinds, free=False):
    """Say if all kinds of a tree are true, given its parts are. In any function, products and sums are the same."""
    names = {NAMES[i] for i in node.inputs}
    truth = kinds[min((key for key in kinds if names <= set(key)), key=len)]
    holds = free or node.kind in (
        truth,
        "function",
        "input",
        "any",
        "unclear",
    )  # a sum is a function of a sum, too
    return holds and all(kinds_hold(child, kinds, node.kind in ("any", "unclear")) for child in node.children)


def parts(node):
    """Write a tree without its kinds: a list of parts, or a tuple where they cannot be parted."""
    if node.kind == "input":
        return NAMES[node.inputs[0]]
    kind = tuple if node.kind in ("any", "unclear") else list
    return (
        kind(map(parts, node.children or [NAMES[i] for i in node.inputs])) if node.children else tuple("xyz")
    )


def letters(part):
    return part if isinstance(part, str) else "".join(sorted("".join(map(letters, part))))


def claims(part):
    """List what a tree says: which pairs are parted, and which inputs can be put together."""
    if isinstance(part, str):
        return set()
    found = set().union({letters(part)}, *map(claims, part))
    if isinstance(part, list):
        some = [chosen for size in range(1, len(part)) for chosen in combinations(part, size)]
        found |= {letters(chosen) for chosen in some if len(letters(chosen)) > 1}
        pairs = [product(letters(a), letters(b)) for a, b in combinations(part, 2)]
        found |= {("parted", *sorted(pair)) for each in pairs for pair in each}
    return found


def verdict(found, form):
    """Judge a tree: "right"; "kind", its parts are true and a kind is not; "less", all it says is true; or "wrong"."""
    tree = merged(found.tree)
    text, told = tree.text(NAMES), parts(tree)
    if (text.replace("·", " + ") if form == "g(x + y, z)" else text) == form:  # for g, it is the same
        return "right"
    if not claims(told) <= claims(FORMS[form][1]):
        return "wrong"
    return "less" if kinds_hold(tree, KINDS[form]) else "kind"


def trial(form, noise, seed):
    """Learn a random function of a form: the verdict, and which pairs that are apart, or not, are said to interact."""
    rng = np.random.default_rng([seed, *map(ord, form)])
    X = rng.uniform(-1, 1, (SAMPLES, 3))
    inner, outer = [curve(x, rng) for x in X.T], OUTER[rng.integers(len(OUTER))]
    y = FORMS[form][0](*inner, outer, some_waves(rng))
    y = (y - y.mean()) / y.std() + noise * rng.normal(size=SAMPLES)
    model, options = KAN([3, 6, 1], grid=4, seed=seed), {"penalty": Roughness(noise**2 / 10)} if noise else {}
    fit(model, X, y, steps=60, progress=False, **options)
    found = structure(model, X, y, NAMES, progress=False, **options)
    seen = {
        a + b: found.interactions[i, j] > found.limit[i, j]
        for (i, a), (j, b) in combinations(enumerate(NAMES), 2)
    }
    apart = FORMS[form][2]
    return verdict(found, form), [seen[pair] for pair in apart], [seen[pair] for pair in {*seen} - {*apart}]


def share(values):
    return f"{sum(values):3} of {len(values):3}" if values else "–"


def pairs_of(found, least):
    return {
        pair for pair in combinations(range(len(found.names)), 2) if found.interactions[pair] > least[pair]
    }


def against_polynomials(noise):
    """Print the rows in which polynomials or second derivatives do not find all pairs that act together, and counts."""
    print(
        f"\nnoise {noise:.0%} of the spread: pairs that are said to act together, but do not / are missed by"
    )
    print(f"{'':18}pairs   polynomials   second derivatives")
    right, held = np.zeros(3, int), SAMPLES // 5
    for name, problem in PROBLEMS.items():
        if "Table 1" in problem.source or name == "high_dimensional" or len(problem.inputs) == 1:
            continue
        X, y = problem.sample(SAMPLES, seed=0)
        y = (y - y.mean()) / y.std() + noise * np.random.default_rng(1).normal(size=SAMPLES)
        exact = structure(compile_formula(problem.formula, problem.inputs, problem.domain), X)
        truth = pairs_of(exact, np.full(exact.limit.shape, 1e-6))
        targets = Targets(y[held:], y[:held], np.ones(SAMPLES - held), np.ones(held))
        model = KAN([X.shape[1], 2 * X.shape[1], 1], grid=4, domain=problem.domain)
        options = {"penalty": Roughness(noise**2 / 10)} if noise else {}
        fit(model, X, y, steps=60, progress=False, **options)
        found = structure(model, X, y, progress=False, **options)
        told = [
            Surrogate(X[held:], X[:held]).interactions(targets, range(X.shape[1])),
            pairs_of(found, found.limit),
        ]
        right += [1, *(each == truth for each in told)]
        if told != [truth, truth]:
            texts = [
                "too rough" if each is None else f"{len(each - truth)} / {len(truth - each)}" for each in told
            ]
            print(f"{name:18}{len(truth):5} {texts[0]:>13} {texts[1]:>20}", flush=True)
    print(f"all pairs are right in {right[1]} and {right[2]} of {right[0]} rows")


def main():
    warnings.simplefilter("ignore")
    if "--polynomials" in sys.argv:
        for noise in NOISES[:2]:
            against_polynomials(noise)
        return
    functions, failed = 2 if "--quick" in sys.argv else 8, False
    for noise in NOISES:
        print(f"\nnoise {noise:.0%} of the spread: {functions} functions of each form")
        print("form           right  kind  less wrong   false interactions   missed interactions")
        total = []
        for form in FORMS:
            verdicts, apart, together = zip(
                *(trial(form, noise, seed) for seed in range(functions)), strict=True
            )
            counts = [verdicts.count(kind) for kind in ("right", "kind", "less", "wrong")]
            alarms, misses = (
                [hit for row in apart for hit in row],
                [not hit for row in together for hit in row],
            )
            total.append((counts, alarms, misses))
            columns = "".join(f"{count:6}" for count in counts)
            print(f"{form:14}{columns}   {share(alarms):>18} {share(misses):>21}", flush=True)
        counts = np.sum([row[0] for row in total], axis=0)
        alarms, misses = ([hit for row in total for hit in row[k]] for k in (1, 2))
        columns = "".join(f"{count:6}" for count in counts)
        print(f"{'all':14}{columns}   {share(alarms):>18} {share(misses):>21}", flush=True)
        failed |= counts[3] > (0.1 if noise else 0.05) * counts.sum() or sum(alarms) > 0.05 * len(alarms)
    if failed:
        sys.exit("more trees or interactions are wrong than should be")


if __name__ == "__main__":
    main()
