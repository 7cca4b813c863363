"""AFIR (EU 2023/1804), article 5(4): what a price for ad-hoc charging at 50 kW and more may be made of."""

from collections.abc import Iterator

from monitor.tariffs.ocpi import PriceComponent, Restrictions, Tariff

FAST_W = 50_000
AD_HOC = {None, "AD_HOC_PAYMENT"}
"""OCPI: a tariff without a type is valid for all sessions, ad-hoc ones too."""

Where = tuple[str | int, ...]


def parts_not_allowed(tariff: Tariff) -> Iterator[tuple[Where, str]]:
    """What is neither a price per kWh nor an occupancy fee per minute: its path in the tariff, and what it is."""
    for index, element in enumerate(tariff.elements):
        if element.restrictions.reservation is None:  # a reservation is no recharging
            for place, component in enumerate(element.price_components):
                if component.price > 0 and (said := _not_allowed(component, element.restrictions)):
                    yield ("elements", index, "price_components", place), said
    if tariff.min_price and tariff.min_price.excl_vat > 0:
        yield ("min_price",), "a minimum price"


def _not_allowed(component: PriceComponent, restrictions: Restrictions) -> str | None:
    if component.type == "FLAT":
        return "a fee per session"
    # Against long occupancy: time that costs only after a while, charging or not, or time in which nothing is asked.
    if component.type == "TIME" and not restrictions.min_duration:
        return "a price for charging time from the first minute"
    return None
