"""How often, when and how regularly customers are there."""
