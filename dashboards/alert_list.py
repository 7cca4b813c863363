"""What the list of alerts shows, and how its filters are read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast, get_args

from dashboards import context
from dashboards.active import active_alerts
from dashboards.language import gettext, ngettext
from dashboards.parameters import Parameters
from dashboards.sources import Service
from monitor.alerts.model import Alert, AlertState
from monitor.alerts.responses import Acknowledgement
from monitor.ids import Place
from monitor.rules.answer import LEVELS, Level
from monitor.state.alert_order import SORTS, Sort
from monitor.state.alerts import AlertGroup, GroupedBy

PAGE = 100
BATCH = 500
STATES = ("active", "pending", "firing", "resolved", "all")
GROUPED: tuple[GroupedBy, ...] = get_args(GroupedBy)
GROUPED_STATES = frozenset({"active", "pending", "firing"})
"""Those of the past are too many to be counted while somebody waits."""


@dataclass(frozen=True)
class AlertFilters:
    """What the address selects, and in which order; `after`: the number of the last alert of the page before."""

    state: str
    level: Level | None
    site: str | None
    rule: str | None
    sort: Sort
    after: int | None
    group: GroupedBy | None = None

    @classmethod
    def read(cls, parameters: Parameters) -> "AlertFilters":
        """From the query string."""
        state = parameters.choice("state", STATES) or "active"
        return cls(
            state=state,
            level=parameters.choice("level", LEVELS),
            site=parameters.text("site"),
            rule=parameters.text("rule"),
            sort=parameters.choice("sort", SORTS) or usual_sort(state),
            after=parameters.number("after"),
            group=parameters.choice("group", GROUPED),
        )


def usual_sort(state: str | None) -> Sort:
    """Worst first, but of a history the newest first."""
    return "-id" if state in {"resolved", "all"} else "worst"


def find(source: Service, filters: AlertFilters, *, limit: int, since: datetime | None = None) -> Sequence[Alert]:
    """Alerts by state and the rest; `since` bounds resolved ones where the state is `all`."""
    stored = filters.state if filters.state in {"pending", "firing", "resolved"} else None
    # Nothing resolves after now: what is left are the active ones.
    bound = source.now() + timedelta(seconds=1) if filters.state == "active" else since
    return source.alerts.list(
        state=stored,  # type: ignore[arg-type]  # narrowed by the line above
        since=bound, site=filters.site, level=filters.level, rule=filters.rule, sort=filters.sort, after=filters.after,
        limit=limit,
    )  # fmt: skip


def find_all(source: Service, filters: AlertFilters, since: datetime | None) -> Iterator[Alert]:
    """All alerts that the filters select, fetched page by page."""
    while True:
        found = find(source, filters, limit=BATCH, since=since)
        yield from found
        if len(found) < BATCH:
            return
        filters = replace(filters, after=found[-1].id)


@dataclass(frozen=True)
class Group:
    """The active alerts of one site or rule, with the worst of them where it is among the worst of all."""

    name: str
    place: Place | None
    address: str
    found: AlertGroup
    worst: Alert | None


@dataclass(frozen=True)
class AlertsPage:
    """A list of alerts, or of the groups that they make."""

    title: str
    alerts: Sequence[Alert]
    acknowledged: Mapping[int, Acknowledgement]
    groups: Sequence[Group]
    groups_told: str
    groupings: list[tuple[str, str]]
    group: GroupedBy | None
    grouped: bool
    states: list[tuple[str, str]]
    state: str
    level: Level | None
    site: str | None
    rule: str | None
    sort: Sort
    sorts: list[tuple[str, str]]
    filtered: bool
    first: bool
    older: str | None
    csv: str
    site_keys: list[str]


def _groups(source: Service, filters: AlertFilters, by: GroupedBy) -> tuple[list[Group], int]:
    state: AlertState | None = None if filters.state == "active" else cast("AlertState", filters.state)
    found = source.alerts.groups(by, state=state, site=filters.site, level=filters.level, rule=filters.rule)
    worst: dict[str, Alert] = {}
    for alert in active_alerts(source).worst:
        if state in {None, alert.state} and filters.level in {None, alert.level}:
            worst.setdefault(alert.place.site if by == "site" else alert.rule, alert)
    return [_group(source, by, each, worst.get(each.key)) for each in found[:PAGE]], len(found)


def _group(source: Service, by: GroupedBy, found: AlertGroup, worst: Alert | None) -> Group:
    place = Place(found.key) if by == "site" else None
    rule = next((rule for rule in source.rules.in_force.rules.rules if rule.id == found.key), None)
    name = context.place_name(place) if place else context.spoken(rule.title) if rule else found.key
    address = context.page_url(**{"group": None, by: found.key})
    return Group(name, place, address, found, worst)


def alerts_page(source: Service, filters: AlertFilters, csv: str) -> AlertsPage:
    """One page of alerts."""
    grouped = filters.group if filters.state in GROUPED_STATES else None
    found = () if grouped else find(source, filters, limit=PAGE + 1)
    shown = found[:PAGE]
    groups, all_groups = _groups(source, filters, grouped) if grouped else ([], 0)
    states = {
        "active": gettext("active"), "pending": gettext("pending"), "firing": gettext("firing"),
        "resolved": gettext("resolved"), "all": gettext("all"),
    }  # fmt: skip
    filtered = filters.state != "active" or any((filters.level, filters.site, filters.rule, filters.after))
    counts = source.alerts.counts()
    active = sum(counts.firing.values()) + counts.pending
    return AlertsPage(
        title=ngettext("%(num)s active alert", "%(num)s active alerts", active),
        alerts=shown,
        acknowledged=source.responses.acknowledged([alert.id for alert in shown], source.now()),
        groups=groups,
        groups_told=gettext("the worst %(n)s of %(matching)s", n=PAGE, matching=all_groups)
        if all_groups > PAGE
        else "",
        groupings=[("site", gettext("site")), ("rule", gettext("rule"))],
        group=filters.group,
        grouped=grouped is not None,
        states=list(states.items()),
        state=filters.state,
        level=filters.level,
        site=filters.site,
        rule=filters.rule,
        sort=filters.sort,
        sorts=list(zip(SORTS, (gettext("worst first"), gettext("newest first"), gettext("oldest first")), strict=True)),
        filtered=filtered,
        first=filters.after is None,
        older=context.page_url(after=shown[-1].id) if len(found) > PAGE else None,
        csv=csv,
        site_keys=sorted(source.register.file.sites)[:500],
    )
