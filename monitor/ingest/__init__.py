"""Ingest: text and messages of chargers and their systems -> tables of readings."""
