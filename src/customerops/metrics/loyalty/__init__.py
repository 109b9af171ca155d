"""Loyalty points: a ledger folded into balances, what is redeemed, what breaks, what is owed."""
