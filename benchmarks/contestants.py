"""The libraries that `peers.py` compares: each one's network with the same weights, in every mode it can run in.

A contestant takes a minikan network, samples and targets, and yields its modes: a name, a function that
makes one forward and backward pass of the mean squared error, and a function that returns the loss and the
gradient in minikan's layout, so that one can see that all compute the same. Each mode is how a user of the
library would run it: as it comes, with the library's own switches, and compiled as a whole.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np


def minikan(model, X, y):
    """NumPy; nothing to choose."""
    yield "", lambda: model.loss_and_gradient(X, y), lambda: model.loss_and_gradient(X, y)


def flashkan(model, X, y):
    """PyTorch; truncated powers, all G + k functions evaluated, an even grid that stays."""
    import torch
    from flashkan import KANNetwork, basis, layer

    for mode, function in [("basis compiled", basis.bspline_basis), ("eager", basis.bspline_basis_eager)]:
        net = KANNetwork(model.widths, grid_size=model.layers[0].G)
        for theirs, ours in zip(net.layers, model.layers, strict=True):
            theirs.spline_weight.data = tensor(ours.coef.transpose(2, 0, 1))
            theirs.base_weight.data = tensor(ours.base_weight.T)

        def forward(X, net=net.double(), function=function):
            layer.bspline_basis = function
            return net(X)

        yield mode, *torch_passes(forward, net, X, y, split_weights)
    yield "compiled", *torch_passes(torch.compile(net), net, X, y, split_weights)


def inkan(model, X, y):
    """PyTorch; the live functions, written into a matrix or gathered, an even grid that stays."""
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

    for compiled in (True, False):
        for basis in ("local", "dense"):
            net = network(compile_basis=compiled, basis_mode=basis, contraction="dense")
            yield f"{basis}{', basis compiled' * compiled}", *torch_passes(net, net, X, y, layout)
    yield f"{basis}, compiled", *torch_passes(torch.compile(net), net, X, y, layout)
    net = network(contraction="direct")
    yield "direct", *torch_passes(net, net, X, y, layout)
    yield "direct, compiled", *torch_passes(torch.compile(net), net, X, y, layout)


def efficient_kan(model, X, y):
    """PyTorch; Cox–de Boor on all functions. Not on the package index, but the package `ikan` carries it."""
    import torch

    path = Path(importlib.util.find_spec("ikan").origin).with_name("KAN.py")  # its other modules want a GPU
    spec = importlib.util.spec_from_file_location("efficient_kan", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where the compiler looks for it
    spec.loader.exec_module(module)
    G = model.layers[0].G
    layers = []
    for ours in model.layers:
        layer = module.KANLinear(ours.n_in, ours.n_out, grid_size=G, enable_standalone_scale_spline=False)
        layer.spline_weight.data = tensor(ours.coef.transpose(2, 0, 1))
        layer.base_weight.data = tensor(ours.base_weight.T)
        layer.grid = tensor(ours.knots)
        layers.append(layer.double())
    net = torch.nn.Sequential(*layers)

    def layout(gradients):  # base weights come first
        return split_weights([g for pair in zip(gradients[1::2], gradients[::2], strict=True) for g in pair])

    yield "eager", *torch_passes(net, net, X, y, layout)
    yield "compiled", *torch_passes(torch.compile(net), net, X, y, layout)


def pykan(model, X, y):
    """PyTorch, the paper's own; Cox–de Boor on all functions, and a symbolic branch beside each edge."""
    import kan

    for mode in ("as it comes", "speed()"):
        net = kan.KAN(width=list(model.widths), grid=model.layers[0].G, k=3, seed=0, auto_save=False)
        for theirs, ours in zip(net.act_fun, model.layers, strict=True):
            theirs.coef.data = tensor(ours.coef.transpose(0, 2, 1))
            theirs.scale_base.data = tensor(ours.base_weight)
            theirs.scale_sp.data = tensor(np.ones_like(ours.base_weight))
        weights = [w for layer in net.act_fun for w in (layer.coef, layer.scale_base)]

        def layout(gradients):
            for coef, base in zip(gradients[::2], gradients[1::2], strict=True):
                yield coef.transpose(0, 2, 1), base

        if mode == "speed()":
            net = net.speed()
        yield mode, *torch_passes(net, net, X, y, layout, weights)


def jaxkan(model, X, y):
    """JAX, jitted; Cox–de Boor on all functions. Of its spline layers the leaner one, without extra weights."""
    import jax
    import jax.numpy as jnp
    from flax import nnx
    from jaxkan.models.KAN import KAN

    jax.config.update("jax_enable_x64", True)
    X, y = jnp.asarray(X), jnp.asarray(y)
    for layer_type in ("spline", "base"):
        settings = dict(k=3, G=model.layers[0].G, external_weights=False, add_bias=False)
        net = KAN(list(model.widths), layer_type, settings)
        for theirs, ours in zip(net.layers, model.layers, strict=True):
            shape = theirs.c_basis[...].shape
            theirs.c_basis.set_value(jnp.asarray(ours.coef.transpose(2, 0, 1).reshape(shape)))
            theirs.c_res.set_value(jnp.asarray(ours.base_weight.T.reshape(theirs.c_res[...].shape)))
        graph, weights, rest = nnx.split(net, nnx.Param, ...)

        def loss(weights, X, y, graph=graph, rest=rest):
            return jnp.mean((nnx.merge(graph, weights, rest)(X) - y) ** 2)

        step = jax.jit(jax.value_and_grad(loss))

        def run(step=step, weights=weights):
            return jax.block_until_ready(step(weights, X, y))

        def result(run=run):
            value, gradient = run()
            parts = [
                np.append(
                    np.asarray(gradient["layers"][i]["c_basis"][...])
                    .reshape(ours.n_out, ours.n_in, -1).transpose(1, 2, 0),
                    np.asarray(gradient["layers"][i]["c_res"][...]).reshape(ours.n_out, ours.n_in).T[:, None],
                    axis=1,
                ).ravel()
                for i, ours in enumerate(model.layers)
            ]  # fmt: skip
            return float(value), np.concatenate(parts)

        yield f"jit, {layer_type} layer", run, result


def tensor(array):
    """Copy a NumPy array into PyTorch."""
    import torch

    return torch.from_numpy(np.array(array, order="C"))


def split_weights(gradients):
    """Take gradients as (n_out, n_in, G + k) and (n_out, n_in), layer by layer."""
    for coef, base in zip(gradients[::2], gradients[1::2], strict=True):
        yield coef.transpose(1, 2, 0), base.T


def torch_passes(forward, net, X, y, layout, weights=None):
    """Make the two functions of a mode for a PyTorch network; `layout` turns gradients into minikan's shapes."""
    import torch

    X, y = tensor(X), tensor(y)
    weights = list(net.parameters()) if weights is None else weights
    weights = [w for w in weights if w.requires_grad]

    def run():
        loss = torch.nn.functional.mse_loss(forward(X), y)
        return loss, torch.autograd.grad(loss, weights)

    def result():
        loss, gradients = run()
        parts = layout([gradient.numpy() for gradient in gradients])
        parts = [np.append(coef, base[:, None], axis=1).ravel() for coef, base in parts]
        return loss.item(), np.concatenate(parts)

    return run, result
