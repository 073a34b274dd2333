"""Addresses of shipments and returns, below their order; staff find all returns at `returns/`."""

urlpatterns: list[object] = []
