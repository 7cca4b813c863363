"""How tests of rules went: as text, as one JSON document, and as JUnit's XML for CI systems."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from xml.etree import ElementTree as ET

from monitor.authoring.rule_tests.cases import Case
from monitor.authoring.rule_tests.judging import Difference, differences
from monitor.authoring.rule_tests.running import run
from monitor.config import Settings


@dataclass(frozen=True)
class Result:
    """One test: it passed when there are no differences."""

    file: str
    name: str
    seconds: float
    differences: tuple[Difference, ...]


def results(cases: Iterable[Case], settings: Settings) -> Iterator[Result]:
    """Run one after the other."""
    for case in cases:
        began = perf_counter()
        with run(case, settings) as ran:
            found = tuple(differences(case, ran))
        yield Result(case.document.file, case.shape.name, perf_counter() - began, found)


def text(result: Result) -> str:
    """A line, and below it what was not as expected."""
    head = f"{'FAIL' if result.differences else 'ok'}  {result.file}: {result.name} ({result.seconds:.1f} s)"
    return "\n".join([head, *map(str, result.differences)])


def document(found: Sequence[Result]) -> dict[str, Any]:
    """For `--json`."""
    return {
        "tests": [
            {
                "file": result.file,
                "name": result.name,
                "passed": not result.differences,
                "seconds": round(result.seconds, 3),
                "differences": [
                    {"line": each.line, "message": each.message, "evidence": list(each.evidence)}
                    for each in result.differences
                ],
            }
            for result in found
        ]
    }


def junit(found: Sequence[Result]) -> bytes:
    """One suite for each file."""
    root = ET.Element("testsuites")
    for file in dict.fromkeys(result.file for result in found):
        of_file = [result for result in found if result.file == file]
        failed = sum(1 for result in of_file if result.differences)
        suite = ET.SubElement(root, "testsuite", name=file, tests=str(len(of_file)), failures=str(failed))
        for result in of_file:
            case = ET.SubElement(suite, "testcase", classname=file, name=result.name, time=f"{result.seconds:.3f}")
            for each in result.differences:
                failure = ET.SubElement(case, "failure", message=f"{each.file}:{each.line}: {each.message}")
                failure.text = "\n".join(each.evidence)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
