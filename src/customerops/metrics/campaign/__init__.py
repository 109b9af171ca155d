"""Campaigns: what became of messages, who is reachable, what coupons and advertising brought."""
