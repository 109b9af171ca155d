"""Profiles: what a log tells of each customer, derived when asked and never stored."""
