"""Payloads of other systems, as dicts, read into records: pure functions, no connection made."""
