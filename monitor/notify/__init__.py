"""Notify: messages to people, retried until they are accepted."""
