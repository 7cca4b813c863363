"""1,112 reconstructed curves of real DC sessions played as OCPP messages, once clean and once with each defect planted.

Run: `python tests/benchmarks/evidence.py [every] [part of a defect's name]`. Prints for each defect how many sessions
came out equal to what happened, how many wait for a person with the right reason, and how many are wrong; exit 1 when
one is wrong.
"""

import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.evidence.defects import BY_NAME
from tests.evidence.playing import Outcome, outcomes
from tests.evidence.visits import visits

CURVES = Path(__file__).parents[3] / "shared/data/dc_sessions/reconstructed_1min.csv.gz"


def table(every: int, wanted: str) -> int:
    """Print the table; returns how many sessions are wrong."""
    names = [name for name in BY_NAME if wanted in name]
    print(f"{'defect':<86} {'equal':>6} {'review':>6} {'wrong':>6}  flags")
    wrong = 0
    with ProcessPoolExecutor(2) as pool:
        for name, found in zip(names, pool.map(played, names, [every] * len(names)), strict=True):
            wrong += line(name, found)
    return wrong


def played(name: str, every: int) -> list[Outcome]:
    """What became of each session with one defect planted in all of them."""
    with tempfile.TemporaryDirectory() as folder:
        return outcomes(visits(CURVES, every), BY_NAME[name], Path(folder))


def line(name: str, found: list[Outcome]) -> int:
    """Print one line, and the first of what is wrong below it."""
    verdicts = Counter(outcome.verdict for outcome in found)
    flags = Counter(flag for outcome in found for flag in outcome.flags)
    shown = " ".join(f"{flag}:{count}" for flag, count in sorted(flags.items()))
    print(f"{name:<86} {verdicts['equal']:>6} {verdicts['review']:>6} {verdicts['wrong']:>6}  {shown}", flush=True)
    for outcome in [outcome for outcome in found if outcome.verdict == "wrong"][:3]:
        print(f"      {outcome.why}", flush=True)
    return verdicts["wrong"]


if __name__ == "__main__":
    arguments = sys.argv[1:]
    found_wrong = table(int(arguments[0]) if arguments else 1, arguments[1] if len(arguments) > 1 else "")
    sys.exit(1 if found_wrong else 0)
