"""Journey maps: where customers stand, how they got there, and who speaks with them."""
