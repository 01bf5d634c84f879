"""The values of outcomes, and what was found on an outcome's one day.

Kept once by key, so that a source may tell the same again and correct itself; means are asked for in one statement
per period. What the values mean is decided in `connect.feeds.outcomes` and `measure`. On the ring this is
what a look costs where a plan has outcomes.
"""

from collections.abc import Sequence
from itertools import pairwise

import msgspec
from sqlalchemy import func, select

from uptake.core.look import Measured, UnitMean, Value
from uptake.core.time import Instant
from uptake.store.database import Database, insert_new, insert_or
from uptake.store.tables import outcome_judged, outcome_value

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

    def judged(self, name: str, until: Instant) -> Measured | None:
        """What was found when the outcome was judged as of `until`."""
        query = select(outcome_judged.c.found).where(
            outcome_judged.c.plan == self._database.plan,
            outcome_judged.c.name == name,
            outcome_judged.c.until == until,
        )
        with self._database.reading() as conn:
            raw = conn.execute(query).scalar_one_or_none()
        return None if raw is None else msgspec.json.decode(raw, type=Measured)

    def judge(self, name: str, until: Instant, found: Measured) -> None:
        """Keep what was found; the first finding stands."""
        row = {"plan": self._database.plan, "name": name, "until": until, "found": msgspec.json.encode(found)}
        with self._database.writing() as conn:
            conn.execute(insert_new(conn, outcome_judged).values(row))
