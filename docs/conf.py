"""Sphinx configuration: `sphinx-build docs docs/_build` with the `docs` extra installed."""

import re
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import draw_circuits  # noqa: E402

from studies import demonstration  # noqa: E402

project = "spikealg"
author = "spikealg developers"
copyright = "2026, spikealg developers"
release = installed_version("spikealg")

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery"]
html_theme = "alabaster"

# The summary tables would list every attribute twice and want one page each.
numpydoc_show_class_members = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
myst_heading_anchors = 2

# The scripts of the gallery run when the pages are built; one that fails fails the build.
sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "generated/gallery",
    "filename_pattern": "/plot_",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "image_srcset": ["2x"],
    "matplotlib_animations": True,
    "show_signature": False,
    "write_computation_times": False,
}


def setup(app: Any) -> None:
    """Draw what pages show of runs; take shapes such as (ticks, *features) for what they are."""
    app.connect("builder-inited", _draw)
    app.connect("autodoc-process-docstring", _escape, priority=400)


def _draw(app: Any) -> None:
    demonstration.draw(HERE / "generated")
    draw_circuits.draw(HERE / "generated" / "circuits")


def _escape(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Escape in place what would begin an emphasis or a substitution; numpydoc comes later."""
    for number, line in enumerate(lines):
        line = re.sub(r"(?<=[(])\*(?=[a-z_.]+[,) ])|(?<=, )\*(?=[a-z_.]+[,) ])", r"\\*", line)
        lines[number] = re.sub(r"\|(\w+)\|", r"\\|\1\\|", line)
