"""Floor 1: text to Plan. Model, reader, checks, hints, and the annotated reference.

Pure: text and facts come in as arguments. Not here: opening files, evaluating inventories.
"""
