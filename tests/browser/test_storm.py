"""Storms on sliders: the last state wins, nothing goes wrong on the way, and nothing of the way is kept.

A storm is 200 key presses, as fast as the browser takes them from a keyboard (5 ms each), or all at once in the
page (0.2 ms each). A picture takes 100 ms, and twice as long while memory is traced. The page holds back what it
has to say to a control until the kernel has answered, and then says the latest: so most states of a storm are
never drawn.
"""

import random

import pytest

pytestmark = pytest.mark.slow

STORMY = ["02_b_splines.ipynb", "03_layers_and_backprop.ipynb"]
LAST = ["End", "Home", "ArrowRight"]
KEYS = [
    *random.Random(0).choices(["End", "Home", "PageUp", "PageDown", "ArrowLeft", "ArrowRight"], k=197),
    *LAST,
]

# A storm draws two pictures or more, each of 40 KB and made with 5000 objects. The first storms of either kind leave
# compiled code behind, up to 200 KB each, later ones do not: counted is what the last two of four rounds add. That was
# at most 28 KB and no object in the kernel; in the page mostly below 30 KB for each storm, once 42, and no node.
MOST_KEPT = {"kernel's bytes": 50e3, "kernel's objects": 200, "figures": 0, "widgets": 0}
MOST_KEPT_BY_PAGE = {"page's nodes": 10, "page's listeners": 10, "page's bytes": 60e3}  # for each storm


@pytest.mark.parametrize("notebook", STORMY, indirect=True)
def test_the_last_state_of_a_storm_wins_and_nothing_is_kept(notebook, record_property):
    explorables = notebook.explorables()
    sliders = [each.box.locator("[role=slider]").first for each in explorables]
    said_before = len(notebook.unasked())
    slow = [look_slowly(*pair) for pair in zip(explorables, sliders, strict=True)]
    notebook.memory()
    held = []
    for at_once in (False, True, True, True):
        for explorable, slider, (seen, known) in zip(explorables, sliders, slow, strict=True):
            seen_after, pictures = explorable.storm(slider, KEYS, at_once)
            assert seen_after == seen
            assert explorable.known() == known
            assert 1 <= pictures <= 4, "pictures of earlier states queue up"
        held.append(notebook.memory())
    assert notebook.unasked()[said_before:] == []
    assert notebook.complaints == []
    assert "Error displaying widget" not in notebook.text()
    kept = {name: held[-1][name] - held[1][name] for name in held[1]}
    record_property("kept", kept)
    storms = 2 * len(explorables)
    bounds = MOST_KEPT | {name: most * storms for name, most in MOST_KEPT_BY_PAGE.items()}
    assert {name: (grown, bounds[name]) for name, grown in kept.items() if grown > bounds[name]} == {}


def look_slowly(explorable, slider):
    """Go where a storm ends, step by step; return what page and kernel say there, which must be the same."""
    at_the_end, *_, seen = [explorable.slowly(slider, key) for key in LAST]
    known = explorable.known()
    assert seen[:2] != at_the_end[:2]
    assert seen[1] == known[1]
    assert seen[0] in [round(value, 2) for value in known[0]]
    return seen, known
