"""The catalogue as files: `loading` reads it in portions, `nexus` and `shopify` describe them, `writing` joins them."""
