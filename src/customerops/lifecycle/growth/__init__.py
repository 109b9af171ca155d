"""Where growth comes from: customers, revenue, users."""
