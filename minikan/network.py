"""A KAN is a stack of layers: edges learn, nodes only add (chapter 03; paper, section 2.2).

    KAN(x) = (Φ_{L-1} ∘ … ∘ Φ_1 ∘ Φ_0)(x)       shape [n_0, n_1, …, n_L]

The class knows how to compute and how to differentiate, no more. What acts on a model (`fit`,
`refine`, …) is a function of a module of its own.
"""

from itertools import pairwise

import numpy as np

from .borders import as_domain, as_integer, as_numbers, as_samples, as_targets
from .bspline import make_grid
from .layer import KANLayer

BLOCK = 2048  # samples at a time: what a layer makes of them stays in the processor's cache


class KAN:
    """A Kolmogorov–Arnold network with hand-written derivatives.

    Parameters
    ----------
    widths : sequence of int
        Nodes per layer, [n_0, …, n_L]: inputs first, outputs last.
    grid : int
        Cells G per grid.
    order : int
        Polynomial degree k of the splines.
    domain : pair of float
        Interval (low, high) on which the grids of the inputs lie. Hidden nodes have (-1, 1).
    seed : int or numpy.random.Generator
        Where the first parameters come from.

    Attributes
    ----------
    parameters : ndarray, shape (P,)
        All parameters. The layers' arrays are views of it: write to either and both change.
    layers : list of KANLayer
    widths : list of int

    Raises
    ------
    ValueError, TypeError
        If there are fewer than two widths, one is below 1, `grid` < 1, `order` < 0, or the domain is
        reversed or empty.

    References
    ----------
    Z. Liu et al., *KAN: Kolmogorov–Arnold Networks*, arXiv 2404.19756, section 2.2.

    Examples
    --------
    >>> KAN([2, 5, 1], grid=5)
    KAN([2, 5, 1]: 135 parameters)
      KANLayer(2 → 5, G=5, k=3: 90 parameters)
      KANLayer(5 → 1, G=5, k=3: 45 parameters)
    """

    def __init__(self, widths, grid=5, order=3, domain=(-1, 1), seed=0):
        if np.ndim(widths) != 1 or len(widths) < 2:
            raise ValueError(f"widths must list at least inputs and outputs, as [2, 5, 1], got {widths!r}")
        widths = [as_integer(width, "every width", 1) for width in widths]
        grid, order = as_integer(grid, "grid", 1), as_integer(order, "order", 0)
        as_domain(domain)
        rng = np.random.default_rng(seed)
        layers = []
        for n_in, n_out in pairwise(widths):
            ends = (-1, 1) if layers else domain
            knots = np.tile(make_grid(ends, grid, order), (n_in, 1))
            coef = rng.normal(0, 0.3 / np.sqrt(n_in), (n_in, grid + order, n_out))
            silu_size = max(1, *np.abs(ends))  # silu is about this large there, and shall count as a 1
            base_weight = rng.normal(0, 1 / np.sqrt(n_in), (n_in, n_out)) / silu_size
            layers.append(KANLayer(knots, coef, base_weight))
        self._adopt(layers)

    @classmethod
    def from_layers(cls, layers):
        """Stack copies of ready-made layers; each must have as many inputs as the one before has outputs."""
        layers = [KANLayer(layer.knots, layer.coef, layer.base_weight) for layer in layers]
        if not layers:
            raise ValueError("layers must hold at least one KANLayer, got none")
        for below, above in pairwise(layers):
            if below.n_out != above.n_in:
                raise ValueError(
                    f"layers must fit: {below!r} gives {below.n_out}, {above!r} takes {above.n_in}"
                )
        model = cls.__new__(cls)
        model._adopt(layers)
        return model

    def _adopt(self, layers):
        """Move all parameters into one vector, and let the layers look into it."""
        self.layers = layers
        self._parameters = np.concatenate([layer.weights.ravel() for layer in layers])
        ends = np.cumsum([layer.weights.size for layer in layers]).tolist()
        self._slices = [slice(end - layer.weights.size, end) for layer, end in zip(layers, ends, strict=True)]
        for layer, part in zip(layers, self._split(self._parameters), strict=True):
            layer.weights = part

    def _split(self, vector):
        """Cut a vector (P, ...) into the layers' parts, views of shape (n_in, G + k + 1, n_out, ...)."""
        return [
            vector[part].reshape(layer.weights.shape + vector.shape[1:])
            for layer, part in zip(self.layers, self._slices, strict=True)
        ]

    @property
    def parameters(self):
        """All parameters in one vector of shape (P,)."""
        return self._parameters

    @parameters.setter
    def parameters(self, values):
        values = as_numbers(values, "parameters")
        if values.shape != self._parameters.shape:
            raise ValueError(f"parameters must have shape {self._parameters.shape}, got {values.shape}")
        self._parameters[:] = values

    @property
    def widths(self):
        """Nodes per layer, [n_0, …, n_L]."""
        return [self.layers[0].n_in] + [layer.n_out for layer in self.layers]

    def __repr__(self):
        lines = [f"KAN({self.widths}: {self.parameters.size} parameters)", *map(repr, self.layers)]
        return "\n  ".join(lines)

    def forward(self, x):
        """Go through all layers, samples last: x (n_in, n) → (n_out, n), and the layers' caches."""
        caches = []
        for layer in self.layers:
            x, cache = layer.forward(x)
            caches.append(cache)
        return x, caches

    def __call__(self, X):
        """Evaluate the network: X (n, n_in) → (n, n_out)."""
        X = as_samples(X, self.widths[0])
        outputs = np.empty((len(X), self.widths[-1]))
        for block in blocks(len(X)):
            outputs[block] = self.forward(samples_last(X[block]))[0].T
        return outputs

    def backward(self, X, upstream):
        """Carry a gradient in the outputs, (n, n_out), back to parameters, (P,), and inputs, (n, n_in)."""
        X = as_samples(X, self.widths[0])
        upstream = as_targets(upstream, len(X), self.widths[-1], "upstream")
        gradient, dX = np.zeros_like(self.parameters), np.empty_like(X)
        for block in blocks(len(X)):
            _, caches = self.forward(samples_last(X[block]))
            dX[block] = self._backward(caches, upstream[block].T, gradient).T
        return gradient, dX

    def _backward(self, caches, upstream, gradient, wants_x=True):
        """Add to `gradient` (P,) what the caches' samples say, the last layer first."""
        parts = self._split(gradient)
        for depth in reversed(range(len(self.layers))):
            step, upstream = self.layers[depth].backward(caches[depth], upstream, wants_x or depth > 0)
            parts[depth] += step
        return upstream

    def loss_and_gradient(self, X, y):
        """Compute the mean squared error over samples and outputs, and its gradient.

        Parameters
        ----------
        X : array_like, shape (n, n_in)
        y : array_like, shape (n, n_out), or (n,) for one output

        Returns
        -------
        loss : float
        gradient : ndarray, shape (P,)
        """
        X = as_samples(X, self.widths[0])
        y = as_targets(y, len(X), self.widths[-1])
        loss, gradient = 0.0, np.zeros_like(self.parameters)
        for block in blocks(len(X)):
            outputs, caches = self.forward(samples_last(X[block]))
            residuals = outputs - y[block].T  # (n_out, n)
            loss += np.vdot(residuals, residuals) / y.size
            self._backward(caches, residuals * (2 / y.size), gradient, wants_x=False)
        return float(loss), gradient

    def linearise(self, x):
        """Compute outputs (n_out, n) and their derivatives in the parameters (P, n_out, n), samples last.

        Layer by layer from the last to the first: an output's derivative in a weight is the output's
        sensitivity to the node that the weight feeds, times the weight's feature.
        """
        z, caches = self.forward(x)
        n_out, n = z.shape
        jacobian = np.empty((self.parameters.size, n_out, n))
        parts = self._split(jacobian)
        sensitivity = np.broadcast_to(np.eye(n_out)[:, :, None], (n_out, n_out, n))  # ∂output_o/∂z_j
        for depth in reversed(range(len(self.layers))):
            layer, cache = self.layers[depth], caches[depth]
            features = cache.features.dense().reshape(*layer.weights.shape[:2], 1, 1, n)
            np.multiply(features, sensitivity.swapaxes(0, 1), out=parts[depth])
            if depth > 0:
                sensitivity = np.einsum("ojn,jin->oin", sensitivity, layer.edges(cache.x, derivative=1))
        return z, jacobian

    def jacobian(self, X):
        """Differentiate the outputs in the parameters: X (n, n_in) → (n, n_out, P)."""
        X = as_samples(X, self.widths[0])
        return np.ascontiguousarray(self.linearise(X.T)[1].transpose(2, 1, 0))

    def input_derivatives(self, X):
        """Differentiate the outputs in the inputs, once and twice.

        Parameters
        ----------
        X : array_like, shape (n, n_in)

        Returns
        -------
        gradient : ndarray, shape (n, n_out, n_in)
        hessian : ndarray, shape (n, n_out, n_in, n_in)
            Beyond the grids edges are straight and add no curvature.
        """
        z = as_samples(X, self.widths[0]).T
        n_in, n = z.shape
        gradient = np.broadcast_to(np.eye(n_in)[:, :, None], (n_in, n_in, n))  # ∂z_i/∂x_a
        hessian = np.zeros((n_in, n_in, n_in, n))  # ∂²z_i/∂x_a∂x_b
        for layer in self.layers:
            slope, bend = layer.edges(z, derivative=1), layer.edges(z, derivative=2)  # (n_out, n_in, n)
            hessian = np.einsum("jin,iabn->jabn", slope, hessian) + np.einsum(
                "jin,ian,ibn->jabn", bend, gradient, gradient
            )
            gradient = np.einsum("jin,ian->jan", slope, gradient)
            z, _ = layer.forward(z)
        return tuple(np.ascontiguousarray(np.moveaxis(d, -1, 0)) for d in (gradient, hessian))


def samples_last(X):
    """Turn (n, n_in) to (n_in, n): each input one contiguous row, as the layers like it."""
    return np.ascontiguousarray(X.T)


def blocks(n):
    """Cut n samples into slices of at most BLOCK."""
    return [slice(start, start + BLOCK) for start in range(0, n, BLOCK)]
