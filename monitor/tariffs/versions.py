"""A tariff as the JSON of OCPI 2.2.1 or 2.3.0, and back: what CDRs carry and what the history of tariffs keeps."""

from typing import Any, Literal

from monitor.errors import InputError
from monitor.tariffs import exact_json
from monitor.tariffs.ocpi import Tariff

Version = Literal["2.2.1", "2.3.0"]


def tariff_to_json(tariff: Tariff, version: Version) -> dict[str, Any]:
    """The tariff as an object of that version; numbers are decimals.

    Raises InputError where 2.2.1 cannot say it: its prices contain taxes, or taxes come on top at no rate.
    """
    content = tariff.model_dump(mode="python", exclude_none=True)
    content["elements"] = [_element(element) for element in content["elements"]]
    for name in ("start_date_time", "end_date_time", "last_updated"):
        if name in content:
            content[name] = content[name].isoformat().replace("+00:00", "Z")
    included = content.pop("tax_included", None)
    if version == "2.2.1":
        if included == "YES" or (included == "NO" and not tariff.names_rates):
            raise InputError(f"tariff {tariff.id!r} cannot be said in OCPI 2.2.1 (tax_included {included}): use 2.3.0")
        content.pop("preauthorize_amount", None)
        return content
    for name in ("min_price", "max_price"):
        if limit := content.pop(name, None):
            content[name] = {"before_taxes": limit["excl_vat"]}
            if "incl_vat" in limit:
                content[name]["after_taxes"] = limit["incl_vat"]
    # 2.2.1: without VAT, and without a percentage none applies.
    content["tax_included"] = included or ("NO" if tariff.names_rates else "N/A")
    return content


def tariff_to_text(tariff: Tariff) -> str:
    """All of a tariff as JSON, `tariff_from_text` gives back an equal one."""
    content = tariff_to_json(tariff, "2.3.0")
    if tariff.tax_included is None:
        del content["tax_included"]
    return exact_json.dumps(content)


def tariff_from_text(text: str) -> Tariff:
    """The tariff that `tariff_to_text` wrote."""
    return Tariff.model_validate(exact_json.loads(text))


def _element(element: dict[str, Any]) -> dict[str, Any]:
    restrictions = {name: _plain(value) for name, value in element.get("restrictions", {}).items()}
    components = [dict(component) for component in element["price_components"]]
    return {"price_components": components, **({"restrictions": restrictions} if restrictions else {})}


def _plain(value: Any) -> Any:
    if hasattr(value, "hour"):
        return f"{value:%H:%M}"
    return value.isoformat() if hasattr(value, "isoformat") else value
