"""Service: how long customers wait, whether their cases are solved, and what is still open."""
