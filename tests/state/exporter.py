"""An export that is killed: `exporter.py FOLDER WHERE NUMBER`.

Kills itself with SIGKILL while it makes the CDR of session NUMBER (WHERE `inside`: in the transaction of its piece), or
when the CDR of session NUMBER is to be written (`after`: its piece is sealed).
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from monitor.state.database import Database
from monitor.state.sealing import Selection, seal
from tests.state.visits import Office


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, where: str, number: int) -> None:
    office = Office(Database(f"sqlite:///{folder / 'state.sqlite'}"), folder)
    sealing, made = office.sealing(), 0

    def making(*arguments):
        nonlocal made
        made += 1
        if where == "inside" and made == number:
            die()
        return sealing.making(*arguments)

    for count, sent in enumerate(seal(office.database, Selection(), replace(sealing, making=making)), start=1):
        if where == "after" and count == number:
            die()
        sys.stdout.write(f"{sent.session}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
