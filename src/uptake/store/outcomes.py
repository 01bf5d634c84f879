"""The values of outcomes, and what each look at an effect said.

Kept once by key, so that a source may tell the same again and correct itself; means are asked for in one statement
per period. What the values mean is decided in `connect.feeds.outcomes` and `measure`. On the ring this is
what a look costs where a plan has outcomes.
"""

from collections.abc import Sequence
from itertools import pairwise

import msgspec
from sqlalchemy import func, select

from uptake.core.look import KeptLook, UnitMean, Value
from uptake.core.time import Instant
from uptake.store.database import Database, insert_new, insert_or
from uptake.store.tables import outcome_look, outcome_value

BATCH = 500
"""Values written by one statement."""


class SqlOutcomes:
    """The `Values` port over a database."""

    def __init__(self, database: Database) -> None:
        """Args: database: the plan's own."""
        self._database = database

    def keep(self, name: str, values: Sequence[Value]) -> None:
        """Keep values in one durable transaction; a known key takes the new value."""
        newest = {value.key: value for value in values}
        rows = [
            {"plan": self._database.plan, "name": name, "key": v.key, "unit": v.unit, "at": v.at, "value": v.value}
            for v in newest.values()
        ]
        with self._database.writing() as conn:
            for begin in range(0, len(rows), BATCH):
                note = insert_or(conn, outcome_value).values(rows[begin : begin + BATCH])
                change = {column: note.excluded[column] for column in ("unit", "at", "value")}
                conn.execute(note.on_conflict_do_update(index_elements=["plan", "name", "key"], set_=change))

    def means(self, name: str, cuts: Sequence[Instant]) -> tuple[UnitMean, ...]:
        """Each unit's mean between one cut and the next, units in order, periods from 0."""
        mine = (outcome_value.c.plan == self._database.plan, outcome_value.c.name == name)
        found: list[UnitMean] = []
        with self._database.reading() as conn:
            for period, (begin, end) in enumerate(pairwise(cuts)):
                columns = (outcome_value.c.unit, func.avg(outcome_value.c.value), func.count())
                within = (outcome_value.c.at >= begin, outcome_value.c.at < end)
                query = select(*columns).where(*mine, *within).group_by(outcome_value.c.unit)
                found += [
                    UnitMean(unit=unit, period=period, mean=float(mean), count=count)
                    for unit, mean, count in conn.execute(query.order_by(outcome_value.c.unit))
                ]
        return tuple(found)

    def looks(self, name: str, series: str) -> tuple[KeptLook, ...]:
        """The looks that were made at one of an outcome's effects, in order."""
        query = select(outcome_look.c.look).where(
            outcome_look.c.plan == self._database.plan,
            outcome_look.c.name == name,
            outcome_look.c.series == series,
        )
        with self._database.reading() as conn:
            rows = conn.execute(query.order_by(outcome_look.c.number)).scalars().all()
        return tuple(msgspec.json.decode(raw, type=KeptLook) for raw in rows)

    def look(self, name: str, series: str, looks: Sequence[KeptLook]) -> None:
        """Keep looks in one durable transaction; one that stands stays as it is."""
        mine = {"plan": self._database.plan, "name": name, "series": series}
        rows = [{**mine, "number": look.number, "look": msgspec.json.encode(look)} for look in looks]
        with self._database.writing() as conn:
            for begin in range(0, len(rows), BATCH):
                conn.execute(insert_new(conn, outcome_look).values(rows[begin : begin + BATCH]))
