"""One customer through the machine, one interaction at a time."""
