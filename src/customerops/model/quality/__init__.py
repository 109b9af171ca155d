"""How good given data are: what is missing, wrong, repeated, out of date or belongs to nobody."""
