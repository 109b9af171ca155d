"""Visits: events without a long pause between them."""
