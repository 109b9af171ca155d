"""Paths: what follows what."""
