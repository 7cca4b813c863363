"""Tariffs as a CDR or a file from elsewhere carries them, and the choice of the one that prices a CDR."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from monitor import documents
from monitor.errors import FileProblems, InputError, Problem
from monitor.tariffs import exact_json
from monitor.tariffs.cdr import Cdr, FoundCdr, Text, mistakes
from monitor.tariffs.leaving_out import harmless_left_out, lenient
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.switching import cannot_merge, merged

Cleaned = Callable[[Any], tuple[Any, list[str]]]


class TariffReader:
    """Reads tariffs, each different one once: thousands of CDRs carry the same few."""

    def __init__(self, *, leave_out: bool) -> None:
        self._clean: Cleaned = lenient if leave_out else harmless_left_out
        self._known: dict[str, tuple[Tariff, tuple[str, ...]]] = {}

    def of_file(self, path: Path) -> tuple[list[Tariff], tuple[str, ...]]:
        """All tariffs of a file in any shape that operators write, and what was left out; raises FileProblems."""
        document = documents.read(path)
        content = document.content
        if isinstance(content, dict) and "elements" not in content:
            content = content.get("tariffs")
            places: list[tuple[str | int, ...]] = [("tariffs", n) for n in range(len(content or []))]
        elif isinstance(content, list):
            places = [(n,) for n in range(len(content))]
        else:
            content, places = [content], [()]
        if not isinstance(content, list) or not content:
            raise FileProblems([document.problem((), "no-tariff", "there is no tariff in this file")])
        return self._all(Text(document.file, document.text), content, places)

    def of_cdr(self, found: FoundCdr) -> tuple[list[Tariff], tuple[str, ...]]:
        """The CDR's own tariffs, and what was left out; raises FileProblems."""
        content = found.cdr.tariffs or []
        places = [(*found.path, "tariffs", index) for index in range(len(content))]
        return self._all(found.source, content, places)

    def _all(
        self, source: Text, content: Sequence[Any], places: Iterable[tuple[str | int, ...]]
    ) -> tuple[list[Tariff], tuple[str, ...]]:
        tariffs: list[Tariff] = []
        warnings: list[str] = []
        problems: list[Problem] = []
        for item, place in zip(content, places, strict=True):
            try:
                tariff, said = self._one(item)
                tariffs.append(tariff)
                warnings += said
            except ValidationError:
                problems += mistakes(source, Tariff, item, place, self._clean(item)[0])
        if problems:
            raise FileProblems(problems)
        return tariffs, tuple(dict.fromkeys(warnings))

    def _one(self, content: Any) -> tuple[Tariff, tuple[str, ...]]:
        # Numbers are compared by their text: 0.1 and 0.10000000000000000001 are two prices.
        key = exact_json.dumps(content) if isinstance(content, dict | list) else repr(content)
        if key not in self._known:
            cleaned, said = self._clean(content)
            self._known[key] = Tariff.model_validate(cleaned), tuple(said)
        return self._known[key]


def choose(cdr: Cdr, tariffs: Sequence[Tariff], file: str) -> tuple[Tariff, tuple[str, ...]]:
    """The tariff that prices the CDR, and remarks: the one or the ones that its periods name, else the first.

    Of several with one id, the first that is valid when the CDR starts. Raises InputError when there is none.
    """
    name = f"CDR {cdr.id!r}" if cdr.id else "the CDR"
    if not tariffs:
        raise InputError(f"{file}: {name} carries no tariff; give one with --tariff")
    by_id: dict[str, Tariff] = {}
    for tariff in sorted(tariffs, key=lambda each: not _valid(each, cdr)):  # the valid ones first
        by_id.setdefault(tariff.id, tariff)
    named = list(dict.fromkeys(period.tariff_id for period in cdr.charging_periods if period.tariff_id))
    used = [by_id[each] for each in named if each in by_id] or list(by_id.values())[:1]
    warnings = [
        f"tariff {tariff.id!r} is not valid at {cdr.start_date_time:%Y-%m-%dT%H:%M:%SZ}: used anyway"
        for tariff in used
        if not _valid(tariff, cdr)
    ]
    if len(used) > 1:
        tariff, remarks = _together(cdr, used, named)
        warnings += remarks
    else:
        tariff = used[0]
        strange = [each for each in named if each not in by_id]
        if len(named) > 1 and len(strange) < len(named):
            warnings.append(f"the periods name the tariffs {', '.join(named)}: all were priced by {tariff.id!r}")
        elif len(tariffs) > 1 and len(strange) == len(named):
            warnings.append(f"{len(tariffs)} tariffs, and the periods name none of them: {tariff.id!r} was used")
    if tariff.currency != cdr.currency:
        warnings.append(f"the tariff is in {tariff.currency}, the CDR in {cdr.currency}: nothing was converted")
    return tariff, tuple(warnings)


def _together(cdr: Cdr, tariffs: Sequence[Tariff], named: Sequence[str]) -> tuple[Tariff, list[str]]:
    """Each period under the tariff that it names; all under the first where the tariffs do not go together."""
    if why := cannot_merge(tariffs):
        first = tariffs[0]
        return first, [f"the periods name the tariffs {', '.join(named)}, but {why}: {first.id!r} priced all of them"]
    whole = merged(tariffs)
    remarks = [
        f"charging period {index} ({period.start_date_time.isoformat().replace('+00:00', 'Z')}) names "
        f"{'no tariff' if period.tariff_id is None else f'the tariff {period.tariff_id!r}, which is not here'}: "
        "it was not billed"
        for index, period in enumerate(cdr.charging_periods)
        if not whole.elements_of(period.tariff_id)
    ]
    return whole, remarks


def _valid(tariff: Tariff, cdr: Cdr) -> bool:
    begun = tariff.start_date_time is None or tariff.start_date_time <= cdr.start_date_time
    return begun and (tariff.end_date_time is None or cdr.start_date_time < tariff.end_date_time)
