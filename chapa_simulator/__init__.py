"""A stand-in for Chapa, the Ethiopian payment gateway, for development and tests.

It speaks Chapa's HTTP API v1 on its own port, shows a hosted checkout page, sends signed
webhooks and can be told to misbehave. It is a separate program (`python -m chapa_simulator`)
that shares no code with the shop, so that a misunderstanding in the one cannot hide in the other.
"""
