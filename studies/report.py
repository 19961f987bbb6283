"""Write the tables of docs/results.md from what runs wrote to results/.

python -m studies.report
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from benchmarks.report import splice
from studies.record import FOLDER

STUDIES = ("mnist", "jsb")
"""Modules of this folder; each has `tables()`, a list of Table made of what its runs recorded."""
PAGE = FOLDER.parent / "docs" / "results.md"


def section(study: str) -> str:
    """Return what the page says of a study, as Markdown."""
    found = import_module(f"studies.{study}").tables()
    return "\n".join(table.markdown() for table in found)


def main(page: Path = PAGE) -> None:
    """Write every section."""
    for study in STUDIES:
        splice(page, study, section(study))


if __name__ == "__main__":
    main()
