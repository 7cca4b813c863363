"""Two backtests of the same readings against each other: what another version of the files changes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.alerts.flapping import Key
from monitor.authoring.backtest.episodes import Episode, Found

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Moved:
    """An episode that both have, at other times."""

    old: Episode
    new: Episode


@dataclass(frozen=True)
class Difference:
    """`earlier` and `later`: episodes that begin to fire at another time. `mails`: by receiver, before and now."""

    new: tuple[Episode, ...]
    gone: tuple[Episode, ...]
    earlier: tuple[Moved, ...]
    later: tuple[Moved, ...]
    same: int
    mails: Mapping[str, tuple[int, int]]


def difference(now: Found, against: Found) -> Difference:
    """What `now` has that `against` did not, and the other way round. Episodes of a rule and subject that overlap are
    the same one.
    """
    new: list[Episode] = []
    gone: list[Episode] = []
    both: list[Moved] = []
    mine, theirs = _by_key(now.episodes), _by_key(against.episodes)
    for key in sorted({*mine, *theirs}):
        pairs = list(_matched(mine.get(key, []), theirs.get(key, [])))
        both += [Moved(old, fresh) for fresh, old in pairs if fresh and old]
        new += [fresh for fresh, old in pairs if fresh and not old]
        gone += [old for fresh, old in pairs if old and not fresh]
    earlier = tuple(each for each in both if each.new.firing_at < each.old.firing_at)
    later = tuple(each for each in both if each.new.firing_at > each.old.firing_at)
    receivers = sorted({mail.receiver for found in (now, against) for mail in found.mails})
    return Difference(
        new=tuple(sorted(new, key=_begin)),
        gone=tuple(sorted(gone, key=_begin)),
        earlier=earlier,
        later=later,
        same=len(both) - len(earlier) - len(later),
        mails={name: (_count(against, name), _count(now, name)) for name in receivers},
    )


def _by_key(episodes: Iterable[Episode]) -> Mapping[Key, list[Episode]]:
    found: dict[Key, list[Episode]] = defaultdict(list)
    for episode in episodes:
        found[episode.rule, episode.subject].append(episode)
    return found


def _matched(mine: list[Episode], theirs: list[Episode]) -> Iterator[tuple[Episode | None, Episode | None]]:
    """Pairs of those that overlap, each once, in the order of time; the others alone."""
    left = list(theirs)
    for fresh in mine:
        while left and _end(left[0]) <= fresh.firing_at and not _overlap(fresh, left[0]):
            yield None, left.pop(0)
        yield fresh, left.pop(0) if left and _overlap(fresh, left[0]) else None
    for old in left:
        yield None, old


def _overlap(one: Episode, other: Episode) -> bool:
    return one.firing_at < _end(other) and other.firing_at < _end(one)


def _end(episode: Episode) -> datetime:
    return episode.resolved_at or _NEVER


def _begin(episode: Episode) -> tuple[datetime, str, str]:
    return episode.firing_at, episode.rule, episode.subject


def _count(found: Found, receiver: str) -> int:
    return sum(mail.receiver == receiver for mail in found.mails)
