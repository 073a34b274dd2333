"""The catalogue as files: `loading` reads it in portions, `nexus` and `shopify` write them, `portions` puts both together."""
