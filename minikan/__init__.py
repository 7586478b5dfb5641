"""minikan: Kolmogorov–Arnold networks, small, exact and from scratch in NumPy."""

from importlib import import_module

__version__ = "0.1.0"

# Each module and its public names, in reading order. A module is loaded when one of its names is first used, so that
# `import minikan` is about as fast as `import numpy`.
_NAMES = {
    "superposition": ("inner_function", "superpose"),
    "bspline": ("make_grid", "basis", "fit_coefficients"),
    "kan_layer": ("KANLayer",),
    "kan": ("KAN",),
    "storage": ("save", "load"),
    "grids": ("update_grid", "refine"),
    "optimizers": ("GradientDescent", "Adam", "LBFGS"),
    "levenberg_marquardt": ("LevenbergMarquardt",),
    "penalties": ("Roughness", "Sparsity"),
    "training": ("fit",),
    "history": ("History",),
    "mlp": ("MLP",),
    "estimator": ("KANRegressor", "KANClassifier"),
    "sweeps": ("sweep",),
    "problems": ("PROBLEMS",),
    "sparsity": ("attribute",),
    "pruning": ("prune",),
    "symbolic": ("suggest", "fix_symbolic", "symbolify"),
    "formulas": ("formula",),
    "unnaming": ("loosen",),
    "compiling": ("compile_formula",),
    "structures": ("structure",),
    "discovery": ("discover",),
    "symbolic_estimator": ("SymbolicKANRegressor",),
    "splines": ("Splines",),
    "bases": ("Gaussians", "Chebyshev", "Fourier"),
    "points": ("interior", "boundary", "face"),
    "residuals": ("Equation",),
    "conditions": ("fixed", "periodic", "measured"),
    "trial": ("TrialSolution",),
    "equations": ("solve",),
    "diagram": ("plot",),
    "structure_plot": ("plot_structure",),
    "plotting": ("show", "show_source"),
    "checks": ("check", "check_gradient"),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}
__all__ = list(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'minikan' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__():
    return [*__all__, "__version__"]
