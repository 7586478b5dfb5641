"""Drive a real JupyterLab: its server, and a notebook opened in a browser."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

from playwright.sync_api import TimeoutError

TOKEN = "only-for-this-test"
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
SETTINGS = {
    "notebook-extension/tracker": {
        "windowingMode": "none"
    },  # otherwise cells out of sight are not in the page
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}

# Time from a key press to the new picture on the page, measured in the page itself.
STOPWATCH = """
window.pressed = 0;
document.addEventListener('keydown', () => { window.pressed = performance.now(); }, true);
document.addEventListener('load', event => {
    if (event.target.matches?.('img.widget-image')) event.target.latency = performance.now() - window.pressed;
}, true);
"""
APOLOGY = "No picture for"  # what an explorable says if it could not draw
SETTLED = f"image => image.latency || image.parentElement.innerText.includes('{APOLOGY}')"
DIGEST = """async image => {
    const bytes = await (await fetch(image.src)).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return Array.from(digest).join();
}"""


def find_chromium():
    """Find the browser, CHROME_PATH first, or return None."""
    names = [os.environ.get("CHROME_PATH", ""), *CHROMIUM_NAMES]
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def jupyter_lab(root, home, settings=None):
    """Serve the notebooks in `root` with all that JupyterLab keeps under `home`; give the address."""
    for name, values in {**SETTINGS, **(settings or {})}.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, **{key: str(home / folder) for key, folder in folders.items()}}
    port = _free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += [
        f"--ServerApp.root_dir={root}",
        f"--IdentityProvider.token={TOKEN}",
        "--expose-app-in-browser",
    ]
    with open(home / "lab.log", "w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/api/status?token={TOKEN}", server, home / "lab.log")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url, server, log, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


class LabPage:
    """A notebook opened in JupyterLab, and what the browser complains about meanwhile."""

    def __init__(self, page, address, notebook):
        self.page, self.complaints = page, []
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.add_init_script(STOPWATCH)
        page.goto(f"{address}/doc/tree/{notebook}?token={TOKEN}")
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context?.isReady")
        self._notebook(
            "w => w.context.sessionContext.ready.then(() => w.context.sessionContext.session.kernel.info)"
        )

    def _notebook(self, function):
        """Call a JavaScript function with the notebook's widget; wait for its promise."""
        return self.page.evaluate(f"async () => await ({function})(window.jupyterapp.shell.currentWidget)")

    def run_all(self):
        """Run all cells, wait for the kernel, and return the outputs of all of them."""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        cells = self._notebook("w => w.content.model.toJSON().cells")
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        widgets = sum(
            "application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs
        )
        all_shown = f"""() => {{
            const images = [...document.querySelectorAll('img.widget-image')];
            return images.length == {widgets} && images.every(image => image.naturalWidth);
        }}"""
        try:
            self.page.wait_for_function(all_shown, timeout=10_000)
        except TimeoutError:
            raise AssertionError(f"not all {widgets} explorables are shown: {self.complaints}") from None
        return outputs

    def explorables(self):
        """Find the explorables on the page."""
        return [
            Explorable(found) for found in self.page.locator(".widget-vbox:has(> img.widget-image)").all()
        ]

    def text(self):
        """Return all text on the page."""
        return self.page.locator("body").inner_text()

    def close(self):
        """Stop the kernel and close the page."""
        self._notebook("w => w.context.sessionContext.shutdown()")
        self.page.close()


class Explorable:
    """An explorable on the page, moved by keyboard alone."""

    def __init__(self, box):
        self.box, self.latencies = box, []
        self.picture = box.locator("img.widget-image")

    def controls(self):
        """List its controls: the elements that take the keyboard."""
        return self.box.locator("[role=slider], select, input[type=checkbox]").all()

    def to_both_ends(self, control):
        """Move a control to both its ends, then put it back; return the digests of the two pictures."""
        if control.get_attribute("type") == "checkbox":
            return [self._press(control, "Space", "e => e.checked") for _ in range(2)]
        is_slider = control.get_attribute("role") == "slider"
        value = "e => e.getAttribute('aria-valuenow')" if is_slider else "e => e.selectedIndex"
        opening = control.evaluate(value)
        pictures = [self._press(control, key, value) for key in ("End", "Home")]
        if is_slider:
            readout = control.locator("xpath=ancestor::*[contains(@class, 'widget-slider')]").locator(
                ".widget-readout"
            )
            self._change(control, value, lambda: (readout.fill(opening), readout.press("Enter")))
        else:
            self._change(control, value, lambda: control.select_option(index=opening))
        return pictures

    def _press(self, control, key, value):
        if self._change(control, value, lambda: control.press(key)):
            self.latencies.append(self.picture.evaluate("image => image.latency"))
        return self.picture.evaluate(DIGEST)

    def _change(self, control, value, action):
        """Do something to a control, and if that changes its value, wait for the new picture."""
        before = control.evaluate(value)
        self.picture.evaluate("image => { image.latency = null; }")
        action()
        if control.evaluate(value) == before:
            return False
        self.box.page.wait_for_function(SETTLED, arg=self.picture.element_handle(), timeout=5000)
        assert APOLOGY not in self.box.inner_text(), self.box.inner_text()
        return True
