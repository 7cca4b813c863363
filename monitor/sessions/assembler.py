"""Rows that arrived -> sessions that changed.

Cost grows with new rows; any order of arrival gives the same sessions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from monitor.ids import Place
from monitor.readings.store import ReadingStore
from monitor.register import Register
from monitor.sessions.arrivals import Arrivals, read_arrivals
from monitor.sessions.classes import AS_DESIGNED, TimeRules
from monitor.sessions.gathering import Beginning, beginning_before, gather, state_before
from monitor.sessions.glance import Glance, UnderWay, essence
from monitor.sessions.model import Session
from monitor.sessions.presence import late
from monitor.sessions.rows import Key, Row, StationRow, key_of
from monitor.sessions.summary import BillUntil, closing, session_id
from monitor.sessions.telling import HistoryBefore, Telling, unknown_past
from monitor.sessions.track import Touched, Track
from monitor.sessions.visit import Visit
from monitor.units import from_us, to_us

_MEMORY = (
    "_position", "_from_the_first_row", "_tracks", "_stations", "_station_status", "_skipped_us", "_busy", "_closed_us",
    "_under_way",
)  # fmt: skip


class Assembler:
    """Follows every connector that has, or had, a session since the start.

    Save what `update` returned together with `position`, `reassembled` and `progress` in one transaction. When that
    fails, and after a restart, `resume` from what was saved last: the rows since then are read again and give the same.
    """

    def __init__(
        self,
        store: ReadingStore,
        grace: timedelta,
        bill_until: BillUntil,
        register: Register,
        *,
        position: int = 0,
        under_way: Iterable[Session] = (),
        history_before: HistoryBefore = unknown_past,
        time_rules: TimeRules = AS_DESIGNED,
    ) -> None:
        self._store = store
        self._telling = Telling(register, grace, bill_until, history_before, time_rules)
        self.resume(position, under_way)

    def use(self, register: Register) -> None:
        """Take ratings and zones from `register` from now on (the operator's file changed)."""
        self._telling.use(register)

    def resume(self, position: int, under_way: Iterable[Session]) -> None:
        """Forget what is in memory and go on from `position` with the sessions that were not closed then."""
        self._position = position
        self._from_the_first_row = position == 0 and self._store.arrivals_are_all
        self._interrupted: dict[Place, Session] = {}
        for session in under_way:
            known = self._interrupted.get(session.place, session)
            self._interrupted[session.place] = min(session, known, key=lambda each: each.plug_in)
        self._tracks: dict[Place, Track] = {}
        self._stations: dict[Place, set[Place]] = {}
        self._station_status: dict[Place, StationRow] = {}
        self._skipped_us: dict[Place, int] = {}
        self._busy: set[Place] = set()
        self._closed_us: dict[Place, int] = {}
        self._under_way: dict[Place, UnderWay] = {}
        self._reassembled: dict[Place, datetime] = {}
        self._renamed: set[str] = set()
        self._changed: dict[str, Session] = {}
        self._progress: dict[str, Glance] = {}
        self._delivered = True

    def known(self) -> Mapping[str, Any] | None:
        """What `recall` goes on from, after an `update`; None when that failed half way.

        Earlier states of a connector are not in it: where a late row needs one, the connector is read again.
        """
        if not self._delivered or self._interrupted:
            return None
        for track in self._tracks.values():
            track.checkpoints.clear()
            track.checkpoints.append(track.state)
        return {name: getattr(self, name) for name in _MEMORY}

    def recall(self, known: Mapping[str, Any]) -> None:
        """Go on as the assembler that `known` is of; the connectors that it followed are not read again."""
        for name in _MEMORY:
            setattr(self, name, known[name])
        self._interrupted = {}

    @property
    def position(self) -> int:
        """The sequence number of the last row taken in."""
        return self._position

    @property
    def reassembled(self) -> Mapping[Place, datetime]:
        """Connectors whose sessions were cut anew by the last `update`, and since when: what it returned of them are
        all sessions that began (`Session.began`) then or later, and others that were saved before are withdrawn.
        """
        return self._reassembled

    @property
    def renamed(self) -> Collection[str]:
        """Ids that sessions had before the last `update` gave them another: those are withdrawn too."""
        return self._renamed

    @property
    def progress(self) -> tuple[Glance, ...]:
        """Sessions under way of which nothing but these numbers is new since they were last returned by `update`."""
        return tuple(self._progress.values())

    def under_way(self) -> tuple[UnderWay, ...]:
        """Sessions whose car is still there, as of their last row."""
        return tuple(self._under_way.values())

    def update(self, now: datetime) -> tuple[Session, ...]:
        """Take in what arrived; returns the sessions that changed or closed, but for `progress`.

        Raises StoreUnavailable.
        """
        if self._delivered:
            self._changed, self._reassembled, self._renamed, self._progress = {}, {}, set(), {}
        # Until all is taken in, nothing is forgotten: a store that goes away half way through loses nothing.
        self._delivered = False
        busy = self._busy | self._interrupted.keys()
        arrived = read_arrivals(self._store, self._position, busy, self._closed_us)
        rows_of = dict(self._by_connector(arrived))
        touched: dict[Place, Touched] = {}
        for place, session in self._interrupted.items():
            touched[place] = self._pick_up(session, [row.time_us for row in rows_of.pop(place, ())])
        for place, rows in rows_of.items():
            touched[place] = self._take(place, rows)
        # Only now: why a session was slow depends on what its siblings did.
        for place, visits in touched.items():
            self._emit(place, visits, now)
        for place in [place for place in self._busy if self._due_to_close(place, now)]:
            self._emit(place, {}, now)
        self._note_stations(arrived)
        self._skipped_us.update(arrived.skipped_us)
        self._position = arrived.position
        self._interrupted = {}
        self._delivered = True
        return tuple(self._changed.values())

    def _by_connector(self, arrived: Arrivals) -> Mapping[Place, list[Row]]:
        """Rows by connector, with those of its station for each connector that is being followed."""
        rows = {place: list(own) for place, own in arrived.rows.items()}
        by_station: dict[Place, set[Place]] = {}
        for place in rows:
            by_station.setdefault(place.station_place, set()).add(place)
        for station, shared in arrived.station_rows.items():
            statuses: list[Row] = [row for row in shared if isinstance(row, StationRow)]
            concerned = self._stations.get(station, set()) | by_station.get(station, set())
            if any(late(row) for row in statuses):
                # It may be about sessions of before our start; of these connectors nothing need be known yet.
                concerned = concerned.union(self._telling.connectors_of(station))
            for place in concerned:
                matter = shared if place in self._busy or place in arrived.rows else statuses
                if matter:
                    rows.setdefault(place, []).extend(matter)
        return rows

    def _note_stations(self, arrived: Arrivals) -> None:
        """Keep what later sessions of a station need of rows that came before them."""
        for station, shared in arrived.station_rows.items():
            self._skipped_us[station] = max(self._skipped_us.get(station, 0), *(row.time_us for row in shared))
            for row in shared:
                known = self._station_status.get(station)
                if isinstance(row, StationRow) and (known is None or row.time_us >= known.time_us):
                    self._station_status[station] = row

    def _take(self, place: Place, rows: list[Row]) -> Touched:
        """Fold rows that arrived for one connector."""
        rows.sort(key=key_of)
        track = self._tracks.get(place)
        if track is None and not self._from_the_first_row:
            return self._gather_anew(place, rows[0].time_us)
        if track is None:
            track = self._follow(place, Track(whole=True))
            held = self._station_status.get(place.station_place)
            rows = [held, *rows] if held is not None and key_of(held) < key_of(rows[0]) else rows
        if track.in_order(rows) and rows[0].time_us > self._skipped_until(place):
            touched = track.fold(rows, self._telling.outlet(place), self._grace_us)
            return self._gather_anew(place, rows[0].time_us) if touched is None else touched
        return self._fold_again(place, track, key_of(rows[0]))

    def _skipped_until(self, place: Place) -> int:
        """The time up to which rows of the connector, or of its station, were dropped while it was idle."""
        of_station = -1 if place in self._busy else self._skipped_us.get(place.station_place, -1)
        return max(self._skipped_us.get(place, -1), of_station)

    def _fold_again(self, place: Place, track: Track, key: Key) -> Touched:
        """Take in rows that are out of order: go back to a state before them, and fold what the store has since."""
        if not track.back_to(key):
            return self._gather_anew(place, key[0])
        state = track.state
        rows = gather(self._store, place, state.last[0] if state.last else 0)
        later = [row for row in rows if state.last is None or key_of(row) > state.last]
        touched = track.fold(later, self._telling.outlet(place), self._grace_us)
        if touched is None:
            return self._gather_anew(place, key[0])
        known = [visit for visit in (state.previous, state.current) if visit is not None]
        # What was given away is not returned again; it may have begun at the very moment of the first row.
        given_away_us = [visit.began_us + 1 for visit in known if visit.shed]
        self._cut_anew(place, max([later[0].time_us if later else key[0], *given_away_us]))
        return {visit.born: visit for visit in known if not visit.shed} | touched

    def _gather_anew(self, place: Place, at_us: int) -> Touched:
        """Fold a connector with nothing known of it, from the store: the sessions at and after `at_us`."""
        known = self._tracks.get(place)
        if known is not None and known.state.current is not None:
            # The session before the one that is there comes into it too: the row may be its stop.
            at_us = min(at_us, known.state.current.plug_in_us)
        begin = beginning_before(self._store, place, at_us)
        return self._fold_from(place, begin, Track(state=state_before(self._store, place, begin.from_us)))

    def _pick_up(self, session: Session, arrived_us: Sequence[int]) -> Touched:
        """Go on with a session that was under way when we were interrupted: its plug-in is a clean beginning.

        Unless rows from before it have arrived meanwhile.
        """
        place, plug_in_us = session.place, to_us(session.plug_in)
        if (since_us := min(arrived_us, default=plug_in_us)) < plug_in_us:
            return self._gather_anew(place, since_us)
        # What the connector said before that was of the session before.
        before = state_before(self._store, place, plug_in_us)._replace(plugged_us=None)
        track = Track(begun_with=session.transaction, state=before)
        return self._fold_from(place, Beginning(plug_in_us, plug_in_us), track) or self._gather_anew(place, plug_in_us)

    def _fold_from(self, place: Place, begin: Beginning, track: Track) -> Touched:
        """The sessions plugged in since a beginning; none when it turns out not to be a clean one."""
        rows = gather(self._store, place, begin.from_us)
        touched = self._follow(place, track).fold(rows, self._telling.outlet(place), self._grace_us)
        if touched is None:
            return {}
        self._cut_anew(place, begin.since_us)
        return {key: visit for key, visit in touched.items() if visit.began_us >= begin.since_us}

    def _emit(self, place: Place, touched: Touched, now: datetime) -> None:
        """Note the sessions of visits that changed; what is closed gives its periods away afterwards."""
        track = self._tracks[place]
        state = track.state
        if state.current is not None and not state.current.shed and self._due_to_close(place, now):
            touched = touched | {state.current.born: state.current}
        for key, visit in touched.items():
            name, before = session_id(place, visit), track.ids.get(key)
            if before is not None and before != name:
                self._renamed.add(before)
                self._changed.pop(before, None)
                self._progress.pop(before, None)
                track.told = None
            track.ids[key] = name
            current = visit is state.current
            if not (current and not visit.ended and self._only_numbers(place, track, name, now)):
                self._changed[name] = self._session(place, visit, state.effective if current else None, now)
                self._progress.pop(name, None)
        self._settle(place, track, now)

    def _only_numbers(self, place: Place, track: Track, name: str, now: datetime) -> bool:
        """Look at the car that is there; whether no more is new of its session than `progress` says."""
        seen = self._telling.under_way(place, name, track.state, now)
        self._under_way[place] = seen
        told, track.told = track.told, essence(seen)
        if track.told != told or place in self._reassembled or name in self._changed:
            return False
        self._progress[name] = seen.glance
        return True

    def _settle(self, place: Place, track: Track, now: datetime) -> None:
        current = track.state.current
        if current is None or current.ended:
            self._under_way.pop(place, None)
        if current is not None and not current.shed and self._due_to_close(place, now):
            track.shed()
            self._closed_us[place] = current.plug_out_us or 0
        left = track.state.current
        if left is None or left.shed:
            self._busy.discard(place)
        else:
            self._busy.add(place)

    def _due_to_close(self, place: Place, now: datetime) -> bool:
        current = self._tracks[place].state.current
        closes_at = closing(current, self._telling.grace) if current is not None else None
        return closes_at is not None and closes_at <= now

    def _session(self, place: Place, visit: Visit, status: str | None, now: datetime) -> Session:
        siblings = [self._tracks[other].state for other in self._telling.siblings(place) if other in self._tracks]
        return self._telling.session(place, visit, status, siblings, now)

    def _cut_anew(self, place: Place, since_us: int) -> None:
        since = from_us(since_us)
        self._reassembled[place] = min(since, self._reassembled.get(place, since))

    def _follow(self, place: Place, track: Track) -> Track:
        self._tracks[place] = track
        self._stations.setdefault(place.station_place, set()).add(place)
        return track

    @property
    def _grace_us(self) -> int:
        return self._telling.grace // timedelta(microseconds=1)
