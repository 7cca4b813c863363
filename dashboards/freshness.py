"""How current the pages are, and the tag by which a browser asks whether anything has changed."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from dashboards import logins, reader
from dashboards.principals import principal
from dashboards.release import release
from dashboards.sources import Service, service

P = ParamSpec("P")

STALE_AFTER_INTERVALS = 3
STALE_AFTER_REAL = timedelta(seconds=10)
"""While a demo hurries, three of its intervals pass in a second or two: less than this is not worth a banner."""

_BOOT = secrets.token_hex(4)  # a restarted service may render the same state differently


@dataclass(frozen=True)
class Freshness:
    """What the top of every page says. `age` None: nothing has been evaluated yet."""

    now: datetime
    age: timedelta | None
    stale: bool
    newest_reading: datetime | None
    silent: bool
    tick_error: str
    tick_duration_s: float | None

    @property
    def current(self) -> bool:
        """Whether what the pages show may be taken for the present."""
        return not (self.stale or self.silent)

    @property
    def starting(self) -> bool:
        """Whether no picture has been made since the start."""
        return self.age is None


def freshness(source: Service) -> Freshness:
    """How old the picture is by the service's own clock."""
    now, picture, ticks = source.now(), source.picture, source.ticks
    age = None if picture is None else picture.age(now)
    limit = max(STALE_AFTER_INTERVALS * source.settings.evaluate.interval, STALE_AFTER_REAL * source.speed)
    return Freshness(
        now=now,
        age=age,
        stale=age is not None and age > limit,
        newest_reading=None if picture is None else picture.newest_reading,
        silent=source.flow is not None and source.flow.silent,
        tick_error=ticks.last_error,
        tick_duration_s=ticks.last_duration_s,
    )


def version(source: Service) -> str:
    """Changes whenever a page might: with each tick, when data turn stale, when rules are reloaded, with the speed,
    with what people say to alerts, and with whoever asks, in which language and zone.
    """
    fresh = freshness(source)
    picture = source.picture
    seen = (
        picture.at if picture else None,
        source.ticks.count,
        fresh.stale,
        fresh.silent,
        fresh.tick_error,
        source.rules.in_force.stamp,
        source.speed,
        source.responses.stamp(),
        principal(),
        logins.stamp(),
        reader.stamp(),
    )
    return hashlib.sha1(f"{_BOOT} {seen}".encode(), usedforsecurity=False).hexdigest()[:16]


def polled(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A page that is asked for again and again: 304 without rendering while the service's state is the same."""

    @wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        tag = version(service())
        if request.if_none_match.contains_weak(tag):
            response = Response(status=304)
        else:
            response = make_response(view(*args, **kwargs))
        if response.status_code in {200, 304}:
            response.set_etag(tag, weak=True)
            response.headers["Laddvakt-Version"] = release()
        return response

    return answer
