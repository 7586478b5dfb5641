"""Binder: its own tool understands the files, and what they install is enough to run the index."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(sys.platform == "win32", reason="repo2docker does not run on Windows")
def test_repo2docker_understands_the_repository():
    run = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
    )
    dockerfile = run.stdout + run.stderr
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in dockerfile
    assert "python=3.12" in dockerfile  # what binder/runtime.txt asks for


def test_a_fresh_session_runs_the_index(tmp_path):
    """What Binder does: an empty environment, its requirements, and the notebook executed from there."""
    venv.create(tmp_path / "environment", with_pip=True)
    bin_folder = tmp_path / "environment" / ("Scripts" if os.name == "nt" else "bin")
    python = bin_folder / ("python.exe" if os.name == "nt" else "python")
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JUPYTER", "VIRTUAL_ENV"))
    }
    environment["PATH"] = f"{bin_folder}{os.pathsep}{environment['PATH']}"
    install = [python, "-m", "pip", "install", "--quiet", "-r", "binder/requirements.txt"]
    subprocess.run(install, cwd=ROOT, env=environment, check=True, timeout=600)
    subprocess.run(
        [
            python,
            "-m",
            "jupyter",
            "nbconvert",
            "--to",
            "notebook",
            "--execute",
            "--stdout",
            "tutorial/index.ipynb",
        ],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=300,
        capture_output=True,
    )
