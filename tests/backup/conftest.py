"""The running service of tests/service."""

from tests.service.conftest import mailbox, service

__all__ = ["mailbox", "service"]
