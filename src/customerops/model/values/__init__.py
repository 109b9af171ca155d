"""What everything is made of: checks, instants, money, calendars, labels and plain columns."""
