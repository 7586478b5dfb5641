"""Drive a real JupyterLab: its server, and a notebook opened in a browser."""

import ast
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from functools import cached_property

from chromium import PATIENCE
from servers import stop

TOKEN = "only-for-this-test"
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

# When a key was pressed and when a picture came, by the clock of the page itself.
STOPWATCH = """
window.pressed = 0;
window.pictures = [];
document.addEventListener('keydown', () => { window.pressed = performance.now(); }, true);
document.addEventListener('load', event => {
    if (!event.target.matches?.('img.widget-image')) return;
    window.pictures.push(performance.now());
    event.target.latency = performance.now() - window.pressed;  // for benchmarks/latency.py
}, true);
"""
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
APOLOGY = "No picture for"  # what an explorable says if it could not draw
SETTLED = f"image => image.latency || image.parentElement.innerText.includes('{APOLOGY}')"
# What controls have told the kernel, until it is done with it: in a thread of its own, if it has subshells. And what
# it says to that, but for the new state: there should be nothing.
LISTENER = f"""widget => {{
    window.told = new Set();
    window.heard = 0;
    window.unasked = [];
    widget.context.sessionContext.session.kernel.anyMessage.connect((_, {{msg, direction}}) => {{
        if (direction == 'send' && msg.header.msg_type == 'comm_msg') window.told.add(msg.header.msg_id);
    }});
    widget.context.sessionContext.iopubMessage.connect((_, message) => {{
        window.heard = performance.now();
        if (message.content.execution_state == 'idle') window.told.delete(message.parent_header.msg_id);
        const type = message.header.msg_type, said = JSON.stringify(message.content);
        const wrong = ['error', 'stream', 'display_data', 'execute_result'].includes(type);
        if (message.parent_header.msg_type == 'comm_msg' && (wrong || said.includes('{APOLOGY}')))
            window.unasked.push(type + ': ' + said.slice(0, 500));
    }});
}}"""
# Counted in the kernel, where what is new since the first call is traced.
HELD = """
def held():
    import gc, tracemalloc
    from ipywidgets.widgets.widget import _instances
    from matplotlib.figure import Figure
    tracemalloc.is_tracing() or tracemalloc.start()
    gc.collect()
    objects = gc.get_objects()
    return {
        "kernel's bytes": tracemalloc.get_traced_memory()[0],
        "kernel's objects": len(objects),
        "figures": sum(isinstance(each, Figure) for each in objects),
        "widgets": len(_instances),
    }
"""
QUIET = 200  # milliseconds in which nothing has happened and the kernel has nothing to do
STILL = f"""() => {{
    const loaded = [...document.querySelectorAll('img.widget-image')].every(image => image.complete);
    const last = Math.max(window.pressed, window.heard, ...window.pictures.slice(-1));
    return loaded && !window.told.size && performance.now() - last > {QUIET};
}}"""
PRESS = """(element, keys) => {
    const press = key => new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true});
    for (const key of keys) element.dispatchEvent(press(key));
}"""
READOUT = "xpath=ancestor::*[contains(@class, 'widget-slider')]//*[contains(@class, 'widget-readout')]"
DIGEST = """async image => {
    const bytes = await (await fetch(image.src)).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return Array.from(digest).join();
}"""


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
        stop(server)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url, server, log):
    while server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


class LabPage:
    """A notebook opened in JupyterLab, and what the browser complains about meanwhile."""

    def __init__(self, page, address, notebook):
        self.page, self.name, self.complaints = page, notebook, []
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.add_init_script(STOPWATCH)
        page.goto(f"{address}/doc/tree/{notebook}?token={TOKEN}")
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context?.isReady")
        self._notebook(
            "w => w.context.sessionContext.ready.then(() => w.context.sessionContext.session.kernel.info)"
        )
        self._notebook(LISTENER)

    def _notebook(self, function):
        """Call a JavaScript function with the notebook's widget; wait for its promise."""
        return self.page.evaluate(f"async () => await ({function})(window.jupyterapp.shell.currentWidget)")

    @cached_property
    def outputs(self):
        """The outputs of all cells: whoever looks first runs them, and waits for the kernel and the widgets."""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        cells = self._notebook("w => w.content.model.toJSON().cells")
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        widgets = len(self._model_ids(outputs))
        all_shown = f"""() => {{
            const images = [...document.querySelectorAll('img.widget-image')];
            return images.length == {widgets} && images.every(image => image.naturalWidth);
        }}"""
        self.page.wait_for_function(all_shown)
        return outputs

    @staticmethod
    def _model_ids(outputs):
        views = [output.get("data", {}).get(WIDGET_VIEW) for output in outputs]
        return [view["model_id"] for view in views if view]

    def explorables(self):
        """Find the explorables on the page."""
        models = self._model_ids(self.outputs)
        boxes = self.page.locator(".widget-vbox:has(> img.widget-image)").all()
        return [Explorable(self, *each) for each in zip(boxes, models, strict=True)]

    def ask(self, expression, before=""):
        """Evaluate a Python expression in the kernel, after some statements, unseen by the notebook."""
        request = {"code": before, "silent": True, "store_history": False}
        request["user_expressions"] = {"answer": expression}
        reply = self._notebook(
            f"w => w.context.sessionContext.session.kernel.requestExecute({json.dumps(request)}).done"
        )["content"]
        assert reply["status"] == "ok", reply
        answer = reply["user_expressions"]["answer"]
        assert answer["status"] == "ok", answer
        return ast.literal_eval(answer["data"]["text/plain"])

    def wait_until_still(self):
        """Wait until the kernel has answered all that it was told, and nothing moves on the page."""
        self.page.wait_for_function(STILL)

    def unasked(self):
        """List what the kernel has said in answer to controls, apart from new states."""
        return self.page.evaluate("window.unasked")

    def memory(self):
        """Measure what kernel and page hold on to, garbage collected: numbers by name."""
        kernel = self.ask("held()", HELD)
        devtools = self.page.context.new_cdp_session(self.page)
        # Code that timers of the page run meanwhile is compiled and thrown away, 60 KB and now and then 900: the least
        # of several measurements is what is held. It is without what Chromium itself keeps: 0.7 KB of each key event,
        # even on a slider without a picture.
        least = min(self._heap(devtools) for _ in range(5))
        nodes = devtools.send("Memory.getDOMCounters")
        devtools.detach()
        page = {"page's nodes": nodes["nodes"], "page's listeners": nodes["jsEventListeners"]}
        return {**kernel, **page, "page's bytes": least}

    @staticmethod
    def _heap(devtools):
        devtools.send("HeapProfiler.collectGarbage")
        heap = devtools.send("Runtime.getHeapUsage")
        return int(heap["usedSize"] + heap.get("backingStorageSize", 0))

    def text(self):
        """Return all text on the page."""
        return self.page.locator("body").inner_text()

    def close(self):
        """Stop the kernel and close the page."""
        self._notebook("w => w.context.sessionContext.shutdown()")
        self.page.close()


class Explorable:
    """An explorable on the page, moved by keyboard alone."""

    def __init__(self, notebook, box, model_id):
        self.notebook, self.box, self.model_id, self.latencies = notebook, box, model_id, []
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
            readout = control.locator(READOUT)
            self._change(control, value, lambda: (readout.fill(opening), readout.press("Enter")))
        else:
            self._change(control, value, lambda: control.select_option(index=opening))
        return pictures

    def slowly(self, control, key):
        """Press a key on a slider, wait until all is still, and return what is to be seen."""
        self._press(control, key, "e => e.getAttribute('aria-valuenow')")
        self.notebook.wait_until_still()
        return self.seen(control)

    def storm(self, control, keys, at_once):
        """Press keys on a slider as fast as the browser takes them, or all at once; wait until all is still.

        Returns what is then to be seen, and how many pictures came after the last key.
        """
        self.box.page.evaluate("window.pictures = []")
        if at_once:
            control.evaluate(PRESS, keys)
        else:
            control.focus()
            for key in keys:
                self.box.page.keyboard.down(key)
        self.notebook.wait_until_still()
        after = self.box.page.evaluate("window.pictures.filter(t => t > window.pressed).length")
        return self.seen(control), after

    def seen(self, control):
        """Tell what the page shows: the slider's value as it is written, the picture, and all words."""
        number = control.locator(READOUT).inner_text().replace("\N{MINUS SIGN}", "-")
        return float(number), self.picture.evaluate(DIGEST), self.box.inner_text()

    def known(self):
        """Tell what the kernel knows: the values of all sliders, and the picture, as `seen` gives it."""
        digest = "','.join(map(str, hashlib.sha256(it.picture.value).digest()))"
        values = "[each.value for each in it.children if hasattr(each, 'readout_format')]"
        before = f"import hashlib, ipywidgets; it = ipywidgets.widgets.widget._instances['{self.model_id}']"
        return self.notebook.ask(f"({values}, {digest})", before)

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
        self.box.page.wait_for_function(SETTLED, arg=self.picture.element_handle())
        assert APOLOGY not in self.box.inner_text(), self.box.inner_text()
        return True
