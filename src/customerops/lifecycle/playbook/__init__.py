"""What to do for whom, and why, why not, or when."""
