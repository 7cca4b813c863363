"""Which alerts are explained by another one: a connector's faults while its whole station is offline."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from monitor.alerts.model import Alert
from monitor.ids import Place


def inhibited(alerts: Iterable[Alert], inhibited_by: Mapping[str, Sequence[str]]) -> dict[int, int]:
    """The number of each inhibited alert and of the firing alert that inhibits it.

    `inhibited_by` gives, per rule, the rules that inhibit it while they fire on the same subject, its station or its
    site. An inhibitor that is itself inhibited still inhibits; an alert never inhibits itself.
    """
    known = list(alerts)
    firing = {(alert.rule, alert.subject): alert.id for alert in known if alert.state == "firing"}
    found: dict[int, int] = {}
    for alert in known:
        rules = inhibited_by.get(alert.rule, ())
        for subject in _above(alert.place) if rules else ():
            for rule in rules:
                parent = firing.get((rule, subject), alert.id)
                if parent != alert.id:
                    found.setdefault(alert.id, parent)
    return found


def _above(place: Place) -> Iterator[str]:
    """The subject of the site, of the station and of the place itself."""
    yield Place(place.site).subject
    if place.station is not None:
        yield Place(place.site, place.station).subject
    if place.connector is not None:
        yield place.subject
