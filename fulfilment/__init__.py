"""How it travels: shipments, pickup, and what comes back."""
