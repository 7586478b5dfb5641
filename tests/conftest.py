"""What tests share: one Chromium, and interrupts that arrive."""

import os
import signal

import chromium
import pytest


@pytest.fixture(scope="session")
def new_page():
    """Start Chromium; give a function that opens a page.

    Where it is missing, continuous integration fails, and a student's tests are skipped.
    """
    executable = chromium.find_chromium()
    if not executable:
        missing = "Chromium is not installed: nothing was looked at in a browser"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with chromium.start(executable) as new_page:
        yield new_page


@pytest.fixture
def interruptible():
    """Let Ctrl-C raise KeyboardInterrupt, also where a shell had it ignored: with nohup, in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
