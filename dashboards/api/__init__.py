"""`/api/v1`: everything a page shows, as data, and everything a page changes.

Each route is declared once (`operation`): what it reads is checked by that declaration, and the OpenAPI document
is made of it. Shapes of answers are in `shapes`, of queries and bodies in `asked`.
"""

from dashboards.api import (
    administration,
    alerts,
    health,
    insight,
    network,
    oncall,
    readings,
    reference,
    rules,
    sessions,
    silences,
    tariffs,
    undelivered,
)
from dashboards.api.operation import api

__all__ = [
    "administration", "alerts", "api", "health", "insight", "network", "oncall", "readings", "reference", "rules",
    "sessions", "silences", "tariffs", "undelivered",
]  # fmt: skip
