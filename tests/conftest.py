"""One Chromium for all tests that look at something in a browser."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium():
    """Find the browser, CHROME_PATH first, or return None."""
    names = [os.environ.get("CHROME_PATH", ""), *CHROMIUM_NAMES]
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser():
    """Start Chromium. Where it is missing, continuous integration fails, and a student's tests are skipped."""
    chromium = find_chromium()
    if not chromium:
        missing = "Chromium is not installed: nothing was looked at in a browser"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield browser
        browser.close()
