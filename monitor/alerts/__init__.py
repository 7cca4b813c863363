"""Alerts: their life, their grouping into messages, and what is due to whom. Pure; the database is `monitor.state`."""
