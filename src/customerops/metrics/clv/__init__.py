"""Customer-base models: how often, how long, how much."""
