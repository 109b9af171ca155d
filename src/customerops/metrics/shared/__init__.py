"""What several measures read: spells, buckets, occasions, units."""
