"""A whole log through the same machine, as columns."""
