"""Adapters to payment gateways. No gateway's field name is known outside of its module here."""
