"""What a customer allows: permission for a purpose, by a channel, at an instant."""
