"""Laddvakt: monitoring, alerting and priced sessions for networks of EV charging stations."""

__version__ = "0.1.0"
