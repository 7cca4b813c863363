"""The OpenAPI 3.1 document, made from the declarations of the routes."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

import monitor
from dashboards.access import RULES
from dashboards.api.operation import OPERATIONS, Nothing, Operation
from dashboards.api.shapes.common import Problem

_REF = "#/components/schemas/{model}"
_PART = re.compile(r"<(?:(?P<kind>\w+)(?:\((?P<of>[^)]*)\))?:)?(?P<name>\w+)>")
_PROBLEMS = {
    "400": "A parameter is wrong; `field` names it.",
    "401": "No login or token, or one that has ended.",
    "403": "The login or token may not do this, or the change does not carry the token of our forms.",
    "404": "There is nothing of this name or number.",
    "409": "Somebody else was quicker.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "503": "A part that this needs is away, or too many do this at once; try again after Retry-After.",
}
_DESCRIPTION = """Everything the pages show and change. Lists are paged: follow `next` until it is null. GET answers
carry an ETag; send it as If-None-Match and 304 says that nothing has changed. Errors are problem+json (RFC 9457);
`field` names the parameter that is wrong. Times are ISO 8601 in UTC, energies Wh, powers W, durations seconds; null is
unknown, never 0."""


@cache
def document() -> dict[str, Any]:
    """The whole document; nothing in it depends on the request."""
    named, shared = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS.values():
        paths.setdefault(_path(operation.path), {})[operation.method.lower()] = _described(operation, named)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Laddvakt", "version": monitor.__version__, "description": _DESCRIPTION},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"login": []}],
        "paths": paths,
        "components": {
            "schemas": shared,
            "responses": {
                code: {"description": said, "content": {"application/problem+json": {"schema": named["problem"]}}}
                for code, said in _PROBLEMS.items()
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Also `Authorization: Token ...`."},
                "login": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "laddvakt",
                    "description": "A browser's login; changes need the header X-CSRF-Token too.",
                },
            },
        },
    }


def _schemas() -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of each answer and body by endpoint, and the shapes that they refer to."""
    wanted: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [("problem", "serialization", TypeAdapter(Problem))]
    for operation in OPERATIONS.values():
        wanted.append((operation.endpoint, "serialization", TypeAdapter(operation.answer)))
        if operation.body:
            wanted.append((f"{operation.endpoint} body", "validation", TypeAdapter(operation.body)))
    schemas, shared = TypeAdapter.json_schemas(wanted, ref_template=_REF)
    return {key: schema for (key, _), schema in schemas.items()}, shared.get("$defs", {})


def _described(operation: Operation, named: dict[str, Any]) -> dict[str, Any]:
    needs = sorted(RULES[operation.endpoint].permissions)
    about = "" if operation.query is Nothing else (operation.query.__doc__ or "").strip()
    described: dict[str, Any] = {
        "operationId": operation.endpoint.partition(".")[2],
        "summary": operation.summary,
        "description": f"Needs the permission {' or '.join(needs)}. {about}".strip(),
        "tags": [operation.path.split("/")[1]],
        "parameters": [*_of_path(operation.path), *_of_query(operation)],
        "responses": _responses(operation, named),
    }
    if operation.body:
        content = {"application/json": {"schema": named[f"{operation.endpoint} body"]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _path(path: str) -> str:
    return _PART.sub(lambda part: "{" + part["name"] + "}", path)


def _of_path(path: str) -> Iterable[dict[str, Any]]:
    for part in _PART.finditer(path):
        schema: dict[str, Any] = {"type": "string", "minLength": 1}
        if part["kind"] == "int":
            schema = {"type": "integer", "minimum": 0}
        elif part["kind"] == "any":
            schema = {"enum": [name.strip(" '\"") for name in part["of"].split(",")]}
        yield {"name": part["name"], "in": "path", "required": True, "schema": schema}


def _of_query(operation: Operation) -> Iterable[dict[str, Any]]:
    for name, each in operation.query.model_json_schema().get("properties", {}).items():
        schema = {key: value for key, value in each.items() if key not in {"title", "description"}}
        # A parameter that is not given is absent, never null.
        kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
        schema |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}
        if schema.get("default", 0) is None:
            del schema["default"]
        described = {"description": each["description"]} if "description" in each else {}
        yield {"name": name, "in": "query", "required": False, "schema": schema, **described}


def _responses(operation: Operation, named: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": named[operation.endpoint]}}
    content |= {media: {"schema": {"type": "string"}} for media in operation.media}
    found: dict[str, Any] = {str(int(operation.status)): {"description": "Done.", "content": content}}
    found |= {
        str(int(code)): {"description": said, "content": {"application/json": {"schema": {"type": "object"}}}}
        for code, said in operation.also.items()
    }
    codes = ["400", "401", "403", "503"]
    if operation.method == "GET":
        found["304"] = {"description": "Nothing has changed since the ETag."}
    if "<" in operation.path:
        codes.append("404")
    if operation.body:
        codes += ["413", "415"]
    if operation.endpoint == "api.decide":
        codes.append("409")
    return found | {code: {"$ref": f"#/components/responses/{code}"} for code in sorted(codes)}
