"""The wheel carries the course, and `python -m minikan` lays it out without touching what a student wrote."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import venv
from pathlib import Path

import pytest
from servers import stop

from minikan.__main__ import RECORD, copy_course, digest

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "tutorial"
ADDRESS = re.search(r'^Repository = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)[1]


# --------------------------------------------------------------------------------------- laying it out


def write(path, *sources, outputs=()):
    """Write a notebook of markdown and one code cell each."""
    cells = [{"cell_type": "markdown", "metadata": {}, "source": [text]} for text in sources]
    cells.append({"cell_type": "code", "metadata": {}, "source": ["f[0](x.y)"], "outputs": list(outputs)})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")


def text(path):
    return "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])


@pytest.fixture
def course(tmp_path):
    """A small course of version 1, laid out; give the function that lays it again, source and folder."""
    source, folder = tmp_path / "source", tmp_path / "course"
    for name in ("index.ipynb", "02.ipynb", "solutions/02.ipynb"):
        write(source / name, "version 1")
    (source / "data.csv").write_text("a,b\n")

    def again(version="2"):
        return copy_course(source, folder, version, "https://here")

    assert again("1") == {
        "new": ["02.ipynb", "data.csv", "index.ipynb", "solutions/02.ipynb"],
        "updated": [],
        "kept": [],
        "beside": [],
    }
    return again, source, folder


def test_a_second_time_there_is_nothing_to_do(course):
    again, _, folder = course
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != RECORD}
    assert not any(again("1").values())
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != RECORD}


def test_an_edit_is_kept_and_the_new_version_lies_beside_it(course):
    again, source, folder = course
    write(folder / "02.ipynb", "mine")
    mine = (folder / "02.ipynb").read_bytes()
    did = again("1")
    assert (did["kept"], did["beside"]) == (["02.ipynb"], [])  # there is no news
    for name in ("02.ipynb", "index.ipynb"):
        write(source / name, "version 2")
    did = again()
    assert did == {
        "new": [],
        "updated": ["index.ipynb"],
        "kept": ["02.ipynb"],
        "beside": ["02.minikan-2.ipynb"],
    }
    assert (folder / "02.ipynb").read_bytes() == mine
    assert text(folder / "02.minikan-2.ipynb") == "version 2"
    assert text(folder / "index.ipynb") == "version 2"
    for name in ("02.ipynb", "index.ipynb"):
        write(source / name, "version 3")
    did = again("3")
    assert (did["updated"], did["beside"]) == (["index.ipynb"], ["02.minikan-3.ipynb"])
    write(folder / "02.minikan-3.ipynb", "mine, too")
    (folder / RECORD).unlink()
    assert again("3")["beside"] == []
    assert text(folder / "02.minikan-3.ipynb") == "mine, too"
    assert (folder / "02.ipynb").read_bytes() == mine


def test_running_a_notebook_is_no_edit(course):
    again, source, folder = course
    write(folder / "02.ipynb", "version 1", outputs=["something printed"])
    assert not any(again("1").values())
    write(source / "02.ipynb", "version 2")
    assert again()["updated"] == ["02.ipynb"]


@pytest.mark.parametrize("record", [None, "damaged", "3", "[1]"])
def test_files_that_were_there_before_are_kept(course, record):
    """Without a readable record the folder may be somebody's own."""
    again, _, folder = course
    (folder / RECORD).unlink() if record is None else (folder / RECORD).write_text(record)
    write(folder / "index.ipynb", "somebody's own")
    (folder / "data.csv").write_bytes(b"\xff not text")
    did = again("1")
    assert did["kept"] == ["data.csv", "index.ipynb"]
    assert did["beside"] == ["data.minikan-1.csv", "index.minikan-1.ipynb"]
    assert text(folder / "index.ipynb") == "somebody's own"


@pytest.mark.parametrize("content", ["no notebook {", "[]", '{"cells": 3}', '{"cells": [{}]}', ""])
def test_a_damaged_notebook_is_kept_and_a_lost_one_comes_back(course, content):
    again, _, folder = course
    (folder / "02.ipynb").write_text(content)
    (folder / "index.ipynb").unlink()
    did = again("1")
    assert (did["new"], did["kept"]) == (["index.ipynb"], ["02.ipynb"])
    assert (folder / "02.ipynb").read_text() == content


def test_links_out_of_the_course_lead_to_the_project(course):
    again, source, folder = course
    write(
        source / "solutions/02.ipynb",
        "[a](../../minikan/layer.py#L3) [b](../02.ipynb) [c](../instructor/quiz.md)",
    )
    again()
    here = "https://here/blob/HEAD"
    links = f"[a]({here}/minikan/layer.py#L3) [b](../02.ipynb) [c]({here}/tutorial/instructor/quiz.md)"
    assert text(folder / "solutions/02.ipynb") == links
    code = json.loads((folder / "solutions/02.ipynb").read_text(encoding="utf-8"))["cells"][1]
    assert code["source"] == ["f[0](x.y)"]


# --------------------------------------------------------------------------------------- the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def fresh(wheel, tmp_path_factory):
    """An environment of its own with the wheel in it; give a function that starts its Python elsewhere."""
    home = tmp_path_factory.mktemp("fresh")
    venv.create(home / "environment", with_pip=True)
    python = home / "environment" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JUPYTER", "VIRTUAL_ENV"))
    }
    environment |= {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment |= {"PYTHONIOENCODING": "utf-8"}
    install = [python, "-m", "pip", "install", "--quiet", f"{wheel}[lab]"]
    subprocess.run(install, cwd=home, env=environment, check=True)

    def start(*arguments, browser="", stdout=subprocess.PIPE):
        return subprocess.Popen(
            [python, *arguments],
            cwd=home,
            env={**environment, "BROWSER": browser},
            stdout=stdout,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    start.home = home
    return start


def run(process):
    """Wait for a process that should succeed; give what it printed."""
    printed = process.communicate()[0]
    assert process.returncode == 0, printed
    return printed


def course_files():
    """What git tracks of the course, but for the build script and the instructor's folder."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=TUTORIAL, capture_output=True, text=True, check=True
    )
    return {
        name
        for name in names.stdout.split("\0")
        if name and name != "build.py" and not name.startswith("instructor/") and (TUTORIAL / name).exists()
    }


@pytest.mark.slow
def test_the_wheel_lays_out_the_course(fresh):
    where = run(fresh("-c", "import minikan; print(minikan.__file__)"))
    assert Path(where.strip()).is_relative_to(fresh.home)  # not this checkout
    assert {"py.typed", "__init__.pyi"} <= {path.name for path in Path(where.strip()).parent.iterdir()}
    printed = run(fresh("-m", "minikan", "--copy-only"))
    folder = fresh.home / "minikan-tutorial"
    laid = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert laid == course_files() | {RECORD}
    assert f"{len(laid) - 1} files new" in printed
    for path in folder.rglob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for cell in cells:
            if cell["cell_type"] == "markdown":
                for target in re.findall(r"\]\(([^)#\s]+\.[a-z]+)", "".join(cell["source"])):
                    inside = (path.parent / target).resolve()
                    assert target.startswith("http") or (inside.is_relative_to(folder) and inside.exists()), (
                        target
                    )
        original = (TUTORIAL / path.relative_to(folder)).read_bytes()
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        assert code == [cell for cell in json.loads(original)["cells"] if cell["cell_type"] == "code"]
        assert path.read_bytes() == original or ADDRESS.encode() in path.read_bytes()

    edited = folder / "02_b_splines.ipynb"
    edited.write_text(
        edited.read_text(encoding="utf-8").replace("B-splines", "my B-splines", 1), encoding="utf-8"
    )
    mine = edited.read_bytes()
    assert "kept as you left it: 02_b_splines.ipynb" in run(fresh("-m", "minikan", "--copy-only"))
    assert edited.read_bytes() == mine


@pytest.mark.slow
def test_the_course_runs_from_the_wheel(fresh):
    run(fresh("-m", "minikan", "--copy-only", "--folder", "to run"))
    index = fresh.home / "to run" / "index.ipynb"
    before = index.read_bytes()
    run(fresh("-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace", str(index)))
    assert index.read_bytes() != before
    assert digest(index.read_bytes(), index.name) == digest(before, index.name)  # to run it is no edit


@pytest.mark.slow
def test_jupyterlab_opens_at_the_index(fresh):
    """The browser is a script that writes down where it was sent to."""
    sent, browser = fresh.home / "sent", fresh.home / "browser.py"
    browser.write_text(f"import sys; open({str(sent)!r}, 'w').write(sys.argv[1])")
    options = ["--ServerApp.port=0", "--ServerApp.use_redirect_file=False"]
    options += ["--allow-root"] * (os.name == "posix")
    command = f"{Path(sys.executable).as_posix()} {browser.as_posix()} %s"
    with open(fresh.home / "lab.log", "w") as log:
        server = fresh("-m", "minikan", "--folder", "lab", *options, stdout=log, browser=command)
    try:
        while not (sent.exists() and sent.read_text()):
            assert server.poll() is None, (fresh.home / "lab.log").read_text()
            time.sleep(0.1)
        address = urllib.parse.urlsplit(sent.read_text())
        assert address.path == "/lab/tree/index.ipynb"
        index = f"http://{address.netloc}/api/contents/index.ipynb?{address.query}"
        with urllib.request.urlopen(index) as answer:
            assert json.load(answer)["name"] == "index.ipynb"
    finally:
        stop(server)


@pytest.mark.slow
def test_without_jupyterlab_it_says_what_is_missing(wheel, tmp_path):
    """NumPy is there, JupyterLab is not: a folder of packages with nothing else in it."""
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        tmp_path / "site",
        wheel,
    ]
    subprocess.run(install, check=True)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-S", "-m", "minikan"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 1
    assert done.stderr == 'JupyterLab is missing: python -m pip install "minikan[lab]"\n'
    assert (tmp_path / "minikan-tutorial" / "index.ipynb").exists()
    shutil.rmtree(tmp_path / "minikan-tutorial")
    (tmp_path / "minikan-tutorial").write_text("a file")
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 1
    assert done.stderr.startswith("The course cannot be copied to ")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "minikan-tutorial").read_text() == "a file"
