"""Every explorable of the package: it is complete, survives extreme values and keeps its axes still."""

import importlib
import inspect
import itertools
import pkgutil

import numpy as np
import pytest
from drawing import drawn
from ipywidgets import Checkbox, Dropdown

from minikan import widgets
from minikan.widgets.explorer import Explorer


def explorables():
    """Find all explorables in minikan.widgets."""
    for module in pkgutil.iter_modules(widgets.__path__, f"{widgets.__name__}."):
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(found, Explorer) and found is not Explorer and found.__module__ == module.name:
                yield found


def extremes(control):
    """List the values at the ends of a control: all of them if it has no ends."""
    if isinstance(control, Checkbox):
        return [False, True]
    if isinstance(control, Dropdown):
        return [value for _, value in control.options]
    return [control.min, control.max]


def limits(axes):
    """List the limits of all axes from which something can be read off."""
    return [(each.get_xlim(), each.get_ylim()) for each in axes if each.axison]


@pytest.fixture(scope="module", params=explorables(), ids=lambda each: each.__name__)
def explorer(request):
    """Make each explorable in turn; it takes a second."""
    return request.param()


def test_says_what_it_is(explorer):
    assert 20 <= len(explorer.description) <= 400
    assert explorer.description.endswith(".")
    assert all(control.description for control in explorer.children[:-2]), "a control without a label"


def test_story_has_three_or_four_states(explorer):
    assert len(explorer.storyboard) in (3, 4)
    for state in explorer.storyboard:
        assert state.keys() == explorer.state.keys()
    told = {(explorer._state_in_words(state), explorer.caption(**state)) for state in explorer.storyboard}
    assert len(told) == len(explorer.storyboard) and all(caption for _, caption in told)


@pytest.mark.slow
def test_survives_extremes_with_its_axes_still(explorer):
    still = limits(drawn(explorer, **explorer.state))
    controls = explorer.children[: len(explorer.state)]
    for values in itertools.product(*map(extremes, controls)):
        state = dict(zip(explorer.state, values, strict=True))
        axes = drawn(explorer, **state)
        assert explorer.caption(**state)
        assert limits(axes) == still, state
        assert all(np.isfinite(line.get_ydata()).all() for each in axes for line in each.lines), state
