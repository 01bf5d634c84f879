"""Floor 3: words to people: announcements by mail, notices to the plan's own people.

One file per tool and the worker that drives them. What is said, and when, is decided in the halves.
"""
