"""The trouble that is planted: what goes wrong where and when. It reaches the service as readings and in no other way.

Trouble recurs for as long as the demo runs. Each kind has its first occurrence soon after the start, so that somebody
who looks sees it within two minutes at speed 60, and comes back every few hours somewhere else.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from monitor.demo.chance import dice
from monitor.demo.outlets import Outlet
from monitor.ids import Place

MINUTE = 60
HOUR = 3600
APART_S = 45 * MINUTE
"""Two kinds of trouble keep this distance on one station, so that each can be seen for what it is."""


@dataclass(frozen=True)
class Kind:
    """One kind of trouble: first `first_s` after the start, then every `every_s`; each occurrence is over in `lasts_s`.

    `on` is where it happens: one outlet, a whole station, or the DC pool of a site.
    """

    name: str
    first_s: int
    every_s: int
    lasts_s: int
    on: str
    fits: Callable[[Outlet], bool]
    text: str


@dataclass(frozen=True)
class Trouble:
    """One occurrence: `outlets` are taken by it from `start_s` to `end_s` (epoch seconds)."""

    kind: Kind
    count: int
    outlets: tuple[Outlet, ...]
    start_s: int
    end_s: int

    @property
    def name(self) -> str:
        """The kind's name."""
        return self.kind.name

    @property
    def place(self) -> Place:
        """What to look at: the connector, the station or the site."""
        first = self.outlets[0].place
        return {"outlet": first, "station": first.station_place, "site": Place(first.site)}[self.kind.on]

    @property
    def sight(self) -> tuple[str, str]:
        """The path of the page and what is to be seen there."""
        page = {"outlet": "connectors", "station": "stations", "site": "sites"}[self.kind.on]
        return f"/{page}/{self.place.subject}", self.kind.text


def _fast(outlet: Outlet) -> bool:
    return outlet.is_dc and outlet.rated_w >= 150_000


def _any(_: Outlet) -> bool:
    return True


def _three_phase(outlet: Outlet) -> bool:
    return not outlet.is_dc and not outlet.load_managed and outlet.connectors[0][1].phases == 3


KINDS = (
    Kind("power-loss", 1 * MINUTE, 80 * MINUTE, 100 * MINUTE, "outlet", _fast,
         "a charger loses power in mid-session: 15 % of it is left while the offer stays"),
    Kind("site-full", 2 * MINUTE, 4 * HOUR, 80 * MINUTE, "site", _fast,
         "every fast charger of a site is taken"),
    Kind("silence", 4 * MINUTE, 2 * HOUR + 40 * MINUTE, 140 * MINUTE, "station", _any,
         "a station falls silent: no heartbeat, no reading"),
    Kind("fault", 5 * MINUTE, 3 * HOUR + 20 * MINUTE, 210 * MINUTE, "outlet", _any,
         "a connector reports a fault"),
    Kind("phase-loss", 7 * MINUTE, 6 * HOUR, 150 * MINUTE, "outlet", _three_phase,
         "an AC outlet loses a phase in mid-session: 3 phases become 2"),
    Kind("boot-flap", 9 * MINUTE, 2 * HOUR + 40 * MINUTE, 3 * MINUTE, "station", _any,
         "a charger boots and reports Faulted/NoError for ten seconds: no alert, no mail"),
    Kind("register-jump", 10 * MINUTE, 8 * HOUR, 110 * MINUTE, "outlet", _three_phase,
         "an energy register jumps by 900 kWh in mid-session: the session goes to review, not to billing"),
)  # fmt: skip


class Troubles:
    """All trouble from `start_s` on, in the order of its beginning, made as far as it was asked for."""

    def __init__(self, outlets: Sequence[Outlet], start_s: int, seed: int) -> None:
        self._targets = {kind.name: _targets(kind, outlets, seed) for kind in KINDS}
        self._coming = _occurrences(start_s)
        self._next = next(self._coming)
        self._found: list[Trouble] = []

    def upto(self, end_s: int) -> Sequence[Trouble]:
        """Every trouble that begins before `end_s` (and perhaps later ones)."""
        while self._next[0] < end_s:
            self._add(*self._next)
            self._next = next(self._coming)
        return self._found

    def _add(self, start_s: int, kind: Kind, count: int) -> None:
        targets = self._targets[kind.name]
        # Each occurrence is somewhere else; where other trouble is near, the next place takes its turn.
        for offset in range(len(targets)):
            outlets = targets[(count + offset) % len(targets)]
            trouble = Trouble(kind, count, outlets, start_s, start_s + kind.lasts_s)
            if not any(_collide(trouble, other) for other in self._found):
                self._found.append(trouble)
                return


def _occurrences(start_s: int) -> Iterator[tuple[int, Kind, int]]:
    heap = [(start_s + kind.first_s, index, 0) for index, kind in enumerate(KINDS)]
    while True:
        at_s, index, count = heap[0]
        yield at_s, KINDS[index], count
        heapq.heapreplace(heap, (at_s + KINDS[index].every_s, index, count + 1))


def _targets(kind: Kind, outlets: Sequence[Outlet], seed: int) -> list[tuple[Outlet, ...]]:
    """The places where this kind may happen, shuffled."""
    together: dict[tuple[str | None, ...], list[Outlet]] = {}
    for outlet in outlets:
        names: tuple[str | None, ...] = {"outlet": outlet.place, "station": outlet.station}.get(
            kind.on, Place(outlet.place.site)
        )
        if kind.on != "site" or outlet.is_dc:
            together.setdefault(names, []).append(outlet)
    # A pool of one outlet is full with any car, and a pool of many takes more cars than come at once.
    targets = [tuple(found) for found in together.values() if all(map(kind.fits, found))]
    targets = [found for found in targets if kind.on != "site" or 3 <= len(found) <= 6]
    dice(seed, "targets", kind.name).shuffle(targets)
    return targets


def _collide(one: Trouble, other: Trouble) -> bool:
    if one.start_s >= other.end_s + APART_S or other.start_s >= one.end_s + APART_S:
        return False
    return bool({outlet.station for outlet in one.outlets} & {outlet.station for outlet in other.outlets})
