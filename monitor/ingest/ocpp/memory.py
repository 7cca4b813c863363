"""What has to be known of a station from one message to the next.

A StopTransaction of 1.6 does not name its connector, an `Occupied` of 2.0.1 means different things with and without a
transaction, and the id of a 1.6 transaction is in the answer to its start. After a restart the store tells what
transactions and statuses there are.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.ids import Place
from monitor.ingest.meaning import Row
from monitor.ingest.ocpp.messages import Payload

Recall = Callable[[str, Place], Iterable[Mapping[str, Any]]]
"""The newest rows of a measurement of a station in wire units, newest first: where the memory begins."""

Answered = Callable[[Payload], list[Row]]
"""The rows that the answer to a request gives."""

FREE = frozenset({"Available", "Reserved"})
"""Statuses after which a transaction is over, though its end may have been lost: the next car is another one."""
CHARGING = frozenset({"Charging", "SuspendedEV", "SuspendedEVSE"})
"""Statuses that a charging state of 2.0.1 has become, and its name there."""
OCCUPIED = CHARGING | {"Preparing", "Finishing"}

_AWAITED, _TRANSACTIONS = 50, 200
"""How many requests and transactions of a station are remembered: far more than it has under way."""


@dataclass(frozen=True)
class Transaction:
    """A transaction that was seen. `started_us`: the time of its start row, None while that was not seen.

    `stop`: the time and the register of its first stop.
    """

    id: str
    connector: str
    started_us: int | None = None
    user: str | None = None
    stopped: bool = False
    stop: tuple[int, float | None] | None = None


@dataclass
class Connector:
    """What was last said of a connector. `metered_us`: its newest values that are not of a transaction's beginning."""

    status: str | None = None
    charging: str | None = None
    transaction: str | None = None
    metered_us: int | None = None
    nameless_start_us: int | None = None


@dataclass
class Station:
    """What is known of one station. Its transactions go by id and connector: some count ids for each connector."""

    awaited: OrderedDict[str, Answered] = field(default_factory=OrderedDict)
    transactions: OrderedDict[tuple[str, str], Transaction] = field(default_factory=OrderedDict)
    connectors: dict[str, Connector] = field(default_factory=dict)

    def connector(self, name: str) -> Connector:
        """What was last said of a connector; nothing yet of one that is new."""
        return self.connectors.setdefault(name, Connector())

    def note(self, transaction: Transaction) -> None:
        """Remember a transaction, or what is new of it."""
        key = (transaction.id, transaction.connector)
        self.transactions[key] = transaction
        self.transactions.move_to_end(key)
        while len(self.transactions) > _TRANSACTIONS:
            self.transactions.popitem(last=False)

    def transaction(self, name: str, user: str | None = None) -> Transaction | None:
        """The one that an id means: rather one under way, whose start was seen, of this user, noted last."""
        called = [known for known in self.transactions.values() if known.id == name]

        def fit(known: Transaction) -> tuple[bool, bool, bool]:
            return not known.stopped, known.started_us is not None, user is not None and known.user == user

        return max(reversed(called), key=fit, default=None)

    def end(self, name: str, connector: str, time_us: int | None = None, meter_wh: float | None = None) -> None:
        """Note that a transaction is over: by a stop of `time_us`, or because another one began."""
        if (known := self.transactions.get((name, connector))) is not None:
            first = (time_us, meter_wh) if known.stop is None and time_us is not None else known.stop
            self.note(replace(known, stopped=True, stop=first))
        of = self.connector(connector)
        if of.transaction == name:
            of.transaction = of.charging = None

    def expect(self, name: str, then: Answered) -> None:
        """Do `then` with the answer to the request of this id, each time it comes: it may be sent again."""
        self.awaited[name] = then
        self.awaited.move_to_end(name)
        while len(self.awaited) > _AWAITED:
            self.awaited.popitem(last=False)


class Memory:
    """All stations. Only one thread may use it at a time."""

    def __init__(self, recall: Recall = lambda *_: ()) -> None:
        self._recall = recall
        self._stations: dict[Place, Station] = {}

    def station(self, place: Place) -> Station:
        """What is known of a station; the first time the store is asked."""
        known = self._stations.get(place)
        if known is None:
            known = self._stations[place] = self._recalled(place)
        return known

    def _recalled(self, place: Place) -> Station:
        station = Station()
        for row in reversed(list(self._recall("transaction", place))):
            _recall_transaction(station, row)
        for row in reversed(list(self._recall("status", place))):
            _recall_status(station, row)
        return station


def _recall_transaction(station: Station, row: Mapping[str, Any]) -> None:
    name, of = row["session"] or "", station.connector(row["connector"])
    of.nameless_start_us = None
    if row["event"] == "stop":
        station.end(name, row["connector"], row["time_us"], row["meter_wh"])
    elif name:
        station.note(Transaction(name, row["connector"], row["time_us"], row["user"]))
        of.transaction = name
    else:
        of.nameless_start_us = row["time_us"]


def _recall_status(station: Station, row: Mapping[str, Any]) -> None:
    """What 2.0.1 said when it became this status: of those that are of a car that is there it only says Occupied."""
    of, status = station.connector(row["connector"]), row["status"]
    if status is None:
        return
    of.status = "Occupied" if status in OCCUPIED else status
    under_way = station.transactions.get((of.transaction or "", row["connector"]))
    if under_way is None or under_way.started_us is None or row["time_us"] < under_way.started_us:
        return
    if status in FREE:
        of.transaction = of.charging = None
    elif status in CHARGING:
        of.charging = status
