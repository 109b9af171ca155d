"""What changed, and what made it change."""
