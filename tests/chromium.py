"""The browser: tests and `benchmarks/latency.py` look at pages in the same Chromium, with all patience."""

import os
import shutil
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 300  # seconds to wait for anything: on a busy machine it takes long, and that is no mistake


def find_chromium():
    """Find the browser, CHROME_PATH first, or return None."""
    names = [os.environ.get("CHROME_PATH", ""), *NAMES]
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def start(executable):
    """Start Chromium; give a function that opens an empty page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=ARGUMENTS, timeout=1000 * PATIENCE
        )

        def new_page(**options):
            page = browser.new_page(**options)
            page.set_default_timeout(1000 * PATIENCE)
            return page

        yield new_page
        browser.close()
