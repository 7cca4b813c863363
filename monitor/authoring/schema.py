"""JSON Schema of operators' files, from the shapes that read them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from monitor.alerts.notify_shapes import NotifyFile
from monitor.authoring.rule_tests.shapes import TestsFile
from monitor.register import RegisterFile
from monitor.rules.model import RulesFile

_MODELS: Mapping[str, type[BaseModel]] = {
    "rules": RulesFile,
    "notify": NotifyFile,
    "sites": RegisterFile,
    "tests": TestsFile,
}
KINDS = tuple(_MODELS)


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file. Names, units and references are beyond it: `check` knows them."""
    schema: dict[str, Any] = _plain(_MODELS[kind].model_json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": f"Laddvakt {kind}"}


def _plain(node: Any) -> Any:
    """Without defaults, which pydantic gives as what they become and not as they are written."""
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items() if key != "default" or isinstance(value, dict)}
    return [_plain(one) for one in node] if isinstance(node, list) else node
