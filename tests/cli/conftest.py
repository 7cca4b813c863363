"""The running service of tests/service, for commands that talk to it."""

from tests.service.conftest import mailbox, service

__all__ = ["mailbox", "service"]
