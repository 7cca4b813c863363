"""What sessions earned, and what other price structures would have."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from flask import url_for

from dashboards.insight_page import Filters, read_filters
from dashboards.parameters import BadParameter, Parameters
from dashboards.sources import Service
from monitor.authoring.compare import Prices
from monitor.authoring.comparing import question_of
from monitor.errors import InputError, Unavailable
from monitor.insight.figures import Figure, of_kind
from monitor.insight.proposals import ASSUMES, Proposal, proposals
from monitor.insight.revenue import Revenue
from monitor.sessions.comparison import Comparison
from monitor.state.repricing import Selection


@dataclass(frozen=True)
class Tried:
    """A proposal on past sessions; `found` None: it is being made, or `refused` says why there is none."""

    proposal: Proposal
    assumes: dict[str, str]
    found: Comparison | None
    share: Decimal | None
    refused: str


@dataclass(frozen=True)
class RevenuePage:
    """Tables by currency, and the proposals for the chosen tariff."""

    filters: Filters
    cost: str
    tariff: str | None
    tariffs: Sequence[str]
    found: Sequence[Revenue]
    tried: Sequence[Tried]
    figures: Sequence[Figure]
    csv: str
    json: str


def revenue_page(source: Service, parameters: Parameters) -> RevenuePage:
    """By the filters of the address."""
    filters = read_filters(source, parameters)
    cost, tariff = _cost(parameters.text("cost")), parameters.text("tariff")
    if tariff is not None and tariff not in source.tariffs.tariffs:
        raise BadParameter("tariff", f"no tariff in force has the id {tariff!r}")
    made = proposals(source.tariffs.tariffs[tariff]) if tariff else []
    asked = {**filters.asked, **({"cost_per_kwh": str(cost)} if cost is not None else {})}
    return RevenuePage(
        filters=filters,
        cost="" if cost is None else str(cost),
        tariff=tariff,
        tariffs=sorted(source.tariffs.tariffs),
        found=source.insight.revenue(source.register, filters.chosen, source.now(), cost),
        tried=[_tried(source, filters, proposal) for proposal in made],
        figures=of_kind("revenue"),
        csv=url_for("api.revenue", format="csv", **asked),  # type: ignore[arg-type]
        json=url_for("api.revenue", **asked),  # type: ignore[arg-type]
    )


def _tried(source: Service, filters: Filters, proposal: Proposal) -> Tried:
    chosen = filters.chosen
    # Up to a whole hour, so that the same question is not asked anew each time the page is.
    end = chosen.end or source.now().replace(minute=0, second=0, microsecond=0)
    prices = Prices(source.register, source.settings.sessions.bill_until, source.tariffs.policy, proposal.tariff)
    found, refused = None, ""
    try:
        question = question_of(prices, proposal.tariff.id, Selection(chosen.start, end, chosen.site))
        found = source.comparisons.ask(question, prices).found
    except (InputError, Unavailable) as error:
        refused = str(error)
    sums = found.totals if found else None
    share = 100 * (sums["new_excl"] / sums["old_excl"] - 1) if sums and sums["old_excl"] else None
    return Tried(proposal, dict(ASSUMES[proposal.name]), found, share, refused)


def _cost(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        cost = Decimal(text.replace(",", "."))
    except InvalidOperation:
        cost = Decimal(-1)
    if not 0 <= cost <= 1000:
        raise BadParameter("cost", f"{text!r} is not a price per kWh from 0 to 1000; write for example 1.20")
    return cost
