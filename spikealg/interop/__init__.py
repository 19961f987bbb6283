"""The edges to other packages: one optional package per file, imported when it is used."""
