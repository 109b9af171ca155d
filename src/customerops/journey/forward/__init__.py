"""What comes next, and how likely it ends in a conversion."""
