"""Segments, audiences and tiers: who a customer is by rules, as data that explains itself."""
