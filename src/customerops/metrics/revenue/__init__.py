"""Recurring revenue: its level, what moves it, what is kept of it, and what a customer is worth."""
