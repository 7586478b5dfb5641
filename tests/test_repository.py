"""The repository keeps its word: links, address, commands, budgets, imports, the example in the README."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
ADDRESS = re.search(r'^Repository = "(.+)"$', PYPROJECT, re.MULTILINE)[1]
PROJECT = ADDRESS.removeprefix("https://github.com/")

# The modules in reading order: each imports from those before it, and from nowhere else in the package.
READING_ORDER = [
    "validation", "superposition", "bspline", "features", "layer", "edges", "network", "grids", "sparsity", "losses",
    "objective", "optimizers", "progress", "plotting", "training", "mlp", "sklearn_checks", "estimator", "sweeps", "problems",
    "functions",
    "matching", "symbolic", "formulas", "storage", "diagram", "checks", "widgets",
]  # fmt: skip
CORE = READING_ORDER[: READING_ORDER.index("checks")]


def tracked():
    """All files that git tracks, as paths."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listing.stdout.split("\0") if name]


def texts():
    return [p for p in tracked() if p.suffix not in {".png", ".npz"} and p.exists()]


def modules():
    """Each Python file of the package, with the name of the module of the reading order it belongs to."""
    for path in sorted((ROOT / "minikan").rglob("*.py")):
        yield path.relative_to(ROOT / "minikan").parts[0].removesuffix(".py"), path


# ------------------------------------------------------------------------------------------- README


def test_the_two_commands_stand_in_the_readme():
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert blocks == [
        'python -m pip install -e ".[lab]" && jupyter lab tutorial/index.ipynb\n',
        'python -m pip install -e ".[test]" && pytest\n',
    ]


def test_ci_runs_the_readmes_test_command():
    """.ci/run takes the command from the README; here its pattern is applied as grep would."""
    pattern = re.search(r"grep -m1 -E '(.+)' README.md", (ROOT / ".ci" / "run").read_text())[1]
    assert re.findall(f"{pattern}.*", README, re.MULTILINE) == [
        'python -m pip install -e ".[test]" && pytest'
    ]


def test_the_example_runs_as_printed(tmp_path):
    code, printed = re.search(r"```python\n(.*?)```.*?```\n(.*?)```", README, re.DOTALL).groups()
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) <= 20
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
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
    assert linked == set(READING_ORDER)


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
    import minikan

    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {minikan.__version__}\n" in citation
    assert ADDRESS in citation


# ------------------------------------------------------------------------------------------ package


def lines_of_code(path):
    """Count what is neither blank nor comment nor docstring.

    Hints cost nothing: a function's signature is one line, however it is wrapped, and an import is none if its
    names stand in hints only.
    """
    source = path.read_text(encoding="utf-8")
    lines = {
        i
        for i, line in enumerate(source.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#")
    }
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    hints = [getattr(node, part, None) for node in nodes for part in ("annotation", "returns")]
    in_hints = {inner for hint in hints if hint for inner in ast.walk(hint)}
    used = {node.id for node in nodes if isinstance(node, ast.Name) and node not in in_hints}
    for node in nodes:
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
        if isinstance(node, ast.FunctionDef):
            lines -= set(range(node.lineno + 1, node.body[0].lineno))
        if isinstance(node, ast.ImportFrom) and not used & {
            alias.asname or alias.name for alias in node.names
        }:
            lines -= set(range(node.lineno, node.end_lineno + 1))
    return len(lines)


def test_hints_are_no_lines_of_code(tmp_path):
    plain = "import a\nfrom b import C\n\n\n@C\ndef f(x, y=2):\n    return a.b(x, y)\n"
    hinted = (
        "from __future__ import annotations\nfrom typing import Any\n"
        "import a\nfrom b import C\nfrom d import (\n    E,\n)\n\n\n"
        '@C\ndef f(\n    x: Any,\n    y: E = 2,\n) -> Any:\n    """Add."""\n    # a comment\n    return a.b(x, y)\n'
    )
    code = tmp_path / "code.py"
    for text in (plain, hinted):
        code.write_text(text)
        assert lines_of_code(code) == 5
    code.write_text(hinted.replace("a.b(x, y)", "E(x, y)"))  # what code uses counts
    assert lines_of_code(code) == 5 + 3


def test_the_core_is_small():
    assert {path.name: n for _, path in modules() if (n := lines_of_code(path)) > 220} == {}
    tables_and_tools = {"problems", "functions", "plotting", "diagram", "progress", "sweeps", "storage"}
    beside_it = {"superposition", "sklearn_checks", "estimator"}  # nothing in the core uses them
    core = {*CORE, "__init__"} - tables_and_tools - beside_it
    assert sum(lines_of_code(path) for name, path in modules() if name in core) <= 2000


def test_imports_only_point_back():
    for name, path in modules():
        if name in {"__init__", "__main__"}:  # they stand outside of the reading order
            continue
        package = ["minikan", *path.relative_to(ROOT / "minikan").parts[:-1]]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for_hints = {  # nothing is imported there when the code runs
            inner
            for node in tree.body
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for inner in node.body
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node not in for_hints:
                base = package[: len(package) + 1 - node.level] if node.level else []
                full = [*base, *(node.module or "").split(".")]
                full = [part for part in full if part]
                if full[0] == "minikan":
                    used = full[1:2] or [alias.name for alias in node.names]
                    assert READING_ORDER.index(used[0]) <= READING_ORDER.index(name), (
                        f"{path.name} imports {used[0]}"
                    )


def test_each_module_names_its_chapter():
    for name, path in modules():
        if name in CORE and name != "validation":
            first = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).splitlines()[0]
            assert re.search(r"\((all chapters|chapter \d\d)", first), f"{path.name}: {first}"


def test_public_names_exist_and_say_what_they_are():
    import minikan

    for name in minikan.__all__:
        public = getattr(minikan, name)
        assert public.__doc__ if callable(public) else len(public), name
    assert set(minikan.__all__) <= set(dir(minikan))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = minikan.nothing


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
