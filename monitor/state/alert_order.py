"""The orders in which alerts are listed, and where a list goes on after the alert with which its last page ended."""

from typing import Any, Final, Literal, get_args

from sqlalchemy import BigInteger, ColumnElement, UnaryExpression, case, func, literal, select, tuple_, type_coerce

from monitor.alerts.lifecycle import RANK
from monitor.state.tables import alerts

Sort = Literal["worst", "-id", "id"]
"""`worst`: firing before pending before resolved, worse before milder, then the oldest, of resolved ones the newest
first. `-id`: newest first. `id`: oldest first."""
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)

_OVER: Final = alerts.c.state == "resolved"
_PENDING_US, _RESOLVED_US = (type_coerce(column, BigInteger) for column in (alerts.c.pending_us, alerts.c.resolved_us))
_WORST: Final[tuple[ColumnElement[Any], ...]] = (
    case({"firing": 0, "pending": 1}, value=alerts.c.state, else_=2),
    case((_OVER, 0), else_=-case(RANK, value=alerts.c.level)),
    case((_OVER, -func.coalesce(_RESOLVED_US, 0)), else_=_PENDING_US),
    case((_OVER, -alerts.c.id), else_=alerts.c.id),
)


def ordered(sort: Sort) -> tuple[ColumnElement[Any] | UnaryExpression[Any], ...]:
    """What to order by."""
    match sort:
        case "worst":
            return _WORST
        case "-id":
            return (alerts.c.id.desc(),)
        case "id":
            return (alerts.c.id.asc(),)


def beyond(sort: Sort, after: int) -> ColumnElement[bool]:
    """Those that come behind the alert of this number, as it is now."""
    match sort:
        case "worst":
            last = select(*_WORST).where(alerts.c.id == literal(after)).subquery()
            return tuple_(*_WORST) > tuple_(*(select(column).scalar_subquery() for column in last.c))
        case "-id":
            return alerts.c.id < after
        case "id":
            return alerts.c.id > after
