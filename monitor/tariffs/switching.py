"""Several tariffs in one session: the driver chose another charging preference on the way (OCPI, `profile_type`).

The session stays one: durations and energy are counted from its start, a FLAT is taken once, and `step_size` rounds its
totals once, not where tariffs change (mod_cdrs, "step_size").
"""

from collections.abc import Sequence

from monitor.tariffs.ocpi import Element, Price, Tariff


class Merged(Tariff):
    """The elements of several tariffs in a row; `parts`: the id of each and its number of elements."""

    parts: tuple[tuple[str, int], ...]

    def elements_of(self, name: str | None) -> range:
        """The elements of the tariff of this id; nothing for a period that names none: OCPI says none is relevant."""
        at = 0
        for tariff_id, count in self.parts:
            if tariff_id == name:
                return range(at, at + count)
            at += count
        return range(0)

    def origin(self, index: int) -> tuple[str, int]:
        """The tariff that an element comes from, and which of its elements it is."""
        for tariff_id, count in self.parts:
            if index < count:
                return tariff_id, index
            index -= count
        raise IndexError(index)

    def before(self, index: int) -> tuple[Element, ...]:
        """What is asked before an element: those of its own tariff."""
        _, own = self.origin(index)
        return self.elements[index - own : index]


def merged(tariffs: Sequence[Tariff]) -> Merged:
    """Tariffs of different ids as one. A price limit binds as far as all of them have it: the widest of each."""
    first = tariffs[0]
    return Merged(
        id=first.id,
        currency=first.currency,
        tax_included=first.tax_included,
        elements=tuple(element for tariff in tariffs for element in tariff.elements),
        parts=tuple((tariff.id, len(tariff.elements)) for tariff in tariffs),
        min_price=_widest([tariff.min_price for tariff in tariffs], highest=False),
        max_price=_widest([tariff.max_price for tariff in tariffs], highest=True),
    )


def cannot_merge(tariffs: Sequence[Tariff]) -> str | None:
    """Why tariffs cannot price one session together; None: they can."""
    if len({tariff.currency for tariff in tariffs}) > 1:
        return "they are in different currencies"
    taxes = {(tariff.tax_included, tariff.tax_included is None or tariff.names_rates) for tariff in tariffs}
    return "they do not say taxes alike" if len(taxes) > 1 else None


def _widest(limits: Sequence[Price | None], *, highest: bool) -> Price | None:
    choose = max if highest else min
    known = [limit for limit in limits if limit is not None]
    if len(known) < len(limits):
        return None
    gross = [limit.incl_vat for limit in known if limit.incl_vat is not None]
    return Price(
        excl_vat=choose(limit.excl_vat for limit in known), incl_vat=choose(gross) if len(gross) == len(known) else None
    )
