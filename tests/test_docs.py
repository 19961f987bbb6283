"""The code in the guides runs, block after block, as a reader would type it."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from spikealg import circuits, graph, learners

DOCS = Path(__file__).parents[1] / "docs"
GUIDES = [path.name for path in sorted(DOCS.glob("*.md")) if "```python" in path.read_text("utf-8")]


@pytest.mark.parametrize("guide", GUIDES)
def test_guides_run(guide, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / guide).read_text("utf-8")
    names: dict[str, object] = {}
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)):
        exec(compile(block, f"{guide} block {number}", "exec"), names)


def test_the_table_of_circuits_is_that_of_the_circuits():
    made = runpy.run_path(str(DOCS / "make_library.py"))
    assert (DOCS / "library.md").read_text("utf-8") == made["page"](), (
        "docs/library.md is out of date: python docs/make_library.py"
    )


def test_circuits_in_the_table_for_users_of_fugu_exist():
    rows = re.findall(r"^\| `[^|]+\|(.+)\|", (DOCS / "from_fugu.md").read_text("utf-8"), re.M)
    named = {name for row in rows for name in re.findall(r"`([A-Z][A-Za-z0-9]+)`", row)}
    assert len(named) > 20
    known = {*dir(circuits), *dir(graph), *dir(learners), "Circuit"}
    assert named - known == set()
