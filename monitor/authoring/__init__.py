"""Authoring: what the people who edit `rules/` use, and the files in force while the service runs."""
