"""What a treatment does: who gets it, whether the draw held, and what came of it."""
