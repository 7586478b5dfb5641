"""What editors and type checkers read instead of `__init__.py`, whose names load when they are first used."""

from .bases import Chebyshev as Chebyshev
from .bases import Fourier as Fourier
from .bases import Gaussians as Gaussians
from .bspline import basis as basis
from .bspline import fit_coefficients as fit_coefficients
from .bspline import make_grid as make_grid
from .checks import check as check
from .checks import check_gradient as check_gradient
from .compiling import compile_formula as compile_formula
from .diagram import plot as plot
from .discovery import discover as discover
from .estimator import KANClassifier as KANClassifier
from .estimator import KANRegressor as KANRegressor
from .formulas import formula as formula
from .grids import refine as refine
from .grids import update_grid as update_grid
from .history import History as History
from .kan import KAN as KAN
from .kan_layer import KANLayer as KANLayer
from .levenberg_marquardt import LevenbergMarquardt as LevenbergMarquardt
from .mlp import MLP as MLP
from .optimizers import LBFGS as LBFGS
from .optimizers import Adam as Adam
from .optimizers import GradientDescent as GradientDescent
from .penalties import Roughness as Roughness
from .penalties import Sparsity as Sparsity
from .plotting import show as show
from .plotting import show_source as show_source
from .problems import PROBLEMS as PROBLEMS
from .pruning import prune as prune
from .sparsity import attribute as attribute
from .splines import Splines as Splines
from .storage import load as load
from .storage import save as save
from .structure_plot import plot_structure as plot_structure
from .structures import structure as structure
from .superposition import inner_function as inner_function
from .superposition import superpose as superpose
from .sweeps import sweep as sweep
from .symbolic import fix_symbolic as fix_symbolic
from .symbolic import suggest as suggest
from .symbolic import symbolify as symbolify
from .symbolic_estimator import SymbolicKANRegressor as SymbolicKANRegressor
from .training import fit as fit
from .unnaming import loosen as loosen

__version__: str
__all__: list[str]
