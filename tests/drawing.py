"""Draw explorables without a browser."""

from matplotlib.figure import Figure


def drawn(explorer, **state):
    """Draw a state as large as the explorable does; return the axes."""
    figure = Figure(figsize=explorer.size)
    explorer.draw(figure, **state)
    return figure.axes
