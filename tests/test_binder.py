"""Binder: its own tool understands the files, a session has the versions that were tested, and it runs the index."""

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import distributions
from pathlib import Path
from sysconfig import get_path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "binder" / "lock.txt"
PYTHON = (ROOT / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")
RELOCK = "run `python binder/lock.py`"


def pinned():
    """Read the lock: the version of each package."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def versions(packages):
    return {canonicalize_name(package["name"]): package["version"] for package in packages}


def test_the_lock_is_nothing_but_names_and_versions():
    lines = LOCK.read_text(encoding="utf-8").splitlines()[1:]
    assert lines == sorted(lines)
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][A-Za-z0-9.+]*", line)] == []
    assert len(lines) == len(pinned()) > 50


def test_the_lock_has_all_that_the_package_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    lock, checked = pinned(), 0
    for text in [*project["dependencies"], *(text for extra in extras for text in extra)]:
        wanted = Requirement(text)
        if wanted.name != "minikan" and (
            not wanted.marker or wanted.marker.evaluate({"python_version": PYTHON})
        ):
            version = lock.get(canonicalize_name(wanted.name))
            assert version, f"{wanted.name} is not in the lock: {RELOCK}"
            assert wanted.specifier.contains(version), f"{text}, but the lock has {version}: {RELOCK}"
            checked += 1
    assert checked > 10


def test_continuous_integration_tests_what_the_lock_says():
    """.ci/run holds pip to the lock, as one job of the workflow does, with Binder's Python."""
    assert 'PIP_CONSTRAINT="$PWD/binder/lock.txt"' in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))
    jobs = workflow["jobs"]["everything"]["strategy"]["matrix"]["include"]
    assert {"os": "ubuntu-latest", "python": PYTHON, "constraints": "binder/lock.txt"} in jobs
    if os.environ.get("PIP_CONSTRAINT") == str(LOCK):  # then that is what is installed here
        site = distributions(path=[get_path("purelib")])  # sys.path may hold what a package brings along
        here = versions({"name": found.name, "version": found.version} for found in site)
        assert {name: here[name] for name in pinned() if name in here and here[name] != pinned()[name]} == {}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="repo2docker does not run on Windows")
def test_repo2docker_understands_the_repository():
    run = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
    )
    dockerfile = run.stdout + run.stderr
    install = dockerfile.index('pip install --no-cache-dir -r "binder/requirements.txt"')
    assert dockerfile.rindex("COPY --chown", 0, install) > 0
    assert "src/ ${REPO_DIR}" in dockerfile[:install]  # the lock is there when pip looks for it
    assert f"python={PYTHON}" in dockerfile


@pytest.mark.slow
def test_a_fresh_session_runs_the_index(tmp_path):
    """What Binder does: an empty environment, its requirements, and the notebook executed from there."""
    venv.create(tmp_path / "environment", with_pip=True)
    bin_folder = tmp_path / "environment" / ("Scripts" if os.name == "nt" else "bin")
    python = bin_folder / ("python.exe" if os.name == "nt" else "python")
    environment = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("PYTHON", "JUPYTER", "VIRTUAL_ENV")) and k != "PIP_CONSTRAINT"
    }
    environment["PATH"] = f"{bin_folder}{os.pathsep}{environment['PATH']}"

    def run(*arguments):
        command = [python, "-m", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE).stdout

    before = versions(json.loads(run("pip", "list", "--format=json")))
    run("pip", "install", "--quiet", "-r", "binder/requirements.txt")
    installed = versions(json.loads(run("pip", "list", "--format=json")))
    new = {name: version for name, version in installed.items() if name not in before and name != "minikan"}
    if "{}.{}".format(*sys.version_info) == PYTHON and sys.platform == "linux":
        assert {name: version for name, version in new.items() if pinned().get(name) != version} == {}, RELOCK
    run("jupyter", "nbconvert", "--to", "notebook", "--execute", "--stdout", "tutorial/index.ipynb")
