"""The columnar log of interactions, and spells."""
