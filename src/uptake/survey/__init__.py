"""What people are asked, how it is scored, and what may be told of it. Pure.

`instruments` holds published items with their sources and our own; `publish` decides what may be seen. Who is asked,
and how an answer is kept apart from who gave it, is for the store.
"""
