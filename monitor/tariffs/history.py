"""Versions of tariffs over time: the one that was in force when a session began prices it."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from monitor.tariffs.ocpi import Tariff


class Versioned(NamedTuple):
    """A tariff's content from a moment (aware UTC) on."""

    since: datetime
    tariff: Tariff


History = Mapping[str, tuple[Versioned, ...]]
"""Tariff id -> its versions, the oldest first."""


def in_force(history: History, tariff: Tariff, at: datetime) -> Tariff:
    """The version of a tariff that held at a moment; before the first that is known, that one.

    A tariff without history is itself: who only checks or describes files has none.
    """
    versions = history.get(tariff.id)
    if not versions:
        return tariff
    return next((each.tariff for each in reversed(versions) if each.since <= at), versions[0].tariff)


def version_of(history: History, tariff_id: str, version: str) -> Tariff | None:
    """The content that a bill names; None: it was never kept."""
    return next((each.tariff for each in history.get(tariff_id, ()) if each.tariff.version == version), None)
