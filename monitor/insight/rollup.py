"""Roll-ups of the picture: the network's figures, and its sites worst first. Pure; 100,000 connectors in one pass."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from monitor.insight.picture import STANDING_OF, STANDINGS, Connector, Picture, Standing, standing_of
from monitor.rules.answer import LEVELS, Level

_EVSE = ["site", "station", "evse"]
_TAKEN = {"charging", "occupied"}


@dataclass(frozen=True)
class Rollup:
    """Counts over a set of connectors.

    `evses` and `taken` count places for one car (connectors that serve one car at a time are one). `power_w` sums what
    was measured, None when nothing was.
    """

    connectors: int
    counts: Mapping[Standing, int]
    evses: int
    taken: int
    power_w: float | None

    @property
    def usable_percent(self) -> float | None:
        """Of the connectors whose state is known those that a car could use; None where none is known."""
        usable = sum(self.counts[name] for name in ("available", "charging", "occupied"))
        known = usable + sum(self.counts[name] for name in ("faulted", "unavailable", "offline"))
        return 100 * usable / known if known else None

    @property
    def unknown(self) -> int:
        """Connectors of which nothing can be said: unknown or offline."""
        return self.counts["unknown"] + self.counts["offline"]


@dataclass(frozen=True)
class SiteRollup(Rollup):
    """The same for one site."""

    site: str


def network(picture: Picture) -> Rollup:
    """The whole network's figures."""
    return combined(sites(picture).values())


def combined(rollups: Iterable[Rollup]) -> Rollup:
    """The sum of several roll-ups; a power nobody measured stays None."""
    chosen = tuple(rollups)
    powers = [rollup.power_w for rollup in chosen if rollup.power_w is not None]
    return Rollup(
        connectors=sum(rollup.connectors for rollup in chosen),
        counts={standing: sum(rollup.counts[standing] for rollup in chosen) for standing in STANDINGS},
        evses=sum(rollup.evses for rollup in chosen),
        taken=sum(rollup.taken for rollup in chosen),
        power_w=sum(powers) if powers else None,
    )


@lru_cache(maxsize=2)
def sites(picture: Picture) -> Mapping[str, SiteRollup]:
    """Every site's figures by its key. Kept for the newest pictures, because every page asks for them."""
    columns = ["site", "station", "evse", "connector", "state", "power_w"]
    frame: pd.DataFrame = picture.connectors.select(columns).to_pandas()
    frame["standing"] = frame["state"].map(STANDING_OF).fillna("unknown")
    frame["evse"] = frame["evse"].fillna(frame["connector"])
    frame["taken"] = frame["standing"].isin(_TAKEN)
    counts = pd.crosstab(frame["site"], frame["standing"]).reindex(columns=list(STANDINGS), fill_value=0)
    evses = frame.groupby(_EVSE, sort=False)["taken"].any().groupby(level="site").agg(["size", "sum"])
    power = frame.groupby("site")["power_w"].sum(min_count=1)
    return {
        str(site): SiteRollup(
            connectors=int(row.sum()),
            counts=dict(zip(STANDINGS, map(int, row), strict=True)),
            evses=int(evses.at[site, "size"]),  # type: ignore[arg-type]
            taken=int(evses.at[site, "sum"]),  # type: ignore[arg-type]
            power_w=None if pd.isna(power.at[site]) else float(power.at[site]),  # type: ignore[arg-type]
            site=str(site),
        )
        for site, row in zip(counts.index, counts.to_numpy(), strict=True)
    }


def of_connectors(connectors: Sequence[Connector]) -> Rollup:
    """The figures of a few connectors, as those of a site or station."""
    evses: dict[tuple[str | None, ...], bool] = {}
    for connector in connectors:
        evse = (connector.place.site, connector.place.station, connector.evse)
        evses[evse] = evses.get(evse, False) or connector.standing in _TAKEN
    powers = [connector.power_w for connector in connectors if connector.power_w is not None]
    return Rollup(
        connectors=len(connectors),
        counts={standing: sum(c.standing == standing for c in connectors) for standing in STANDINGS},
        evses=len(evses),
        taken=sum(evses.values()),
        power_w=sum(powers) if powers else None,
    )


AlertCounts = Mapping[str, Mapping[Level, int]]
"""Firing alerts of each site by level; a site without any may be absent."""


def worst_first(rollups: Iterable[SiteRollup], alerts: AlertCounts) -> list[SiteRollup]:
    """Sites in the order in which they deserve a look.

    By firing alerts from the worst level down, then by connectors that are broken, silent or unknown; sites in the
    same condition by name, so that rows keep their place between two ticks.
    """

    def trouble(rollup: SiteRollup) -> tuple[object, ...]:
        firing = alerts.get(rollup.site, {})
        levels = tuple(-firing.get(level, 0) for level in reversed(LEVELS))
        broken = tuple(-rollup.counts[standing] for standing in STANDINGS[:4])
        return (*levels, *broken, rollup.site)

    return sorted(rollups, key=trouble)


def strips(picture: Picture, chosen: Iterable[str]) -> Mapping[str, tuple[tuple[Standing, ...], ...]]:
    """Of each chosen site the standing of every connector, one tuple a station, in the order of their names."""
    wanted = pc.is_in(picture.connectors["site"], value_set=pa.array(list(chosen), pa.string()))
    rows = picture.connectors.select(["site", "station", "connector", "state"]).filter(wanted)
    found: dict[str, dict[str, list[Standing]]] = {}
    for row in rows.sort_by([("station", "ascending"), ("connector", "ascending")]).to_pylist():
        found.setdefault(row["site"], {}).setdefault(row["station"], []).append(standing_of(row["state"]))
    return {site: tuple(tuple(standings) for standings in stations.values()) for site, stations in found.items()}


@lru_cache(maxsize=2)
def stations_of(picture: Picture) -> Mapping[str, str]:
    """The names of each site's stations as one text, for searching."""
    pairs = picture.connectors.group_by(["site", "station"]).aggregate([]).to_pandas()
    return {str(site): " ".join(map(str, stations)) for site, stations in pairs.groupby("site")["station"]}
