"""Readings: their schema, the stores that keep them, the hot window and its snapshot."""
