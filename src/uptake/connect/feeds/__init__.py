"""Sources that are read again and again: one worker, and what each source means.

`worker` is the `Sources` port; beside it a file per kind of source says which words its rows need and where
they go. How rows are read stands in `connect.pull`.
"""
