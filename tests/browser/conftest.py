"""One JupyterLab and one browser for all tests, and one notebook after the other opened in it."""

import os
import shutil
from pathlib import Path

import pytest
from lab import CHROMIUM_ARGS, LabPage, find_chromium, jupyter_lab
from playwright.sync_api import sync_playwright

TUTORIAL = Path(__file__).resolve().parents[2] / "tutorial"
NOTEBOOKS = sorted(path.name for path in TUTORIAL.glob("*.ipynb"))  # solutions/ has the same explorables


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Start JupyterLab on a copy of the tutorial, and Chromium; give a function that opens a notebook."""
    chromium = find_chromium()
    if not chromium:
        missing = "Chromium is not installed: no notebook was tried in a browser"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(TUTORIAL, home / "tutorial")
    with jupyter_lab(home / "tutorial", home) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield lambda notebook: LabPage(browser.new_page(), address, notebook)
        browser.close()


@pytest.fixture(scope="session", params=NOTEBOOKS)
def notebook(lab, request):
    """Open each notebook in turn, and keep it open until all tests have seen it."""
    opened = lab(request.param)
    yield opened
    opened.close()
