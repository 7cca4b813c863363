"""The one sentence on top of the status page: what is wrong, or that nothing is."""

from collections.abc import Mapping
from dataclasses import dataclass

from dashboards.language import gettext, ngettext
from monitor.insight.rollup import Rollup
from monitor.rules.answer import Level


@dataclass(frozen=True)
class Part:
    """One clause with its symbol."""

    symbol: str
    text: str


@dataclass(frozen=True)
class Sentence:
    """Its clauses, worst first. `symbol` is the worst of them."""

    parts: tuple[Part, ...]

    @property
    def symbol(self) -> str:
        """What colours the page's head."""
        return self.parts[0].symbol

    @property
    def plain(self) -> str:
        """For the window's title."""
        return ", ".join(part.text for part in self.parts)


def sentence(firing: Mapping[Level, int], network: Rollup | None, *, current: bool) -> Sentence:
    """Alerts by level, then what is not known. All is well only when it is known to be.

    `network` None: nothing has been evaluated. `current` False: what is known is old, so it is not said to be fine.
    """
    if network is None:
        return Sentence((Part("unknown", gettext("Nothing is known of the network yet")),))
    parts = [] if current else [Part("unknown", gettext("State unknown: the data is old"))]
    if firing.get("critical"):
        parts.append(Part("critical", ngettext("%(num)s critical", "%(num)s critical", firing["critical"])))
    if firing.get("warning"):
        parts.append(Part("warning", ngettext("%(num)s warning", "%(num)s warnings", firing["warning"])))
    if network.unknown:
        text = ngettext("%(num)s connector without data", "%(num)s connectors without data", network.unknown)
        parts.append(Part("unknown", text))
    if not parts and network.connectors:
        parts.append(_quiet(network))
    return Sentence(tuple(parts) or (Part("unknown", gettext("No connector is known yet")),))


def _quiet(network: Rollup) -> Part:
    """No alert, and everything is known: in order, or broken in a way that no rule tells of."""
    broken = network.counts["faulted"] + network.counts["unavailable"]
    if broken:
        text = ngettext(
            "No alerts; %(num)s connector is not usable", "No alerts; %(num)s connectors are not usable", broken
        )
        return Part("info", text)
    text = ngettext(
        "All is well: %(num)s connector in order", "All is well: %(num)s connectors in order", network.connectors
    )
    return Part("resolved", text)
