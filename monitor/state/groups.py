"""What the groups remember between two plans."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from monitor.alerts.groups import Group, GroupKey
from monitor.state.tables import groups

_KEY = (groups.c.receiver, groups.c.address, groups.c.name)


def load(tx: Connection) -> Sequence[Group]:
    """All groups."""
    return [
        Group(
            key=GroupKey(row.receiver, row.address, row.name),
            opened_at=row.opened_us,
            told_at=row.told_us,
            sequence=row.sequence,
            thread=row.thread,
            waiting=frozenset(row.waiting),
            told={int(number): level for number, level in row.told.items()},
        )
        for row in tx.execute(select(groups))
    ]


def save(tx: Connection, before: Iterable[Group], after: Iterable[Group]) -> None:
    """Write the difference: groups that are new, changed, or gone."""
    old = {group.key: group for group in before}
    new = {group.key: group for group in after}
    here = [column == bindparam(f"its_{column.name}") for column in _KEY]
    gone = [_where(key) for key in old.keys() - new.keys()]
    if gone:
        tx.execute(delete(groups).where(*here), gone)
    changed = [group for key, group in new.items() if key in old and group != old[key]]
    if changed:
        tx.execute(update(groups).where(*here), [{**_where(group.key), **_content(group)} for group in changed])
    opened = [group for key, group in new.items() if key not in old]
    if opened:
        tx.execute(insert(groups), [{**group.key._asdict(), **_content(group)} for group in opened])


def _where(key: GroupKey) -> dict[str, Any]:
    return {f"its_{name}": value for name, value in key._asdict().items()}


def _content(group: Group) -> dict[str, Any]:
    return {
        "opened_us": group.opened_at,
        "told_us": group.told_at,
        "sequence": group.sequence,
        "thread": group.thread,
        "waiting": sorted(group.waiting),
        "told": dict(group.told),
    }
