"""Sphinx configuration: `sphinx-build docs docs/_build` with the `docs` extra installed."""

import re
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from studies import demonstration  # noqa: E402

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
    """Draw what pages show of runs; take shapes such as (ticks, *features) for what they are."""
    app.connect("builder-inited", _draw)
    app.connect("autodoc-process-docstring", _escape, priority=400)


def _draw(app: Any) -> None:
    demonstration.draw(HERE / "generated")


def _escape(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Escape in place what would begin an emphasis or a substitution; numpydoc comes later."""
    for number, line in enumerate(lines):
        line = re.sub(r"(?<=[(])\*(?=[a-z_.]+[,) ])|(?<=, )\*(?=[a-z_.]+[,) ])", r"\\*", line)
        lines[number] = re.sub(r"\|(\w+)\|", r"\\|\1\\|", line)
