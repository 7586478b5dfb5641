"""The repository keeps its word: links, address, commands, sizes, imports, the example in the README."""

import ast
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import minikan

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
ADDRESS = re.search(r'^Repository = "(.+)"$', PYPROJECT, re.MULTILINE)[1]
PROJECT = ADDRESS.removeprefix("https://github.com/")

MODULES = {
    path.stem: path for path in sorted((ROOT / "minikan").glob("*.py")) if not path.stem.startswith("_")
}
PACKAGES = {"checks", "widgets"}
BASE = {"validation"}  # what every module may import


def tracked():
    """All files that git tracks, as paths."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listing.stdout.split("\0") if name]


def texts():
    return [p for p in tracked() if p.suffix not in {".png", ".npz"} and p.exists()]


def docstring(path):
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def chapter(name):
    """The first chapter that a module's docstring names in its first paragraph; None for all chapters."""
    first, _, _ = docstring(MODULES[name]).partition("\n\n")
    found = re.search(r"\((?:all chapters|chapters? (\d\d))", first)
    assert found, f"{name} does not name its chapter: {first}"
    return found[1]


def imports(path):
    """The modules and packages of minikan that a file imports at any level, but for hints."""
    package = ["minikan", *path.relative_to(ROOT / "minikan").parts[:-1]]
    names, pending = set(), [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending += node.orelse  # the rest is not imported when the code runs
            continue
        pending += ast.iter_child_nodes(node)
        targets = []
        if isinstance(node, ast.Import):
            targets = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            base = [*base, *(node.module.split(".") if node.module else [])]
            targets = [[*base, alias.name] for alias in node.names]
        names |= {target[1] for target in targets if target[0] == "minikan" and len(target) > 1}
    homes = {name: home for name, home in minikan._HOME.items() if name not in MODULES}
    return {homes.get(name, name) for name in names - {"__version__"}}


# ------------------------------------------------------------------------------------------- README


def test_ci_runs_the_readmes_test_command():
    """.ci/run takes the command from the README; here its pattern is applied as grep would."""
    pattern = re.search(r"grep -m1 -E '(.+)' README.md", (ROOT / ".ci" / "run").read_text())[1]
    assert re.findall(f"{pattern}.*", README, re.MULTILINE) == [
        'python -m pip install -e ".[test]" && pytest'
    ]


def test_the_example_runs_as_printed(tmp_path):
    examples = re.findall(r"```python\n(.*?)```.*?```\n(.*?)```", README, re.DOTALL)
    code, printed = ("".join(each) for each in zip(*examples, strict=True))
    assert len(examples) == 2 and all(len(each.split("\n")) <= 25 for each, _ in examples)
    strict = "import warnings\nwarnings.filterwarnings('error', module='__main__|minikan')\n"
    run = subprocess.run(
        [sys.executable, "-c", strict + code],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "MPLBACKEND": "agg"},
    )
    assert run.stderr == ""
    assert run.stdout == printed
    drawn, stored = (Image.open(p) for p in (tmp_path / "kan.png", ROOT / "tutorial" / "images" / "kan.png"))
    pixels = [np.asarray(picture.convert("L").resize((230, 134)), float) for picture in (drawn, stored)]
    assert np.abs(pixels[0] - pixels[1]).mean() < 4  # the README's picture is the one that the code draws


def test_the_map_names_every_chapter_and_every_module():
    table = README[README.index("## Chapters and modules") : README.index("## What you can rely on")]
    chapters = {path.name for path in (ROOT / "tutorial").glob("*.ipynb")}
    assert set(re.findall(r"\(tutorial/(\S+?\.ipynb)\)", table)) == chapters
    linked = {re.sub(r"\.py$", "", name) for name in re.findall(r"\(minikan/(\S+?)\)", table)}
    assert linked == {*MODULES, *PACKAGES}


# -------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize("path", [p for p in texts() if p.suffix == ".md"], ids=lambda p: p.name)
def test_relative_links_resolve(path):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), target


def test_one_public_address():
    """Every link to the project, on GitHub or in Binder, goes to the address in pyproject.toml."""
    found = []
    for path in texts():
        if ROOT / "tests" in path.parents:  # where wrong addresses are made up
            continue
        text = path.read_text(encoding="utf-8")
        found += re.findall(r"https?://github\.com/([\w.-]+/minikan)\b", text)
        found += re.findall(r"mybinder\.org/v2/gh/([\w.-]+/[\w.-]+)", text)
    assert len(found) > 3
    assert set(found) == {PROJECT}


def test_nothing_names_a_machine_or_a_registry():
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "deb.debian" + ".org"]
    paths = [rf"(?<![\w./])/{folder}/\w" for folder in ("root", "home", "work", "tmp")]
    for path in texts():
        text = path.read_text(encoding="utf-8")
        for pattern in [*map(re.escape, hosts), *paths]:
            found = re.search(pattern, text)
            assert found is None, f"{path.name}: {found[0]}"


def test_versions_agree():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {minikan.__version__}\n" in citation
    assert ADDRESS in citation


# ------------------------------------------------------------------------------------------ package


def test_the_package_is_small():
    """Everything counts, docstrings and blank lines too; only the table of problems is no code to be read."""
    lines = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "minikan").glob("*.py")
        if path.stem != "problems"
    }
    assert {name: n for name, n in lines.items() if n > 300} == {}
    assert sum(lines.values()) <= 11800


def test_imports_are_seen(tmp_path, monkeypatch):
    """The test of the tests below: nothing that is imported escapes, and nothing else is found."""
    code = tmp_path / "minikan" / "sub" / "code.py"
    code.parent.mkdir(parents=True)
    code.write_text(
        "from __future__ import annotations\nimport numpy.linalg\nimport minikan.kan as k\n"
        "from typing import TYPE_CHECKING\nfrom ..curves import Basis\nfrom .. import bases, KANLayer\n"
        "from minikan import fit\n"
        "if TYPE_CHECKING:\n    from ..jets import jets\nelse:\n    from ..mlp import MLP\n"
        "def f():\n    if f:\n        from minikan.sparse import SparseLayer\n    from .own import x\n"
    )
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert imports(code) == {"kan", "curves", "bases", "kan_layer", "training", "mlp", "sparse", "sub"}


@pytest.mark.parametrize("name", MODULES)
def test_no_module_imports_one_of_a_later_chapter(name):
    """Who reads the chapters in order never meets a module that is not yet explained.

    Modules of all chapters are on top and import what they like; no chapter's module needs them, but for the base.
    """
    used, mine = imports(MODULES[name]) - {name}, chapter(name)
    if name in BASE:
        assert used <= BASE
    elif mine is not None:
        assert not used & PACKAGES
        for other in used - BASE:
            its = chapter(other)
            assert its is not None, f"{name} (chapter {mine}) imports {other} (all chapters)"
            assert its <= mine, f"{name} (chapter {mine}) imports {other} (chapter {its})"


def test_no_chapter_loads_a_later_one():
    """The same when the code runs: chapter by chapter its modules are imported, and what else they load is seen."""
    chapters = {name: number for name in MODULES if (number := chapter(name))}
    code = (
        "import sys; from importlib import import_module\n"
        f"chapters, base = {chapters!r}, {BASE!r}\n"
        "for number in sorted(set(chapters.values())):\n"
        "    for name in chapters:\n"
        "        if chapters[name] == number: import_module('minikan.' + name)\n"
        "    loaded = {name.split('.')[1] for name in sys.modules if name.startswith('minikan.')} - base\n"
        "    print(*(f'{number} loads {name}' for name in loaded if chapters.get(name, '99') > number))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split("\n") == [""] * (len(set(chapters.values())) + 1)


def test_public_names_exist_and_say_what_they_are():
    for name in minikan.__all__:
        public = getattr(minikan, name)
        assert public.__doc__ if callable(public) else len(public), name
    assert set(minikan.__all__) <= set(dir(minikan))
    assert not set(minikan.__all__) & {*MODULES, *PACKAGES}  # once loaded, a module hides what has its name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = minikan.nothing


def test_warnings_of_our_own_are_errors_and_those_of_others_are_told():
    """The filter in pyproject.toml names every module of the package and of the tests, and nobody else's."""
    code = compile("import warnings; warnings.warn('this is old', DeprecationWarning)", "warned", "exec")

    def told(name):
        with warnings.catch_warnings(record=True) as caught:
            exec(code, {"__name__": name})
        return [warning.category for warning in caught]

    ours = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in ROOT.glob("minikan/**/*.py")]
    ours += [path.stem for path in ROOT.glob("tests/**/*.py") if path.parent.name != "wrong_answers"]
    for name in [*ours, "wrong_answers.chapter01", "tutorial_build", "instructor_slides"]:
        with pytest.raises(DeprecationWarning, match="this is old"):
            told(name)
    for name in ("numpy.lib", "nbgrader.apps", "sample_of_others", "sqlalchemy"):
        assert told(name) == [DeprecationWarning], name


def test_importing_minikan_imports_little():
    """Neither the package nor a trained model needs anything but NumPy."""
    code = (
        "import sys, minikan; m = minikan.KAN([1, 1]); minikan.fit(m, [[0.], [1.]], [0., 1.], steps=1);"
        "print({n for n in ('matplotlib', 'ipywidgets', 'IPython', 'sympy', 'scipy', 'sklearn') if n in sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_content(arguments):
    run = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--no-cache", str(ROOT)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout
