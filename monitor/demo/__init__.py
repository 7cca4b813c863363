"""The demo: a replay of real sessions, sent as readings to the write endpoint of a real service."""
