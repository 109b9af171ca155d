"""How long, when not everybody has left yet."""
