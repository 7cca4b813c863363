"""What would be right where a rule says a word that its subject does not have."""

from monitor.documents import nearest
from monitor.rules import functions, names
from monitor.rules.names import SUBJECTS, Subject

_NOTHING = {"null", "none", "nil", "nan", "undefined"}
"""How other languages write what is missing here."""

ALL_NAMES = "; `laddvakt rules reference` lists them"


def of_name(word: str, subject: Subject) -> str:
    """What may stand in place of a name that nobody knows, to be put behind the error."""
    if word.lower() in _NOTHING:
        return "; what has no value is asked for by `is missing`, as in: soc is missing"
    choices = {choice for name in names.NAMES for choice in name.choices}
    if word in choices:
        return f'; a text stands in double quotes: "{word}"'
    of_connector = names.find(word, "connector")
    if of_connector and subject in {"station", "site"}:
        asked = f"max({word})" if of_connector.dimension in functions.NUMBERS else f"any({word} ...)"
        return f"; its connectors have it: {asked}"
    if elsewhere := _elsewhere(word):
        return f"; it is known in rules on {elsewhere}"
    return nearest(word, names.known(subject)) or ALL_NAMES


def of_function(word: str, subject: Subject) -> str:
    """The same for a function or a name with a pool."""
    others = [other for other in SUBJECTS if word in functions.of_subject(other)]
    if elsewhere := _elsewhere(word) or " or ".join(others):
        return f"; it is known in rules on {elsewhere}"
    pools = [name for name in names.known(subject) if (found := names.find(name, subject)) and found.pool]
    return nearest(word, [*functions.of_subject(subject), *pools]) or ALL_NAMES


def _elsewhere(word: str) -> str:
    return " or ".join(subject for subject in SUBJECTS if names.find(word, subject))
