"""Who is who: normal forms of identifiers, and the records of one customer joined (OneID)."""
