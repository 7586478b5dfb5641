"""How Sphinx makes the book; `build.py` calls it."""

import sys
from pathlib import Path

import minikan

sys.path.insert(0, str(Path(__file__).parent))  # for anchors.py

project = "minikan"
author = "The minikan authors"
copyright = "the minikan authors. Text and figures under CC BY 4.0, code under MIT"
release = minikan.__version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc", "sphinx-mathjax-offline"]
nb_execution_mode = "off"
myst_enable_extensions = ["amsmath", "dollarmath", "html_image"]
myst_heading_anchors = 4  # so that a link to a heading works as in JupyterLab
myst_heading_slug_func = "anchors.as_in_jupyterlab"
numpydoc_show_class_members = False
autodoc_typehints = "none"  # the docstrings say it in words, with the shapes

html_theme = "furo"  # its scripts, styles and fonts all lie in its package
html_title = "minikan"
html_static_path = ["static"]
html_css_files = ["book.css"]
html_copy_source = False
html_show_sphinx = False
mathjax3_config = {"options": {"enableMenu": True}}  # the MathJax that the extension brings is version 3
