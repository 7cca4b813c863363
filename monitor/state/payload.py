"""A message as JSON and back. What a version wrote, later ones read: new fields of Message need defaults."""

from pydantic import TypeAdapter

from monitor.alerts.model import Message

_MESSAGE = TypeAdapter(Message)


def message_to_json(message: Message) -> str:
    """The whole message; times as RFC 3339 in UTC."""
    return _MESSAGE.dump_json(message).decode()


def message_from_json(text: str) -> Message:
    """The message that `message_to_json` wrote."""
    return _MESSAGE.validate_json(text)
