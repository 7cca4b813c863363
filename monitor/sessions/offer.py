"""What is noted of a finished session whose charger offered far less than its rating, for no reason that is known."""

from collections.abc import Mapping

OFFER, LOW_OFFER = "offer", "lowered"
"""Key and value in `Session.details`."""


def is_lowered(details: Mapping[str, str]) -> bool:
    """Whether a session's `details` say that."""
    return details.get(OFFER) == LOW_OFFER
