"""Who leaves, under every named definition, and who stays."""
