"""Real data, which are few and noisy: the KAN estimators beside a linear model, a random forest and an MLP.

    pip install scikit-learn
    python benchmarks/real_data.py

One thread. scikit-learn's bundled sets; five folds, repeated with three shuffles; the same folds for everyone.
Nobody is tuned: each has the defaults of its library, inputs and targets standardised where it needs that. Prints
mean and standard deviation over the 15 folds, how often the KAN does better than the other on the same fold, and
seconds for a fit.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import warnings  # noqa: E402

from sklearn.compose import TransformedTargetRegressor  # noqa: E402
from sklearn.datasets import load_breast_cancer, load_diabetes  # noqa: E402
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402
from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold, cross_validate  # noqa: E402
from sklearn.neural_network import MLPClassifier, MLPRegressor  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

from minikan import KANClassifier, KANRegressor  # noqa: E402


def scaled(model):
    return make_pipeline(StandardScaler(), model)


SETS = {
    "diabetes, R²": (
        load_diabetes,
        RepeatedKFold(n_splits=5, n_repeats=3, random_state=0),
        {
            "KAN": KANRegressor(),
            "KAN, additive": KANRegressor(hidden=()),
            "linear": LinearRegression(),
            "random forest": RandomForestRegressor(random_state=0),
            "MLP": TransformedTargetRegressor(
                scaled(MLPRegressor(random_state=0)), transformer=StandardScaler()
            ),
        },
    ),
    "breast cancer, accuracy": (
        load_breast_cancer,
        RepeatedStratifiedKFold(n_splits=5, n_repeats=3, random_state=0),
        {
            "KAN": KANClassifier(),
            "KAN, additive": KANClassifier(hidden=()),
            "logistic": scaled(LogisticRegression()),
            "random forest": RandomForestClassifier(random_state=0),
            "MLP": scaled(MLPClassifier(random_state=0)),
        },
    ),
}


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)  # scikit-learn's MLP stops after 200 passes
    for title, (load, folds, models) in SETS.items():
        X, y = load(return_X_y=True)
        print(f"\n{title}, n = {len(X)}, {X.shape[1]} features")
        ours = None
        for name, model in models.items():
            result = cross_validate(model, X, y, cv=folds)
            scores, seconds = result["test_score"], result["fit_time"]
            ours = scores if ours is None else ours
            better = (
                "" if scores is ours else f"  KAN better on {(ours > scores).sum():2d} of {len(scores)} folds"
            )
            print(
                f"  {name:14s} {scores.mean():6.3f} ± {scores.std():.3f}  {seconds.mean():6.2f} s{better}",
                flush=True,
            )


if __name__ == "__main__":
    main()
