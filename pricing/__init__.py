"""How much it costs: one pure function from a basket to totals that explain themselves."""

from pricing.quoting import quote, recompute

__all__ = ["quote", "recompute"]
