"""Training from outside: sessions from a file, invitations by mail with a calendar entry, completions from a platform.

`sessions` reads, `invitation` writes the calendar entry; the letters go the way of all letters (`connect.notices`), and
completions come as every source does (`connect.feeds`).
"""
