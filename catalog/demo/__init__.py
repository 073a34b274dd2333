"""The demo shop: about sixty Ethiopian products, drawn and written by the project itself, for development only."""
