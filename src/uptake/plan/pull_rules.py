"""What must hold of a source that is read again and again: one way to read it, and secrets by reference.

Each rule appends to the mistakes and goes on. Which words a source's rows need stands with the code that reads them.
"""

from uptake.plan.fact import pulls
from uptake.plan.pull import Pull
from uptake.plan.read import ReadPlan
from uptake.plan.secret import is_reference
from uptake.plan.value import Mistakes

WAYS = ("csv", "sql", "http")
FILE_ONLY = ("encoding", "delimiter")
WORDS: dict[str, tuple[str, ...]] = {
    "implement.adoption.from": ("person", "at", "id", "event", "count"),
    "implement.train.completions": ("person", "course", "at", "status"),
    "implement.support.tickets": ("person", "at", "id"),
    "implement.outcomes.from": ("unit", "at", "value", "id"),
}
"""A source's path -> the words that `columns` may map."""
BY_SETTING = ("setting", "at", "users", "event")
"""The words of uses that are told by setting."""


def check_pulls(read: ReadPlan, mistakes: Mistakes) -> None:
    """Every rule of every source."""
    for path, pull in pulls(read.plan):
        if read.is_whole(path):
            _ways(read, path, pull, mistakes)
            _database(read, path, pull, mistakes)
            _words(read, path, pull, mistakes)


def _ways(read: ReadPlan, path: str, pull: Pull, mistakes: Mistakes) -> None:
    """Exactly one way; keys that belong to another way mean nothing."""
    ways = [name for name in WAYS if f"{path}.{name}" in read.marks]
    if len(ways) != 1:
        what = f"a source is exactly one of csv, sql and http; found {' and '.join(ways) or 'none'}"
        mistakes.add("UP212", read.where(path), what, "keep one of them" if ways else "write {csv: usage.csv}, say")
        return
    foreign = {"sql": ("headers", *FILE_ONLY), "http": ("database", *FILE_ONLY), "csv": ("database",)}[ways[0]]
    for key in foreign:
        if f"{path}.{key}" in read.marks:
            mistakes.add(
                "UP212", read.where(f"{path}.{key}"), f"`{key}` has no meaning beside `{ways[0]}`", "take it out"
            )
    if len(pull.delimiter) > 1:
        what = f"`delimiter` is one character; found `{pull.delimiter}`"
        mistakes.add("UP124", read.value(f"{path}.delimiter"), what, 'write ";"')


def _database(read: ReadPlan, path: str, pull: Pull, mistakes: Mistakes) -> None:
    """A query needs a database, whose address holds a secret."""
    if pull.sql and not pull.database:
        hint = 'add `database: "env:WAREHOUSE_URL"`'
        mistakes.add("UP206", read.where(f"{path}.sql"), "`sql` needs `database`, the address to ask", hint)
    if pull.database and "@" in pull.database:
        what = "a database's address holds its secret and must not stand in the plan"
        mistakes.add("UP207", read.value(f"{path}.database"), what, 'write database: "env:WAREHOUSE_URL"')
    for name, text in pull.headers.items():
        if name.lower() in ("authorization", "cookie", "x-api-key") and not is_reference(text):
            what = f"the header `{name}` holds a secret and must not stand in the plan"
            mistakes.add("UP207", read.value(f"{path}.headers.{name}"), what, f'write {name}: "env:NAME"')


def _words(read: ReadPlan, path: str, pull: Pull, mistakes: Mistakes) -> None:
    """`columns` maps words that this source has."""
    if not read.is_whole("implement.adoption.level"):
        return
    plain = path if path in WORDS else ".".join(part for part in path.split(".") if not part.isdigit())
    by_setting = read.plan.counts_by_setting and path == "implement.adoption.from"
    known = BY_SETTING if by_setting else WORDS[plain]
    train = read.plan.implement.train if read.plan.implement is not None else None
    if plain == "implement.train.completions" and train is not None:
        known = (*known, *train.path)  # a wide export has a column for each course
    for word in pull.columns:
        if word not in known:
            what = f"`columns` maps our words; `{word}` is none of this source's"
            hint = f"its words: {', '.join(known)}"
            mistakes.add("UP110", read.where(f"{path}.columns.{word}"), what, hint)
