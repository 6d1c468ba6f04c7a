"""Botocore's own description of a service: which route is which operation, and what its input must look like.

The only module of this package that imports botocore. botocore itself checks types, required members and least
lengths before a call, and no greatest length, pattern or enumeration; here all of them are checked.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, cast
from urllib.parse import parse_qs, unquote

from botocore.loaders import Loader  # pyright: ignore[reportMissingTypeStubs]  # botocore has none

from mailer.local_ses.refusals import Refusal

Shape = Mapping[str, Any]
Where = tuple[Any, str | int] | None
"""A place in an input: the place around it and the last step. Written out only when something is wrong there."""


class Model:
    """A service by botocore's model."""

    def __init__(self, service: str, *, invalid: str = "BadRequestException") -> None:
        """`invalid` is what this service calls input that does not fit."""
        self.service = service
        self._invalid = invalid
        self._service_id: dict[str, Any] = cast("Any", Loader()).load_service_model(service, "service-2")
        self.operations: dict[str, Any] = self._service_id["operations"]
        self._shapes: dict[str, Shape] = self._service_id["shapes"]
        self._patterns: dict[str, re.Pattern[str]] = {}

    @cached_property
    def _routes(self) -> list[tuple[str, re.Pattern[str], str]]:
        """Method, path and operation; the more literal path first, for `/a/{x}` matches `/a/list` as well."""
        routes: list[tuple[str, str, str]] = [
            (operation["http"]["method"], operation["http"]["requestUri"].partition("?")[0], name)
            for name, operation in self.operations.items()
        ]
        routes.sort(key=lambda route: route[1].count("{"))
        return [(method, _path_pattern(path), name) for method, path, name in routes]

    def find(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        """The operation at a route and what the path says. Raises Refusal where there is none."""
        for its_method, pattern, name in self._routes:
            if its_method == method and (match := pattern.fullmatch(path)):
                return name, {key: unquote(value) for key, value in match.groupdict().items()}
        raise Refusal("UnknownOperationException", f"{method} {path} is no operation of {self.service}.", status=404)

    def read(self, operation: str, in_path: Mapping[str, str], query: str, body: Any) -> dict[str, Any]:
        """The input of an operation by its members' names, checked; blobs are bytes. Raises Refusal."""
        shape = self._shapes[self.operations[operation]["input"]["shape"]]
        members: dict[str, Shape] = shape["members"]
        given = _object(body, "the body")
        asked = parse_qs(query, keep_blank_values=True, strict_parsing=False)
        found: dict[str, Any] = {}
        unknown = set(given)
        for name, member in members.items():
            key: str = member.get("locationName", name)
            match member.get("location"):
                case "uri":
                    found[name] = in_path[_group(key)]
                case "querystring" if key in asked:
                    found[name] = self._from_query(member, asked[key])
                case None if key in given:
                    unknown.discard(key)
                    if given[key] is not None:
                        found[name] = given[key]
                case _:
                    pass
        if unknown:
            raise Refusal(self._invalid, f"{operation} has no member {min(unknown)!r}.")
        wrong: list[str] = []
        checked = self._structure(shape, found, None, wrong)
        if wrong:
            noun = "error" if len(wrong) == 1 else "errors"
            raise Refusal(self._invalid, f"{len(wrong)} validation {noun} detected: {'; '.join(wrong)}")
        return checked

    def _from_query(self, member: Shape, values: list[str]) -> Any:
        kind = self._shapes[member["shape"]]["type"]
        if kind == "list":
            return values
        if kind in {"integer", "long"}:
            return int(values[0]) if values[0].lstrip("-").isdigit() else values[0]
        if kind == "boolean":
            return {"true": True, "false": False}.get(values[0], values[0])
        return values[0]

    def _structure(self, shape: Shape, value: Any, where: Where, wrong: list[str]) -> Any:
        if not isinstance(value, dict):
            wrong.append(_constraint(where, "be an object"))
            return value
        given = cast("dict[str, Any]", value)
        members: dict[str, Shape] = shape["members"]
        wrong.extend(
            _constraint((where, name), "not be null") for name in shape.get("required", ()) if given.get(name) is None
        )
        checked: dict[str, Any] = {}
        for name, its in given.items():
            member = members.get(name)
            if member is None:
                wrong.append(_constraint((where, name), "not be there: there is no such member"))
            elif its is not None:
                checked[name] = self._check(member["shape"], its, (where, name), wrong)
        return checked

    def _check(self, name: str, value: Any, where: Where, wrong: list[str]) -> Any:  # noqa: PLR0911  # one return a type
        shape = self._shapes[name]
        match shape["type"]:
            case "structure":
                return self._structure(shape, value, where, wrong)
            case "list":
                return self._list(shape, value, where, wrong)
            case "map":
                return self._map(shape, value, where, wrong)
            case "string":
                self._string(name, shape, value, where, wrong)
                return value
            case "blob":
                return _blob(value, where, wrong)
            case "timestamp":
                return _timestamp(value, where, wrong)
            case kind:
                if not isinstance(value, _TYPES[kind]) or (kind != "boolean" and isinstance(value, bool)):
                    wrong.append(_constraint(where, f"be a {kind}"))
                return value

    def _list(self, shape: Shape, value: Any, where: Where, wrong: list[str]) -> Any:
        if not isinstance(value, list):
            wrong.append(_constraint(where, "be a list"))
            return value
        given = cast("list[Any]", value)
        _length(shape, len(given), where, wrong)
        inner: str = shape["member"]["shape"]
        return [self._check(inner, each, (where, number), wrong) for number, each in enumerate(given, 1)]

    def _map(self, shape: Shape, value: Any, where: Where, wrong: list[str]) -> Any:
        if not isinstance(value, dict):
            wrong.append(_constraint(where, "be a map"))
            return value
        given = cast("dict[str, Any]", value)
        inner: str = shape["value"]["shape"]
        return {key: self._check(inner, each, (where, key), wrong) for key, each in given.items()}

    def _string(self, name: str, shape: Shape, value: Any, where: Where, wrong: list[str]) -> None:
        if not isinstance(value, str):
            wrong.append(_constraint(where, "be a string"))
            return
        _length(shape, len(value), where, wrong)
        if "enum" in shape and value not in shape["enum"]:
            wrong.append(_constraint(where, f"satisfy enum value set: [{', '.join(shape['enum'])}]"))
        if "pattern" in shape:
            pattern = self._patterns.get(name) or self._patterns.setdefault(name, re.compile(shape["pattern"]))
            if not pattern.fullmatch(value):
                wrong.append(_constraint(where, f"satisfy regular expression pattern: {shape['pattern']}"))


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "boolean": bool,
}


def _path_pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)(\+?)\}", path)
    pattern = re.escape(parts[0])
    for name, greedy, literal in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        pattern += f"(?P<{_group(name)}>{'.+' if greedy else '[^/]+'})" + re.escape(literal)
    return re.compile(pattern)


def _group(name: str) -> str:
    return name.replace("-", "_")


def _object(body: Any, what: str) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Refusal("SerializationException", f"{what} is not a JSON object")
    return cast("dict[str, Any]", body)


def _constraint(where: Where, must: str) -> str:
    steps: list[str] = []
    while where:
        where, step = where
        # As Amazon writes a place: members begin small, the entries of a list are numbered from 1.
        steps.append(step[:1].lower() + step[1:] if isinstance(step, str) else f"{step}.member")
    return f"Value at '{'.'.join(reversed(steps))}' failed to satisfy constraint: Member must {must}"


def _length(shape: Shape, length: int, where: Where, wrong: list[str]) -> None:
    if length < shape.get("min", 0):
        wrong.append(_constraint(where, f"have length greater than or equal to {shape['min']}"))
    if "max" in shape and length > shape["max"]:
        wrong.append(_constraint(where, f"have length less than or equal to {shape['max']}"))


def _blob(value: Any, where: Where, wrong: list[str]) -> Any:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        wrong.append(_constraint(where, "be base64"))
        return value


def _timestamp(value: Any, where: Where, wrong: list[str]) -> Any:
    """A number of seconds, or the ISO 8601 text that a query string carries; seconds since 1970 come out."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        wrong.append(_constraint(where, "be a timestamp"))
        return value
