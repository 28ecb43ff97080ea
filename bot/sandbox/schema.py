"""The Bot API as data: what each method takes, and every way in which a call departs from it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Types = tuple[str, ...]
Where = str | tuple[Any, str | int]

_KINDS: dict[str, tuple[type, ...]] = {"Integer": (int,), "String": (str,), "Boolean": (bool,), "Float": (float, int)}
_ARRAY = "Array of "
_REQUIRED = "!"
_FILE = "InputFile"
_ATTACHED = "attach://"
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_FLOAT = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_JSON_NAMES = {"reply_markup": "reply keyboard markup"}
_UNREADABLE = object()


class _Findings:
    """The problems of one call, its file parts, and those that a value refers to."""

    __slots__ = ("attached", "files", "problems")

    def __init__(self, files: Collection[str]) -> None:
        self.problems: list[str] = []
        self.files = files
        self.attached: set[str] = set()

    def add(self, where: Where, problem: str) -> None:
        self.problems.append(f"{_path(where)}: {problem}")


Check = Callable[[object, Where, _Findings], None]


def canonical(method: str) -> str | None:
    """Return a method's proper name whatever its case, or None if the Bot API has no such method."""
    return _names().get(method.lower())


def known(method: str) -> bool:
    """Say whether the Bot API has the method, whatever its case."""
    return method.lower() in _names()


def problems(method: str, parameters: Mapping[str, object], files: Collection[str] = ()) -> list[str]:
    """Return what is unknown, of a wrong type or incomplete inside; `missing` tells what is absent at the top."""
    checks = _parameters(method)
    if checks is None:
        return [f"{method}: unknown method"]
    findings = _Findings(files)
    for name, value in parameters.items():
        check = checks.get(name)
        if check is None:
            findings.add(name, "unknown parameter")
        elif value is not None:
            check(value, name, findings)
    for name in files:
        if name not in findings.attached and checks.get(name) is not _file:
            findings.add(name, "unknown file part")
    return findings.problems


def shape(types: Types, value: object) -> list[str]:
    """Return every way in which a value departs from the declared types; a file stands for itself."""
    findings = _Findings(())
    _check(types)(value, types[0], findings)
    return findings.problems


def missing(method: str, parameters: Mapping[str, object], files: Collection[str] = ()) -> list[str]:
    """Return the required parameters that a call lacks; a file part of the same name counts as one."""
    return [name for name in _required(method) if parameters.get(name) is None and name not in files]


def decode(method: str, raw: Mapping[str, str]) -> dict[str, Any]:
    """Turn the strings of a form or a query into values of the declared types; an empty one that is no text is absent.

    What is no number or truth value stays a string, which `problems` reports.

    Raises:
        ValueError: with Telegram's description, when a value should be JSON and is not.
    """
    fields: dict[str, list[str]] = _api()["methods"].get(canonical(method) or "", {})
    decoded = {name: _decoded(name, value, fields.get(name, ["String"])) for name, value in raw.items()}
    return {name: value for name, value in decoded.items() if value is not None}


def _decoded(name: str, value: str, types: list[str]) -> Any:
    if "Integer" in types:
        return int(value) if _INTEGER.fullmatch(value) else value if value or "String" in types else None
    if types[-1] in {"String", _FILE}:
        return value
    if not value:
        return None
    if "Boolean" in types:
        return {"true": True, "false": False}.get(value.lower(), value)
    if "Float" in types:
        return float(value) if _FLOAT.fullmatch(value) else value
    read = _json(value)
    if read is _UNREADABLE:
        raise ValueError(f"Bad Request: can't parse {_JSON_NAMES.get(name, name.replace('_', ' '))} JSON object")
    return read


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return _UNREADABLE


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


@cache
def _api() -> dict[str, Any]:
    data: dict[str, Any] = json.loads((Path(__file__).parent / "bot_api.json").read_text(encoding="utf-8"))
    return data


@cache
def _names() -> dict[str, str]:
    return {name.lower(): name for name in _api()["methods"]}


@cache
def _parameters(method: str) -> dict[str, Check] | None:
    name = canonical(method)
    return None if name is None else _checks(_api()["methods"][name])


@cache
def _required(method: str) -> Types:
    fields: dict[str, list[str]] = _api()["methods"].get(canonical(method) or "", {})
    return tuple(name for name, types in fields.items() if types[0] == _REQUIRED)


def _checks(fields: dict[str, list[str]]) -> dict[str, Check]:
    return {name: _check(tuple(t for t in types if t != _REQUIRED)) for name, types in fields.items()}


@cache
def _check(types: Types) -> Check:
    """Return the check that a value is of one of the types."""
    if types == (_FILE,):
        return _file
    if all(name in _KINDS for name in types):
        return _scalar(types)
    if all(name.startswith(_ARRAY) for name in types):
        return _array(_check(tuple(name.removeprefix(_ARRAY) for name in types)))
    declared = _api()["types"]
    types = tuple(part for name in types for part in declared[name].get("one of", (name,)))
    objects = [_Object(name) for name in types]
    return objects[0] if len(objects) == 1 else _Union(objects)


def _file(value: object, where: Where, findings: _Findings) -> None:
    if not isinstance(value, str):
        findings.add(where, f"a file expected, not {_kind(value)}")
    elif value.startswith(_ATTACHED):
        name = value.removeprefix(_ATTACHED)
        findings.attached.add(name)
        if name not in findings.files:
            findings.add(where, f"no file part {name!r} in the request")


def _scalar(types: Types) -> Check:
    kinds = tuple(kind for name in types for kind in _KINDS[name])
    exact = frozenset(kinds)

    def check(value: object, where: Where, findings: _Findings) -> None:
        if type(value) not in exact:  # not isinstance: a bool is no Integer
            findings.add(where, f"{' or '.join(types)} expected, not {_kind(value)}")

    return check


def _array(inner: Check) -> Check:
    def check(value: object, where: Where, findings: _Findings) -> None:
        if not isinstance(value, list):
            findings.add(where, f"an array expected, not {_kind(value)}")
            return
        for place, item in enumerate(value):
            inner(item, (where, place), findings)

    return check


class _Object:
    """The check of one object type; its fields are looked up on first use because types refer to each other."""

    def __init__(self, name: str) -> None:
        declared = _api()["types"][name]
        fields: dict[str, list[str]] = declared["fields"]
        self.name = name
        self.known = frozenset(fields)
        self.required = frozenset(key for key, types in fields.items() if types[0] == _REQUIRED)
        self.tag: tuple[str, str] | None = tuple(declared["is"]) if "is" in declared else None
        self._fields = fields
        self._checks: dict[str, Check] | None = None

    def __call__(self, value: object, where: Where, findings: _Findings) -> None:
        if not isinstance(value, dict):
            findings.add(where, f"{self.name} expected, not {_kind(value)}")
            return
        if self._checks is None:
            self._checks = _checks(self._fields)
        for key, inner in value.items():
            check = self._checks.get(key)
            if check is None:
                findings.add((where, key), f"unknown field of {self.name}")
            else:
                check(inner, (where, key), findings)
        if not self.required <= value.keys():
            for key in sorted(self.required - value.keys()):
                findings.add((where, key), f"missing in {self.name}")
        if self.tag is not None and value.get(self.tag[0], self.tag[1]) != self.tag[1]:
            findings.add((where, self.tag[0]), f"{self.tag[1]!r} expected in {self.name}")


class _Union:
    """The check that a value is one of several objects: the one whose tag it bears, or else the one it fits best."""

    def __init__(self, objects: list[_Object]) -> None:
        self._objects = objects
        self._tag = objects[0].tag[0] if objects[0].tag else None
        self._tagged: dict[object, list[_Object]] = {}
        for one in objects:
            if one.tag is not None:
                self._tagged.setdefault(one.tag[1], []).append(one)

    def __call__(self, value: object, where: Where, findings: _Findings) -> None:
        if not isinstance(value, dict):
            findings.add(where, f"{' or '.join(one.name for one in self._objects)} expected, not {_kind(value)}")
            return
        fitting = self._objects
        if self._tag is not None:
            said = value.get(self._tag)
            fitting = self._tagged.get(said, []) if isinstance(said, str) else []
            if not fitting:
                findings.add((where, self._tag), f"{said!r} is none of {', '.join(sorted(map(str, self._tagged)))}")
                return
        keys = value.keys()
        best = min(fitting, key=lambda one: len(keys - one.known) + len(one.required - keys))
        best(value, where, findings)


def _kind(value: object) -> str:
    return {dict: "an object", list: "an array", type(None): "null"}.get(type(value), type(value).__name__)


def _path(where: Where) -> str:
    if isinstance(where, str):
        return where
    parent, key = where
    return f"{_path(parent)}[{key}]" if isinstance(key, int) else f"{_path(parent)}.{key}"
