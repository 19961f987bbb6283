"""Write tables and pictures of the pages of docs/ from what runs wrote to results/.

python -m studies.report
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from benchmarks.report import Table, splice
from studies.picture import Picture
from studies.record import FOLDER

STUDIES: Mapping[str, str] = {
    "mnist": "results.md",
    "jsb": "results.md",
    "bunny": "results.md",
    "baselines": "units.md",
    "units": "units.md",
    "unit_pictures": "units.md",
    "hosted": "units.md",
    "binary_recurrence": "units.md",
}
"""Modules of this folder and the page of each. They have `tables()`, `pictures()` or both: lists of
Table and Picture made of what its runs recorded."""
DOCS = FOLDER.parent / "docs"


def tables(study: str) -> list[Table]:
    """Return the tables of a study."""
    made: list[Table] = getattr(import_module(f"studies.{study}"), "tables", list)()
    return made


def pictures(study: str) -> list[Picture]:
    """Return the pictures of a study."""
    made: list[Picture] = getattr(import_module(f"studies.{study}"), "pictures", list)()
    return made


def section(study: str) -> str:
    """Return what its page says of a study, as Markdown."""
    return "\n".join(part.markdown() for part in (*tables(study), *pictures(study)))


def main(docs: Path = DOCS) -> None:
    """Write every section and draw every picture."""
    for study, page in STUDIES.items():
        splice(docs / page, study, section(study))
        for picture in pictures(study):
            picture.draw(docs / "images")


if __name__ == "__main__":
    main()
