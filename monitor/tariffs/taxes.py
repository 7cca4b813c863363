"""What of a price is tax: 2.2.1 prices are without VAT, 2.3.0 says it by `tax_included` (docs/pricing.md)."""

from decimal import Decimal

from monitor.tariffs.model import Amount
from monitor.tariffs.ocpi import PriceComponent, Tariff

ZERO = Decimal(0)


def taxed(tariff: Tariff, money: Decimal, vat: Decimal | None) -> Amount:
    """Money at the tariff's own prices, without and with tax; `vat` is the percentage of its component.

    Without a rate no VAT applies; but where 2.3.0 says YES or NO and no component names a rate (North America), there
    are taxes that the tariff does not tell: one of both amounts is unknown. Nothing of nothing is tax.
    """
    if tariff.tax_included == "N/A" or not money:
        return Amount(money, money)
    told = tariff.tax_included is None or tariff.names_rates
    if tariff.tax_included == "YES":
        net = money * 100 / (100 + vat) if vat else money
        return Amount(net if told else None, money)
    gross = money * (100 + vat) / 100 if vat else money
    return Amount(money, gross if told else None)


def shown_price(tariff: Tariff, component: PriceComponent) -> Decimal:
    """The unit price that a consumer pays, with tax; without where the tariff does not tell the tax."""
    amount = taxed(tariff, component.price, component.vat)
    return component.price if amount.incl_vat is None else amount.incl_vat


def only_rate(tariff: Tariff) -> Decimal | None:
    """The one VAT percentage of all components; None: they differ, or the tariff does not tell."""
    if tariff.tax_included == "N/A":
        return ZERO
    if tariff.tax_included is not None and not tariff.names_rates:
        return None
    rates = {component.vat or ZERO for element in tariff.elements for component in element.price_components}
    return rates.pop() if len(rates) == 1 else None
