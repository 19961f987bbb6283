"""The code in the guides runs, block after block, as a reader would type it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
GUIDES = [path.name for path in sorted(DOCS.glob("*.md")) if "```python" in path.read_text("utf-8")]


@pytest.mark.parametrize("guide", GUIDES)
def test_guides_run(guide, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / guide).read_text("utf-8")
    names: dict[str, object] = {}
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)):
        exec(compile(block, f"{guide} block {number}", "exec"), names)
