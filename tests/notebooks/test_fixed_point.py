"""A stored notebook is what a fresh run of it gives, but for its pictures."""

import pytest
from machinery import NOTEBOOKS, build, name

MOST_SECONDS = 60


def without_pictures(notebook):
    """Blank the pictures: their pixels depend on fonts and on the version of matplotlib."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = ""
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_fresh_run_changes_nothing(path, record_property):
    fresh = build.read(path)
    seconds = build.execute(path, fresh)
    record_property("seconds", round(seconds, 1))
    assert seconds < MOST_SECONDS
    if path.parent == build.TUTORIAL:
        build.hold_back(fresh)
    exempt = [cell.id for cell in fresh.cells if "nbval-ignore-output" in cell.metadata.get("tags", [])]
    stored = without_pictures(build.read(path))
    for before, after in zip(stored.cells, without_pictures(build.normalise(fresh)).cells, strict=True):
        if before.id not in exempt:
            assert after == before
    assert fresh.metadata == stored.metadata
