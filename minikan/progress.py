"""Show a progress bar for work of more than about a second (chapter 04); tqdm draws it where it is installed."""

import importlib.util
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(total: int | None, label: str, wanted: bool = True) -> Iterator[Callable]:
    """Show a bar over `total` steps (None: nobody knows), after a second: on stderr, or as a widget in JupyterLab.

    Yields a function: `advance()` moves the bar by one step, `advance("RMSE 1.2e-03")` also writes a note behind it.
    There is no bar if it is not wanted, without tqdm, or with TQDM_DISABLE=1 in the environment.
    """
    if not wanted or importlib.util.find_spec("tqdm") is None:
        yield lambda note="": None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm warns if ipywidgets are missing
        from tqdm.auto import tqdm
    disable = bool(os.environ.get("TQDM_DISABLE"))  # tqdm's bar for notebooks does not check this
    with tqdm(total=total, desc=label, delay=1, leave=False, disable=disable) as bar:

        def advance(note=""):
            bar.set_postfix_str(note, refresh=False)
            bar.update()

        yield advance
