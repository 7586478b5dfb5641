"""Let a peer search for a law; `discovery.py --peers` runs this in the peers' environment.

    python symbolic_peers.py PEER TABLE SECONDS        PEER: pyoperon, rils-rols or gplearn

TABLE is an .npz file of samples X (n, n_in), y (n,) and new inputs `new`. Writes what is predicted for them into
TABLE.PEER.npy, and prints the seconds of the processor and the formula.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import sys  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402

import numpy as np  # noqa: E402


def pyoperon(X, y, seconds):
    """Genetic programming with constants by least squares; of its Pareto front, the shortest formula near the best."""
    from pyoperon.sklearn import SymbolicRegressor

    model = SymbolicRegressor(
        allowed_symbols="add,sub,mul,div,square,sqrt,exp,log,sin,cos,tanh,asin,acos,atan,constant,variable",
        objectives=["r2", "length"],
        optimizer_iterations=5,
        generations=10**6,
        max_evaluations=10**9,
        max_time=int(seconds),
        n_threads=1,
        random_state=0,
    ).fit(X, y)
    front = model.pareto_front_
    enough = 1.5 * min(each["mean_squared_error"] for each in front) + 1e-13 * y.var()
    best = min(
        (each for each in front if each["mean_squared_error"] <= enough), key=lambda each: each["length"]
    )
    return lambda new: model.evaluate_model(best["tree"], new), model.get_model_string(best["tree"], 8)


def rils_rols(X, y, seconds):
    """Iterated local search with constants by least squares."""
    from rils_rols.rils_rols import RILSROLSRegressor

    model = RILSROLSRegressor(max_seconds=int(seconds), max_fit_calls=10**9, random_state=0)
    model.fit(X, y)
    return model.predict, model.modelString()


def gplearn(X, y, seconds):
    """Genetic programming, a generation more as long as there is time."""
    from gplearn.genetic import SymbolicRegressor

    functions = ("add", "sub", "mul", "div", "sqrt", "log", "sin", "cos", "inv")
    model = SymbolicRegressor(
        population_size=2000, generations=1, function_set=functions, warm_start=True, random_state=0
    )
    start, generation = time.process_time(), 0
    while time.process_time() - start < seconds:
        generation += 1
        model.set_params(generations=generation).fit(X, y)
    return model.predict, str(model._program)


def main():
    name, table, seconds = sys.argv[1], np.load(sys.argv[2]), float(sys.argv[3])
    search = {"pyoperon": pyoperon, "rils-rols": rils_rols, "gplearn": gplearn}[name]
    start = time.process_time()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        predict, formula = search(table["X"], table["y"], seconds)
        seconds = time.process_time() - start
        np.save(f"{sys.argv[2]}.{name}.npy", np.asarray(predict(table["new"]), float))
    print(f"{seconds:.1f} {formula}")


if __name__ == "__main__":
    main()
