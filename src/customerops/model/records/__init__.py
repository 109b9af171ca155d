"""Records of customers and of what they did."""
