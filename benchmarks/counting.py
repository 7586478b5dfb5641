"""What a layer's pass multiplies and moves, counted on paper; tests count the same in the code that runs (chapter 09).

    z = Wᵀ F(x)          F: K features of n_in inputs, K = n_in · m      W: (K, n_out)      n samples

A product and its sum count as two operations; an array is moved once when it is read, and once when it is written.
How the features themselves are computed is not counted: that differs from family to family, and is measured.
"""

FLOAT = 8  # bytes of a float64


def layer_counts(n_in: int, K: int, n_out: int, n: int, pulls: bool = True) -> dict[str, tuple[int, int]]:
    """Count (operations, bytes) of each part of a pass; only layers that are not the first one pull.

    features   read x, write F
    product    z = Wᵀ F
    gradient   ∂loss/∂W = F gᵀ
    back       W g: what each feature is worth
    pull       times F′, which is written and read, and added for each input
    """
    parts = {
        "features": (0, n_in * n + K * n),
        "product": (2 * K * n_out * n, K * n + K * n_out + n_out * n),
        "gradient": (2 * K * n_out * n, K * n + n_out * n + K * n_out),
    }
    if pulls:
        parts["back"] = (2 * K * n_out * n, K * n_out + n_out * n + K * n)
        parts["pull"] = (2 * K * n, n_in * n + 3 * K * n + n_in * n)
    return {part: (operations, FLOAT * numbers) for part, (operations, numbers) in parts.items()}


def edge_counts(n_in: int, K: int, n_out: int, n: int) -> dict[str, tuple[int, int]]:
    """Count as `layer_counts` the way forward of a layer whose edges work one by one: each has features of its own."""
    m = K // n_in
    edges = n_in * n_out
    return {
        "features": (0, FLOAT * edges * (n + m * n)),
        "product": (2 * K * n_out * n, FLOAT * edges * (m * n + m + n)),
        "sum": (edges * n, FLOAT * (edges * n + n_out * n)),
    }


def total(parts: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Add operations and bytes over all parts."""
    return sum(count for count, _ in parts.values()), sum(size for _, size in parts.values())


def roof(operations: float, size: float, peak: float, bandwidth: float) -> float:
    """Compute the operations per second that a processor allows: min(peak, intensity · bandwidth)."""
    return min(peak, operations / size * bandwidth)
