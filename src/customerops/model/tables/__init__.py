"""Estimates and tables: results that keep their parts and add up."""
