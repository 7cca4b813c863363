"""Extra services that were sold with a session (a car wash, parking at a hotel): each a line of its own."""

from collections.abc import Iterator

from monitor.tariffs.model import Amount, BillLine, Usage
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.rounding import Policy


def service_lines(tariff: Tariff, usage: Usage, policy: Policy) -> Iterator[BillLine]:
    """Quantity x price without tax, and the service's own VAT; the tariff and its limits say nothing about them."""
    for service in usage.services:
        if service.currency not in {None, tariff.currency}:
            continue
        net = service.quantity * service.price
        gross = net * (100 + service.vat) / 100 if service.vat else net
        yield BillLine(
            dimension="SERVICE",
            element=None,
            quantity=service.quantity,
            unit="session",
            unit_price=service.price,
            vat_percent=service.vat,
            amount=policy.line(Amount(net, gross)),
            start=usage.start,
            end=usage.end,
            reason={"en": service.name, "sv": service.name},
        )


def service_warnings(tariff: Tariff, usage: Usage) -> Iterator[str]:
    """Services that could not be billed."""
    for name in usage.unpriced_services:
        yield f"the service {name!r} has no price that can be read: it was not billed"
    for service in usage.services:
        if service.currency not in {None, tariff.currency}:
            yield f"the service {service.name!r} is in {service.currency}, the tariff in {tariff.currency}: not billed"
