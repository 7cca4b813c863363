"""Answers about who is on call and who can be told."""

from pydantic import ConfigDict, Field

from dashboards.api.shapes.common import Shape, Time


class ShiftShape(Shape):
    """A turn. `override`: somebody stands in."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    who: str
    start: Time = Field(alias="from")
    end: Time = Field(alias="to")
    override: bool


class RosterShape(Shape):
    """Who is on call now, and in the next four weeks; `zone` is that of the handovers."""

    rota: str
    zone: str
    now: str
    shifts: list[ShiftShape]


class ReceiverShape(Shape):
    """Who can be told. `reached`: the addresses that are told now, of a rota who is on call."""

    name: str
    language: str
    rota: bool
    addresses: list[str]
    reached: list[str]


class TrialShape(Shape):
    """What became of a test message to one address: what the other end answered, or why it did not arrive."""

    address: str
    answer: str
    error: str
