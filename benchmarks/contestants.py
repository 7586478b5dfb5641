"""The libraries that `peers.py` and `families.py` compare: each one's network with the same weights, in every mode.

A contestant takes a minikan network, samples and targets, and yields its modes: as it comes, with each of the
library's own switches, and compiled as a whole. Nothing is imported before it is asked for.
"""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Mode(NamedTuple):
    """One way to run a network."""

    name: str
    parameters: int  # that it trains
    run: Callable  # one forward and backward pass of the mean squared error, to all parameters
    result: Callable  # the same; gives the loss, and the gradient in minikan's layout: all must agree
    whole: bool = False  # compiled as a whole by its user, not by the library
    forward: Callable | None = None  # the way forward alone


def minikan(model, X, y):
    """NumPy; the straight lines beyond the grids included."""

    def run():
        return model.loss_and_gradient(X, y)

    yield Mode("as it comes", model.parameters.size, run, run)


def flashkan(model, X, y):
    """PyTorch; truncated powers of all G + k functions; even grids that stay, kept in float32."""
    import torch
    from flashkan import KANNetwork, basis, layer

    net = KANNetwork(model.widths, grid_size=model.layers[0].G).double()
    for theirs, ours in zip(net.layers, model.layers, strict=True):
        theirs.spline_weight.data = tensor(ours.coef.transpose(2, 0, 1))
        theirs.base_weight.data = tensor(ours.base_weight.T)

    def forward_with(function):
        def forward(X):
            layer.bspline_basis = function
            return net(X)

        return forward

    yield torch_mode("as it comes", net, X, y, split_weights, forward_with(basis.bspline_basis))
    yield torch_mode("eager", net, X, y, split_weights, forward_with(basis.bspline_basis_eager))
    yield torch_mode("torch.compile", net, X, y, split_weights, torch.compile(net))


def inkan(model, X, y):
    """PyTorch; the live functions, written into a matrix or gathered; even grids that stay."""
    import torch
    from inkan import KANNetwork

    def network(**switches):
        net = KANNetwork(model.widths, grid_size=model.layers[0].G, **switches).double()
        for theirs, ours in zip(net.layers, model.layers, strict=True):
            coef = ours.coef.transpose(2, 0, 1).reshape(ours.n_out, -1)
            theirs.weight.data = tensor(np.concatenate([coef, ours.base_weight.T], axis=1))
        return net

    def layout(gradients):
        for gradient, ours in zip(gradients, model.layers, strict=True):
            coef, base = np.split(gradient, [-ours.n_in], axis=1)
            yield coef.reshape(ours.n_out, ours.n_in, -1).transpose(1, 2, 0), base.T

    for basis in ("local", "dense"):
        net = network(basis_mode=basis, contraction="dense")
        yield torch_mode(f"{basis}, basis compiled", net, X, y, layout)
        net = network(basis_mode=basis, contraction="dense", compile_basis=False)
        yield torch_mode(basis, net, X, y, layout)
    net = network(contraction="direct")
    yield torch_mode("direct", net, X, y, layout)
    yield torch_mode("torch.compile", net, X, y, layout, torch.compile(net))


def efficient_kan(model, X, y):
    """PyTorch; Cox–de Boor on all functions; not in the package index, but copied in the package ikan."""
    import torch

    module, layers = ikan("KAN.py"), []
    for ours in model.layers:
        layer = module.KANLinear(ours.n_in, ours.n_out, ours.G, enable_standalone_scale_spline=False)
        layer.spline_weight.data = tensor(ours.coef.transpose(2, 0, 1))
        layer.base_weight.data = tensor(ours.base_weight.T)
        layer.grid = tensor(ours.knots)
        layers.append(layer.double())
    net = torch.nn.Sequential(*layers)

    def layout(gradients):  # base weights come first
        return split_weights([g for pair in zip(gradients[1::2], gradients[::2], strict=True) for g in pair])

    yield torch_mode("as it comes", net, X, y, layout)
    yield torch_mode("torch.compile", net, X, y, layout, torch.compile(net))


def pykan(model, X, y):
    """PyTorch, the paper's own; Cox–de Boor on all functions; trains affine maps of nodes and scales, too."""
    import kan

    for mode in ("as it comes", "speed()"):  # without its symbolic branch
        net = kan.KAN(width=list(model.widths), grid=model.layers[0].G, k=3, seed=0, auto_save=False)
        for theirs, ours in zip(net.act_fun, model.layers, strict=True):
            theirs.coef.data = tensor(ours.coef.transpose(0, 2, 1))
            theirs.scale_base.data = tensor(ours.base_weight)
            theirs.scale_sp.data = tensor(np.ones_like(ours.base_weight))
        compared = [weights for layer in net.act_fun for weights in (layer.coef, layer.scale_base)]

        def layout(gradients):
            for coef, base in zip(gradients[::2], gradients[1::2], strict=True):
                yield coef.transpose(0, 2, 1), base

        yield torch_mode(mode, net.speed() if mode == "speed()" else net, X, y, layout, compared=compared)


def jaxkan(model, X, y):
    """JAX, jitted, in 64 bits; Cox–de Boor on all functions; grids kept in float32."""
    for layer_type in ("spline", "base"):
        settings = dict(k=3, G=model.layers[0].G, external_weights=False, add_bias=False)
        net = jax_network(model.widths, layer_type, settings)

        def layout(layers):
            for theirs, ours in zip(layers, model.layers, strict=True):
                yield (
                    theirs["c_basis"].reshape(ours.n_out, ours.n_in, -1).transpose(1, 2, 0),
                    theirs["c_res"].reshape(ours.n_out, ours.n_in).T,
                )

        weights = [
            {"c_basis": ours.coef.transpose(2, 0, 1), "c_res": ours.base_weight.T} for ours in model.layers
        ]
        yield jax_mode(f"{layer_type} layer, jit", net, weights, X, y, layout)


CONTESTANTS = {
    "minikan": minikan,
    "flashkan": flashkan,
    "inkan": inkan,
    "jaxKAN": jaxkan,
    "efficient-kan": efficient_kan,
    "pykan": pykan,
}


def tensor(array):
    """Copy a NumPy array into PyTorch."""
    import torch

    return torch.from_numpy(np.array(array, order="C"))


def ikan(name):
    """Load one file of the package ikan: others of its modules want a GPU."""
    return load(Path(importlib.util.find_spec("ikan").origin).with_name(name))


def load(path):
    """Load a file as a module."""
    spec = importlib.util.spec_from_file_location(f"peer_{path.stem}", path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def split_weights(gradients):
    """Turn (n_out, n_in, G + k) and (n_out, n_in), layer by layer, into minikan's shapes."""
    for coef, base in zip(gradients[::2], gradients[1::2], strict=True):
        yield coef.transpose(1, 2, 0), base.T


def flatten(parts):
    """Join coefficients (n_in, size, n_out) and base weights (n_in, n_out), or None, of all layers as minikan does."""
    return np.concatenate(
        [(coef if base is None else np.append(coef, base[:, None], axis=1)).ravel() for coef, base in parts]
    )


def torch_mode(name, net, X, y, layout, forward=None, compared=None):
    """Make a mode of a PyTorch network; `layout` turns the gradients in `compared` into minikan's shapes."""
    import torch

    X, y = tensor(X), tensor(y)
    weights = [weights for weights in net.parameters() if weights.requires_grad]
    if compared is not None:
        weights = compared + [w for w in weights if not any(w is other for other in compared)]
    forward = net if forward is None else forward

    def run():
        loss = torch.nn.functional.mse_loss(forward(X), y)
        return loss, torch.autograd.grad(loss, weights, allow_unused=True)

    def result():
        loss, gradients = run()
        gradients = gradients if compared is None else gradients[: len(compared)]
        return loss.item(), flatten(layout([gradient.numpy() for gradient in gradients]))

    size = sum(w.numel() for w in weights)
    return Mode(name, size, run, result, name == "torch.compile", lambda: forward(X))


def jax_network(widths, layer_type, settings):
    """Make a network of jaxKAN, in 64 bits."""
    import jax

    jax.config.update("jax_enable_x64", True)
    from jaxkan.models.KAN import KAN

    return KAN(list(widths), layer_type, settings)


def jax_mode(name, net, weights, X, y, layout):
    """Make a mode of a jaxKAN network, jitted.

    `weights` holds a dict for each layer; `layout` turns such dicts of gradients into minikan's shapes.
    """
    import jax
    import jax.numpy as jnp
    from flax import nnx

    X, y = jnp.asarray(X), jnp.asarray(y)
    for layer, its_weights in zip(net.layers, weights, strict=True):
        for key, values in its_weights.items():
            weight = getattr(layer, key)
            weight.set_value(jnp.asarray(values.reshape(weight[...].shape)))
    graph, state, rest = nnx.split(net, nnx.Param, ...)
    forward = jax.jit(lambda state, X: nnx.merge(graph, state, rest)(X))
    step = jax.jit(jax.value_and_grad(lambda state, X, y: jnp.mean((forward(state, X) - y) ** 2)))

    def run():
        return jax.block_until_ready(step(state, X, y))

    def result():
        loss, gradient = run()
        layers = [gradient["layers"][i] for i in range(len(weights))]
        parts = [
            {key: np.asarray(layer[key][...]) for key in own}
            for layer, own in zip(layers, weights, strict=True)
        ]
        return float(loss), flatten(layout(parts))

    size = sum(leaf.size for leaf in jax.tree.leaves(state))
    return Mode(name, size, run, result, forward=lambda: jax.block_until_ready(forward(state, X)))
