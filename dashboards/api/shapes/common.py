"""What all answers share. Names are stable: what is here is not renamed, and nothing is taken away."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")

Time = str
"""ISO 8601 in UTC with Z."""


class Shape(BaseModel):
    """An object with exactly these names."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class Page(Shape, Generic[T]):
    """One page of a list. `next`: the address of the following one."""

    items: list[T]
    next: str | None


class Wrong(Shape):
    """One thing that is wrong."""

    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457. `field` names the parameter that is wrong, `errors` all that are."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    errors: list[Wrong] | None = None


class PlaceShape(Shape):
    """Where. `subject` is `site/station/connector`, each part percent-encoded."""

    site: str
    station: str | None
    connector: str | None


class Listed(Shape, Generic[T]):
    """All of them."""

    items: list[T]
