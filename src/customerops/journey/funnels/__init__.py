"""Funnels: who goes through the steps, how far, and how fast."""
