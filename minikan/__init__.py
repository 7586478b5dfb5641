"""minikan: Kolmogorov–Arnold networks, small, exact and from scratch in NumPy."""

from importlib import import_module

__version__ = "0.1.0"

# Each public name and its module, in reading order. A module is loaded when one of its names is first used, so
# that `import minikan` is about as fast as `import numpy`.
_HOME = {
    "inner_function": "superposition",
    "superpose": "superposition",
    "make_grid": "bspline",
    "basis": "bspline",
    "fit_coefficients": "bspline",
    "KANLayer": "kan_layer",
    "KAN": "kan",
    "save": "storage",
    "load": "storage",
    "update_grid": "grids",
    "refine": "grids",
    "GradientDescent": "optimizers",
    "Adam": "optimizers",
    "LBFGS": "optimizers",
    "LevenbergMarquardt": "levenberg_marquardt",
    "Roughness": "penalties",
    "Sparsity": "penalties",
    "fit": "training",
    "History": "history",
    "MLP": "mlp",
    "KANRegressor": "estimator",
    "KANClassifier": "estimator",
    "sweep": "sweeps",
    "PROBLEMS": "problems",
    "attribute": "sparsity",
    "prune": "pruning",
    "suggest": "symbolic",
    "fix_symbolic": "symbolic",
    "symbolify": "symbolic",
    "formula": "formulas",
    "Splines": "splines",
    "Gaussians": "bases",
    "Chebyshev": "bases",
    "Fourier": "bases",
    "plot": "diagram",
    "show": "plotting",
    "show_source": "plotting",
    "check": "checks",
    "check_gradient": "checks",
}

__all__ = list(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'minikan' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__():
    return [*__all__, "__version__"]
