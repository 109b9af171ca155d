"""The sales pipeline: what becomes of opportunities, how long they take, what is open."""
