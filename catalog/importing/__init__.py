"""Catalogue files of other shops, and our own, made into products.

`reading` turns a file into numbered rows, `shopify` and `nexus` turn rows into records, `writing` puts records into the
catalogue, `fetching` gets pictures when asked to.
"""
