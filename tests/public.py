"""The package's modules, and all that is public in them: what has to have docstrings and type hints."""

import inspect
import pkgutil
from importlib import import_module

import minikan

MODULES = {
    found.name: import_module(found.name) for found in pkgutil.walk_packages(minikan.__path__, "minikan.")
}


def functions():
    """Yield (name, function) of all public functions, and of constructors, methods and properties of public classes."""
    for module_name, module in MODULES.items():
        for name, public in vars(module).items():
            if name.startswith("_") or getattr(public, "__module__", None) != module_name:
                continue
            if inspect.isfunction(public):
                yield f"{module_name}.{name}", public
            elif inspect.isclass(public):
                yield from _methods(f"{module_name}.{name}", public)


def _methods(where, cls):
    for name, member in vars(cls).items():
        if name.startswith("_") and name not in ("__init__", "__call__"):
            continue
        parts = (member.fget, member.fset) if isinstance(member, property) else (member,)
        for part in parts:
            function = getattr(part, "__func__", part)  # of a class or static method
            if inspect.isfunction(function):
                yield f"{where}.{name}", function
