"""A progress bar for work of more than about a second (chapter 04); tqdm draws it where it is installed."""

import importlib.util
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(total: int, label: str, wanted: bool = True) -> Iterator[Callable]:
    """Offer a function that moves a bar by one: text on stderr in a terminal, a widget in JupyterLab.

    The bar shows up after a second. TQDM_DISABLE=1 in the environment switches it off, as wherever tqdm is
    at work.

    Parameters
    ----------
    total : int
        Number of moves.
    label : str
        What stands before the bar.
    wanted : bool
        No bar if False.

    Yields
    ------
    callable
        `advance()` moves the bar, `advance("RMSE 1.2e-03")` also writes behind it.
    """
    if not wanted or importlib.util.find_spec("tqdm") is None:
        yield lambda note="": None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm says so when it would rather have ipywidgets
        from tqdm.auto import tqdm
    disable = bool(os.environ.get("TQDM_DISABLE"))  # tqdm's bar for notebooks does not look there itself
    with tqdm(total=total, desc=label, delay=1, leave=False, disable=disable) as bar:

        def advance(note=""):
            bar.set_postfix_str(note, refresh=False)
            bar.update()

        yield advance
