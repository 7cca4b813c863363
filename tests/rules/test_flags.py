from typing import get_args

from monitor.rules.names import SESSION_FLAGS
from monitor.sessions.model import Flag


def test_the_language_knows_every_flag_of_sessions() -> None:
    assert set(SESSION_FLAGS) == set(get_args(Flag))
