"""Sphinx configuration: `sphinx-build docs docs/_build` with the `docs` extra installed."""

from importlib.metadata import version as installed_version

project = "spikealg"
author = "spikealg developers"
copyright = "2026, spikealg developers"
release = installed_version("spikealg")

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
exclude_patterns = ["_build"]
html_theme = "alabaster"

# The summary tables would list every attribute twice and want one page each.
numpydoc_show_class_members = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
myst_heading_anchors = 2
