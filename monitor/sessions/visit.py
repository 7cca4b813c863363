"""One car at one connector, while its rows are being folded.

`fold.step` makes a copy and hands it to the procedures of `laying`, `measuring`, `presence` and `transactions`, which
change it; a visit that a state holds never changes. (A new value for each changed field was most of what a row cost.)
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from monitor.sessions.crosscheck import CrossCheck
from monitor.sessions.model import Flag
from monitor.sessions.registers import Registers
from monitor.sessions.rows import Key
from monitor.sessions.shared import Shared
from monitor.sessions.slices import Packed, Slice, nothing_packed

Source = Literal["transaction", "meter", "status"]
"""What a visit was seen by, best first."""

ADOPT_US = 5 * 60 * 1_000_000
"""A sign of a car this shortly before a start may be of the car that starts."""

UNSEEN_US = 15 * 60 * 1_000_000
"""A car that may have left this much earlier than was seen: nobody can be billed for that time unasked."""


class Evidence(NamedTuple):
    """What the diagnosis rests on, summed while the car charges."""

    offered_us: int = 0
    offered_w_us: float = 0.0
    limited_us: int = 0
    temperature_c: float | None = None
    current_summed: bool = False


class Spans(NamedTuple):
    """Microseconds of charging, and of parking before and after the stop."""

    charging_us: int = 0
    idle_us: int = 0
    idle_after_stop_us: int = 0

    def plus(self, piece: Slice, energy_mwh: int | None) -> "Spans":
        """With a slice in which so much energy flowed."""
        charging_us, idle_us, after_us = self
        if piece.kind == "charging" or (piece.kind == "by_energy" and energy_mwh):
            return Spans(charging_us + piece.span_us, idle_us, after_us)
        if piece.kind != "parking":
            return self
        if piece.stopped:
            return Spans(charging_us, idle_us, after_us + piece.span_us)
        return Spans(charging_us, idle_us + piece.span_us, after_us)

    def and_those_of(self, other: "Spans") -> "Spans":
        """The sums of both."""
        return Spans(*(one + more for one, more in zip(self, other, strict=True)))


NO_SPANS, _NO_EVIDENCE, _NO_REGISTERS, _UNCHECKED = Spans(), Evidence(), Registers(), CrossCheck()
_NO_FLAGS: frozenset[Flag] = frozenset()


def _no_slices() -> "Shared[list[Any]]":
    return Shared([])


@dataclass(slots=True)
class Visit:
    """A session in the making. Times are epoch microseconds, energies whole milliwatt-hours.

    `born` is the key of the row that began it, which tells it from the connector's other visits whatever becomes known.
    `laid_us` is up to where time has been laid into `settled` (energy known) and then `slices` (not yet); `spans` are
    of the one, `open_spans` of the other, by what power says. `idle_since_us`: since when the car asks for nothing.
    `unseen_since_us`: the last sign of the car before a silence; `seen_again_us`: when one came that does not name its
    transaction, and may be the next car's. `shed`: the slices were given away after the session closed; a row that
    would change it needs the rows read again.
    """

    born: Key
    source: Source
    transaction: str
    plug_in_us: int
    started_us: int | None
    laid_us: int
    has_start: bool = False
    has_stop: bool = False
    stopped_us: int | None = None
    plug_out_us: int | None = None
    replaced_us: int | None = None
    lost_us: int | None = None
    unseen_since_us: int | None = None
    seen_again_us: int | None = None
    user: str | None = None
    group: str | None = None
    stop_reason: str | None = None
    services: str | None = None
    token: tuple[tuple[str, str], ...] = ()
    register_start_mwh: int | None = None
    register_stop_mwh: int | None = None
    registers: Registers = _NO_REGISTERS
    unlaid_mwh: int = 0
    integrated_mwh: int | None = None
    power_w: float | None = None
    offered_w: float | None = None
    offered_a: float | None = None
    phases: int | None = None
    soc: float | None = None
    soc_in: float | None = None
    peak_w: float | None = None
    samples: int = 0
    spans: Spans = NO_SPANS
    open_spans: Spans = NO_SPANS
    idle_since_us: int | None = None
    slices: "Shared[list[Any]]" = field(default_factory=_no_slices)
    settled: Packed = field(default_factory=nothing_packed)
    flags: frozenset[Flag] = _NO_FLAGS
    evidence: Evidence = _NO_EVIDENCE
    check: CrossCheck = _UNCHECKED
    shed: bool = False

    def copy(self) -> "Visit":
        """A visit of the same values, to be changed."""
        return Visit(*_VALUES(self))

    @property
    def born_us(self) -> int:
        """The time of the row that began it."""
        return self.born[0]

    @property
    def began_us(self) -> int:
        """When charging began; of a visit of which only the stop is known, that."""
        return self.started_us or self.stopped_us or self.born_us

    @property
    def ended(self) -> bool:
        """Whether the car has left as far as the rows say."""
        return self.plug_out_us is not None

    @property
    def end_unseen(self) -> bool:
        """Whether the car left at some time in a silence: the plug-out is only when somebody looked again."""
        if self.plug_out_us is None or self.unseen_since_us is None:
            return False
        if self.seen_again_us is not None and (
            self.replaced_us is None or self.replaced_us - self.seen_again_us > ADOPT_US
        ):
            return False
        return self.plug_out_us - self.unseen_since_us > UNSEEN_US

    def names(self, session: str) -> bool:
        """Whether a row with this session id speaks of this visit."""
        return bool(session) and session == self.transaction

    def without_slices(self) -> "Visit":
        """The visit once its session is closed and stored."""
        lean = self.copy()
        lean.slices, lean.settled, lean.shed = _no_slices(), nothing_packed(), True
        return lean


_VALUES: Callable[[Visit], tuple[Any, ...]] = attrgetter(*(each.name for each in fields(Visit)))
