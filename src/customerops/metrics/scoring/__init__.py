"""Recency, frequency, monetary value: cuts, scores, segments."""
