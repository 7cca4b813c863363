"""The declaration of a route of the API, from which both its checks and its description are made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any, Literal, TypeVar

from flask import Blueprint, Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from dashboards.parameters import BadParameter
from monitor.cells import jsonable

Method = Literal["GET", "POST", "DELETE"]
View = Callable[..., ResponseReturnValue]
V = TypeVar("V", bound=View)

api = Blueprint("api", __name__, url_prefix="/api/v1")


class Asked(BaseModel):
    """Parameters of a query, or a body: names nobody reads are errors, a misspelt filter must not select everything."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Nothing(Asked):
    """A route without parameters."""


@dataclass(frozen=True)
class Operation:
    """One route. `answer` is the type of its JSON, `media` the other types that it can answer with."""

    path: str
    method: Method
    endpoint: str
    summary: str
    query: type[Asked]
    body: type[Asked] | None
    answer: Any
    status: HTTPStatus
    media: Sequence[str]
    also: Mapping[HTTPStatus, str]
    """Other answers of success, and what they mean."""


OPERATIONS: dict[str, Operation] = {}
"""By endpoint, in the order of declaration."""


def operation(
    path: str,
    *,
    answer: Any,
    method: Method = "GET",
    query: type[Asked] = Nothing,
    body: type[Asked] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    media: Sequence[str] = (),
    also: Mapping[HTTPStatus, str] | None = None,
) -> Callable[[V], V]:
    """Declare the view for `path`. It is called with `query` and `body` as values, where they are declared.

    A view returns a Response (a stream, a file), or what its JSON is made of. GET answers carry an ETag.
    """

    def declare(view: V) -> V:
        name = view.__name__.rstrip("_")
        summary = (view.__doc__ or "").strip()
        OPERATIONS[f"{api.name}.{name}"] = Operation(
            path, method, f"{api.name}.{name}", summary, query, body, answer, status, media, also or {}
        )

        @wraps(view)
        def answered(**values: Any) -> ResponseReturnValue:
            asked = _query(query)
            given = {**values, **({} if query is Nothing else {"query": asked})}
            if body is not None:
                given["body"] = _body(body)
            return _answer(view(**given), status)

        api.add_url_rule(path, name, answered, methods=[method])
        return view

    return declare


def _query(model: type[Asked]) -> Asked:
    given: dict[str, str] = {}
    for name, values in request.args.lists():
        present = [value for value in values if value.strip()]
        if len(present) > 1:
            raise BadParameter(name, "is given more than once")
        if present or name not in _names(model):
            given[name] = present[0] if present else ""
    return _validated(model, given)


def _body(model: type[Asked]) -> Asked:
    if not request.is_json:
        raise UnsupportedMediaType("send JSON, with Content-Type: application/json")
    content = request.get_json(silent=True)
    if not isinstance(content, dict):
        raise BadParameter("body", "is not a JSON object")
    return _validated(model, content)


def _validated(model: type[Asked], given: Mapping[str, Any]) -> Asked:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        wrong = [(".".join(map(str, each["loc"])) or "body", _said(each, model)) for each in error.errors()]
        raise BadParameter(*wrong[0], others=wrong[1:]) from error


def _said(error: Any, model: type[Asked]) -> str:
    if error["type"] == "extra_forbidden":
        return f"is not known here; known are {', '.join(sorted(_names(model))) or 'none'}"
    said: str = error["msg"].removeprefix("Value error, ")
    return f"{said[0].lower()}{said[1:]}"


def _names(model: type[Asked]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def _answer(made: ResponseReturnValue, status: HTTPStatus) -> Response:
    if isinstance(made, Response):
        return made
    response = make_response(jsonify(jsonable(made)), status)
    if request.method == "GET":
        response.add_etag(weak=True)
        response.make_conditional(request)
    return response
