"""Answers about tariffs."""

from typing import Any

from dashboards.api.shapes.common import Shape, Time


class TariffShape(Shape):
    """A tariff in force in words. `since` null: as long as anybody knows."""

    id: str
    currency: str
    type: str | None
    version: str
    since: Time | None
    valid_from: Time | None
    valid_to: Time | None
    words_en: list[str]
    words_sv: list[str]
    examples_en: list[str]
    examples_sv: list[str]
    versions: list[str]
    assigned: list[str]
    warnings: list[str]


class TariffDetail(TariffShape):
    """A tariff with its OCPI object."""

    tariff: dict[str, Any]
