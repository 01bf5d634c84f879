"""Rows that lie elsewhere: a CSV file or address, a query, a JSON list, read strictly and by our own words.

`rows` is the way in; `file`, `query` and `web` are where they come from. It keeps nothing and knows no
plan: who pulls says which words it needs, and writes what it gets into the store.
"""
