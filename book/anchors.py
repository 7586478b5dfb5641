"""How the book names the place of a heading."""


def as_in_jupyterlab(heading):
    """Name it as JupyterLab does, so that the same links serve both."""
    return heading.replace(" ", "-")
