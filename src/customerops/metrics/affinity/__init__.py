"""What is bought together, what to recommend, and whether recommending it would have helped."""
