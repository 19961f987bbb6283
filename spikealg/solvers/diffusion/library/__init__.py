"""Ready-made problems with exact solutions."""
