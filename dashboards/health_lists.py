"""Lists that belong to the health page and may be long: what nobody registered, names nobody knows, settings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboards import context, formats
from dashboards.language import gettext, ngettext
from dashboards.parameters import Parameters
from dashboards.sources import Service
from monitor.authoring.settings_reference import shown

PAGE = 100


@dataclass(frozen=True)
class HealthList:
    """`rows`: cells in the order of `columns`; `told`: what to do about them."""

    title: str
    told: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    older: str | None = None
    first: bool = True
    empty: str = ""


def unregistered(source: Service, parameters: Parameters) -> HealthList:
    """Connectors that send readings and that sites.yaml does not have."""
    strange = source.picture.unregistered if source.picture else []
    rows = [(place.site, place.station or "", place.connector or "") for place in strange]
    title = ngettext("%(num)s connector is not registered", "%(num)s connectors are not registered", len(rows))
    told = gettext(
        "Their rating is unknown, so they are judged by what they did before. Add each to sites.yaml under its site "
        "and station, with current and rated."
    )
    columns = gettext("Site"), gettext("Station"), gettext("Connector")
    empty = gettext("Every connector that sends is in the register.")
    return _paged(HealthList(title, told, columns, rows, empty=empty), parameters)


def names(source: Service, parameters: Parameters) -> HealthList:
    """Measurements, tags and fields that were left out of what was written to us."""
    unknown = sorted(source.intake.unknown.items(), key=lambda item: (-item[1], item[0]))
    rows = [(name, formats.number(count)) for name, count in unknown]
    title = ngettext("%(num)s unknown name", "%(num)s unknown names", len(rows))
    told = gettext(
        "Seen since the start and left out. Where one of them is a reading under another name, say so under "
        "[mapping] in laddvakt.toml."
    )
    columns = gettext("Name"), gettext("Times")
    empty = gettext("Every measurement, tag and field is known.")
    return _paged(HealthList(title, told, columns, rows, empty=empty), parameters)


def settings(source: Service) -> HealthList:
    """What is in force, after the file, the environment and the defaults; of secrets only whether they are set."""
    rows = [(each.name, each.value, gettext("changed") if each.changed else "") for each in shown(source.settings)]
    told = gettext(
        "From laddvakt.toml, the environment and the defaults; secrets are not shown. What each means stands in "
        "docs/configuration.md."
    )
    columns = gettext("Setting"), gettext("Value"), gettext("Against the default")
    return HealthList(gettext("Settings in force"), told, columns, rows)


def _paged(whole: HealthList, parameters: Parameters) -> HealthList:
    after = parameters.number("after") or 0
    upto = after + PAGE
    older = context.page_url(after=upto) if len(whole.rows) > upto else None
    return replace(whole, rows=whole.rows[after:upto], older=older, first=after == 0)
