"""The public reads of products, which shoppers feel: lists and single products, for anybody, in any language and currency.

One path, from the door to the bytes (docs/caching.md draws it):

    pages      a request's answer: cached, or found, rendered and put together
    query      what a caller asks for, checked
    context    for whom: price list, currency, language
    finding    which products, in what order: one SQL statement
    rendering  what they look like: PostgreSQL writes the JSON of a product; Python passes it through
    freshness  whether something kept is still true: one small SQL statement
    store      where answers and pieces of answers are kept: this process, and Redis where there is one
    database   how a statement reaches PostgreSQL

Staff see drafts and exact stock through the serializers of `catalog.serializers`; a test compares their bytes with ours.
"""
