"""What a policy says: stages, clocks, criteria, events."""
