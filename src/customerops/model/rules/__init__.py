"""Rules and groupings: one language of conditions, on records and on columns alike."""
