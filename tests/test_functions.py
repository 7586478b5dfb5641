"""The library of functions: derivatives by differences, expressions by values, domains without NaN."""

import copy
import pickle

import numpy as np
import pytest
import scipy.special
import sympy

from minikan import KAN
from minikan.functions import LIBRARY, Function, _check, register
from minikan.named import FunctionEdge
from minikan.sparse import SparseLayer


@pytest.mark.parametrize("name", LIBRARY)
def test_derivatives_and_expression_agree(name):
    _check(LIBRARY[name])


@pytest.mark.parametrize("name", LIBRARY)
def test_never_nan_and_straight_beyond(name):
    function = LIBRARY[name]
    u = np.array([-1e9, -700, -31, -2, -1, -1e-9, 0, 1e-9, 1, 2, 31, 600])
    value, slope, second, third = function.evaluate(u)
    assert np.isfinite([value, slope, second, third]).all()
    outside = (u < function.low) | (u > function.high)
    assert not second[outside].any() and not third[outside].any()
    assert function.defined(u) == (not outside.any())
    for end in (function.low, function.high):
        if np.isfinite(end):
            at, step = function.evaluate(np.array([end])), np.sign(end - (function.low + 1)) or 1
            beyond = (
                function.evaluate(np.array([end + step]))[0]
                if end == function.high
                else function.evaluate(np.array([end - 1]))[0]
            )
            run = step if end == function.high else -1
            np.testing.assert_allclose(beyond, at[0] + at[1] * run, rtol=1e-9)


@pytest.mark.parametrize("name", [name for name, f in LIBRARY.items() if f.parity])
def test_parity(name):
    function, u = LIBRARY[name], np.linspace(0.1, 0.9, 5)
    value, mirrored = function.derivatives(u)[0], function.derivatives(-u)[0]
    np.testing.assert_allclose(mirrored, function.parity * value, rtol=1e-12)


@pytest.mark.parametrize("name", [name for name, f in LIBRARY.items() if f.degree is not None])
def test_degree(name):
    function, u = LIBRARY[name], np.linspace(0.1, 0.9, 5)
    np.testing.assert_allclose(
        function.derivatives(3 * u)[0], 3.0**function.degree * function.derivatives(u)[0], rtol=1e-12
    )


def test_bessel_is_scipys():
    u = np.linspace(-30, 30, 2001)
    value, slope, second, third = LIBRARY["J0"].evaluate(u)
    np.testing.assert_allclose(value, scipy.special.j0(u), atol=1e-13)
    np.testing.assert_allclose(slope, -scipy.special.j1(u), atol=1e-13)
    np.testing.assert_allclose(second, scipy.special.jvp(0, u, 2), atol=1e-13)
    np.testing.assert_allclose(third, scipy.special.jvp(0, u, 3), atol=1e-13)


def test_a_user_registers_and_mistakes_are_told():
    cube = Function("my cube", lambda u: (u**3, 3 * u**2, 6 * u, 6 + 0 * u), lambda u: u**3, complexity=3)
    register(cube)
    assert LIBRARY.pop("my cube") is cube
    with pytest.raises(ValueError, match="the slope of wrong does not agree with differences"):
        register(Function("wrong", lambda u: (u**3, 3 * u, 6 * u, 6 + 0 * u), lambda u: u**3, 3))
    with pytest.raises(ValueError, match="the second derivative of wrong does not agree"):
        register(Function("wrong", lambda u: (u**3, 3 * u**2, 6 + u, 6 + 0 * u), lambda u: u**3, 3))
    with pytest.raises(ValueError, match="the third derivative of wrong does not agree"):
        register(Function("wrong", lambda u: (u**3, 3 * u**2, 6 * u, 6 * u), lambda u: u**3, 3))
    with pytest.raises(ValueError, match="must give value and three derivatives, got 3 arrays"):
        register(Function("wrong", lambda u: (u**3, 3 * u**2, 6 * u), lambda u: u**3, 3))
    for ends in ({}, {"low": 0.0, "high": 2.0}):
        with pytest.raises(ValueError, match="must give value and three derivatives, got 1 arrays"):
            register(Function("wrong", lambda u: u**3, lambda u: u**3, 3, **ends))
    with pytest.raises(ValueError, match="the expression of wrong does not agree"):
        register(Function("wrong", lambda u: (u**3, 3 * u**2, 6 * u, 6 + 0 * u), lambda u: sympy.sin(u), 3))
    with pytest.raises(ValueError, match="wrong must have low < high"):
        register(
            Function("wrong", lambda u: (u**3, 3 * u**2, 6 * u, 6 + 0 * u), lambda u: u**3, 3, low=1, high=0)
        )
    with pytest.raises(ValueError, match=r"at u = -0\.67 it is -2\.01, they give 1\.35"):
        register(Function("wrong", lambda u: (u**3, 3 * u, 6 * u, 6 + 0 * u), lambda u: u**3, 3))
    with pytest.raises(ValueError, match="sin is one of minikan's own functions; choose another name"):
        register(Function("sin", cube.derivatives, cube.expression, 3))
    with pytest.raises(TypeError, match="a library holds Functions, got 'sin'"):
        register("sin")
    assert "wrong" not in LIBRARY


def test_models_with_functions_of_users_are_pickled():
    cube = Function("my cube", lambda u: (u**3, 3 * u**2, 6 * u, 6 + 0 * u), lambda u: u**3, complexity=3)
    model = KAN.from_layers([SparseLayer(1, 1, {(0, 0): FunctionEdge(cube, [1, 0, 2, 0])})])
    assert copy.deepcopy(model).layers[0].edge(0, 0).function is cube
    with pytest.raises(pickle.PicklingError, match="register my cube first: then its name is pickled"):
        pickle.dumps(model)
    register(cube)
    register(cube)  # as a cell that runs twice does
    stored = pickle.dumps(model)
    assert pickle.loads(stored)([[2.0]]) == model([[2.0]])
    del LIBRARY["my cube"]
    with pytest.raises(ValueError, match="no function 'my cube' in the library; register it first"):
        pickle.loads(stored)
