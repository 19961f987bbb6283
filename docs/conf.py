"""Sphinx configuration: `sphinx-build docs docs/_build` with the `docs` extra installed."""

import re
from importlib.metadata import version as installed_version
from typing import Any

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


def setup(app: Any) -> None:
    """Take shapes such as (ticks, *features) and magnitudes such as |x| for what they are."""
    app.connect("autodoc-process-docstring", _escape, priority=400)


def _escape(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Escape in place what would begin an emphasis or a substitution; numpydoc comes later."""
    for number, line in enumerate(lines):
        line = re.sub(r"(?<=[(])\*(?=[a-z_.]+[,) ])|(?<=, )\*(?=[a-z_.]+[,) ])", r"\\*", line)
        lines[number] = re.sub(r"\|(\w)\|", r"\\|\1\\|", line)
