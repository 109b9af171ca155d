"""Everybody at once: stocks, stays, chains, views and win-back."""
