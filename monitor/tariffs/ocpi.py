"""OCPI 2.2.1 and 2.3.0 Tariff objects (module tariffs), as an operator's file or a CDR carries them.

Names are OCPI's. What OCPI requires but no price depends on (country_code, party_id, last_updated) may be missing.
"""

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, model_validator

from monitor.documents import Strict
from monitor.tariffs.model import Dimension
from monitor.tariffs.values import Currency, LocalDate, LocalTime, Moment, Number, Percent, Whole, not_empty, one_of

WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
DIMENSIONS: tuple[Dimension, ...] = ("ENERGY", "TIME", "PARKING_TIME", "FLAT")
OF_RESERVATIONS = {"FLAT", "TIME"}
"""What can price a reservation."""

DayOfWeek = Annotated[
    Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"], one_of(*WEEKDAYS)
]
Reservation = Annotated[Literal["RESERVATION", "RESERVATION_EXPIRES"], one_of("RESERVATION", "RESERVATION_EXPIRES")]
TARIFF_TYPES = ("AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN", "REGULAR")
TariffType = Annotated[
    Literal["AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN", "REGULAR"], one_of(*TARIFF_TYPES)
]

TaxIncluded = Annotated[Literal["YES", "NO", "N/A"], one_of("YES", "NO", "N/A")]


class Price(Strict):
    """Money without and, where given, with taxes: 2.2.1's Price, 2.3.0's PriceLimit."""

    excl_vat: Number = Field(validation_alias=AliasChoices("excl_vat", "before_taxes"))
    incl_vat: Number | None = Field(default=None, validation_alias=AliasChoices("incl_vat", "after_taxes"))


def _null_is_one(value: object) -> object:
    return 1 if value is None else value


class DisplayText(Strict):
    """A text in one language (ISO 639-1)."""

    language: str
    text: str


class PriceComponent(Strict):
    """What one unit costs: a kWh, an hour, a session; taxes.py says what of it is tax. `vat` is a percentage.

    `step_size` is in Wh or seconds, 0 rounds nothing; for FLAT it means nothing.
    """

    type: Annotated[Dimension, one_of(*DIMENSIONS)]
    price: Number
    vat: Percent | None = None
    step_size: Annotated[Whole, BeforeValidator(_null_is_one)] = 1


class Restrictions(Strict):
    """When an element holds: all that is given must. `min_*` is inclusive, `max_*` and `end_*` are not."""

    start_time: LocalTime | None = None
    end_time: LocalTime | None = None
    start_date: LocalDate | None = None
    end_date: LocalDate | None = None
    min_kwh: Number | None = None
    max_kwh: Number | None = None
    min_current: Number | None = None
    max_current: Number | None = None
    min_power: Number | None = None
    max_power: Number | None = None
    min_duration: Whole | None = None
    max_duration: Whole | None = None
    day_of_week: Annotated[tuple[DayOfWeek, ...], Field(strict=False)] | None = None
    reservation: Reservation | None = None

    @model_validator(mode="after")
    def _can_hold(self) -> "Restrictions":
        pairs = [(f"min_{name}", f"max_{name}") for name in ("kwh", "current", "power", "duration")]
        for low, high in [*pairs, ("start_date", "end_date")]:
            least, most = getattr(self, low), getattr(self, high)
            if least is not None and most is not None and least >= most:
                raise ValueError(f"{low} {least} is not below {high} {most} (which is exclusive): this never holds")
        return self


class Element(Strict):
    """Price components that hold under the same restrictions, each for its own dimension."""

    price_components: Annotated[tuple[PriceComponent, ...], Field(strict=False), AfterValidator(not_empty)]
    restrictions: Restrictions = Restrictions()

    @model_validator(mode="before")
    @classmethod
    def _null_is_none(cls, content: Any) -> Any:
        # JSON writers send `null` for what they do not have; here that means: no restrictions.
        if isinstance(content, dict) and "restrictions" in content and content["restrictions"] is None:
            return {key: value for key, value in content.items() if key != "restrictions"}
        return content

    @model_validator(mode="after")
    def _each_dimension_once(self) -> "Element":
        types = [component.type for component in self.price_components]
        twice = sorted({name for name in types if types.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is priced twice in one element; only the first would ever count")
        wrong = sorted({*types} - OF_RESERVATIONS) if self.restrictions.reservation else []
        if wrong:
            raise ValueError(f"a reservation can be priced by FLAT and TIME only, not by {', '.join(wrong)}")
        return self

    def component(self, dimension: Dimension) -> PriceComponent | None:
        """What the element asks for a dimension; None: it does not price it."""
        return next((component for component in self.price_components if component.type == dimension), None)


class Tariff(Strict):
    """A tariff: elements in order, of which the first that has a dimension and holds prices that dimension."""

    id: str = Field(min_length=1, max_length=36)
    currency: Currency
    elements: Annotated[tuple[Element, ...], Field(strict=False), AfterValidator(not_empty)]
    country_code: str | None = Field(default=None, min_length=2, max_length=2)
    party_id: str | None = Field(default=None, min_length=1, max_length=3)
    type: TariffType | None = None
    tariff_alt_text: Annotated[tuple[DisplayText, ...], Field(strict=False)] | None = None
    tariff_alt_url: str | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    tax_included: TaxIncluded | None = None
    preauthorize_amount: Number | None = None
    start_date_time: Moment | None = None
    end_date_time: Moment | None = None
    energy_mix: dict[str, Any] | None = None
    last_updated: Moment | None = None

    @model_validator(mode="after")
    def _limits_in_order(self) -> "Tariff":
        if self.min_price and self.max_price and self.min_price.excl_vat > self.max_price.excl_vat:
            raise ValueError(f"min_price {self.min_price.excl_vat} is above max_price {self.max_price.excl_vat}")
        if self.start_date_time and self.end_date_time and self.start_date_time >= self.end_date_time:
            raise ValueError("start_date_time is not before end_date_time: this tariff is never valid")
        return self

    def __hash__(self) -> int:
        return hash(self.version)  # computed once, where pydantic's own would walk all fields on every look-up

    def elements_of(self, name: str | None) -> range | None:  # noqa: ARG002 - for tariffs that are several
        """Which elements may price a period that names a tariff; None: all."""
        return None

    def origin(self, index: int) -> tuple[str, int]:
        """The tariff that an element comes from, and which of its elements it is."""
        return self.id, index

    def before(self, index: int) -> tuple[Element, ...]:
        """The elements that are asked before one."""
        return self.elements[:index]

    @cached_property
    def names_rates(self) -> bool:
        """Whether any price component says a VAT percentage: then a component without one has none (OCPI)."""
        return any(component.vat is not None for element in self.elements for component in element.price_components)

    @cached_property
    def version(self) -> str:
        """A short fingerprint of the content: two tariffs with one version price every session alike."""
        content = self.model_dump(mode="json", exclude_none=True, exclude={"last_updated"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
