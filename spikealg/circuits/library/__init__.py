"""The library of circuits, by theme."""
