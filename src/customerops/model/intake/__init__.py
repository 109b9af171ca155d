"""From what a caller gives to checked, sorted columns."""
