"""Every student's notebook in a real JupyterLab in a real Chromium: it runs, and its explorables obey the keyboard."""

import pytest

pytestmark = pytest.mark.slow


def test_notebook_runs_and_its_explorables_obey(notebook):
    assert [o for o in notebook.outputs if o["output_type"] == "error"] == []
    assert "Error displaying widget" not in notebook.text()
    for explorable in notebook.explorables():
        move_everything(explorable)
    assert notebook.complaints == []


def move_everything(explorable):
    """Move every control by keyboard to both its ends; the pictures must differ."""
    controls = explorable.controls()
    assert controls, "an explorable without controls"
    for number, control in enumerate(controls, start=1):
        first, last = explorable.to_both_ends(control)
        assert first != last, f"moving control {number} from end to end does not change the picture"
