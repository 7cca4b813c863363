"""How much of a session one price component has priced."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from monitor.tariffs.model import Dimension
from monitor.tariffs.selection import Picked

NOISE_WH = Decimal("1e-6")
"""Finer than any meter. Sums of binary fractions overshoot by less, and must not cost a step."""


@dataclass(slots=True)
class Tally:
    """A running quantity: Wh for ENERGY, microseconds for times, 1 for FLAT. `step`: rounded up to."""

    dimension: Dimension
    picked: Picked
    quantity: Decimal
    start_us: int
    end_us: int
    step: int | None = None

    def round_up(self, total: Decimal, unit: int) -> None:
        """Add what the dimension's `total` lacks to whole steps of this component's `step_size` x `unit`."""
        step_size = self.picked.component.step_size
        if not step_size:
            return
        steps = (total.quantize(NOISE_WH) / (step_size * unit)).to_integral_value(ROUND_CEILING)
        missing = steps * step_size * unit - total
        self.quantity += missing
        if missing >= NOISE_WH:
            self.step = step_size
