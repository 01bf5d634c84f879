"""Receipts: one row per action key and target, so that nothing is done twice.

Ports write here what they did, in groups; the loop reads the counts. It does not know what an
action is. On the ring it stands beneath `Asked`: late joiners, restarts and repeats act on
what is missing here and need no special case.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, func, select

from uptake.core.entry import StepSeen
from uptake.core.ids import ActionKey
from uptake.store.database import Database, insert_new, insert_or, now
from uptake.store.tables import receipt

WANTED, DONE, IN_DOUBT = "wanted", "done", "in doubt"
KEYS_MOST = 500
"""Keys counted in one statement."""


class SqlReceipts:
    """The `Receipts` port over a database."""

    def __init__(self, database: Database) -> None:
        """Args: database: the plan's own."""
        self._database = database

    def want(self, key: ActionKey, targets: Iterable[str]) -> None:
        """Note the targets that are wanted; those known already keep their state."""
        moment = now()
        rows = [self._row(key, target, WANTED) | {"at": moment} for target in dict.fromkeys(targets)]
        if rows:
            with self._database.writing() as conn:
                conn.execute(insert_new(conn, receipt), rows)

    def mark(self, key: ActionKey, states: Mapping[str, str]) -> None:
        """Set targets' states (`wanted`, `done`, `in doubt`, `failed`, `nobody`) in one durable transaction."""
        moment = now()
        rows = [self._row(key, target, state) | {"at": moment} for target, state in states.items()]
        if not rows:
            return
        with self._database.writing() as conn:
            insert = insert_or(conn, receipt)
            new = {"state": insert.excluded.state, "at": insert.excluded.at}
            conn.execute(insert.on_conflict_do_update(index_elements=["plan", "key", "target"], set_=new), rows)

    def states(self, key: ActionKey) -> dict[str, str]:
        """Every target of a key and its state, in target order."""
        query = select(receipt.c.target, receipt.c.state).where(self._mine, receipt.c.key == key)
        with self._database.reading() as conn:
            return dict(sorted((target, state) for target, state in conn.execute(query)))

    def seen(self, keys: Sequence[ActionKey]) -> tuple[StepSeen, ...]:
        """The three counts of each key that has receipts: all that were wanted, of them done, and in doubt."""
        found: dict[str, StepSeen] = {}
        with self._database.reading() as conn:
            for start in range(0, len(keys), KEYS_MOST):
                wanted = and_(self._mine, receipt.c.key.in_(keys[start : start + KEYS_MOST]))
                done = func.count().filter(receipt.c.state == DONE)
                in_doubt = func.count().filter(receipt.c.state == IN_DOUBT)
                query = select(receipt.c.key, func.count(), done, in_doubt).where(wanted).group_by(receipt.c.key)
                for key, total, ended, doubted in conn.execute(query):
                    found[key] = StepSeen(key=key, wanted=total, done=ended, in_doubt=doubted)
        return tuple(found[key] for key in keys if key in found)

    @property
    def _mine(self) -> ColumnElement[bool]:
        """Rows of this plan."""
        return receipt.c.plan == self._database.plan

    def _row(self, key: ActionKey, target: str, state: str) -> dict[str, object]:
        """A receipt as its columns."""
        return {"plan": self._database.plan, "key": key, "target": target, "state": state}
