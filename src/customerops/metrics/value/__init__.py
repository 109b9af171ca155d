"""What orders, buyers and products are worth."""
