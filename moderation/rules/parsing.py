"""Reads JSON into frozen dataclasses: every key known, every type right, every number within its bounds.

Problems are collected, not raised one by one, so that anyone who writes a policy mends it in one go.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, field, fields, is_dataclass
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def bounded(default: float, lowest: float, highest: float) -> Any:
    """A number field with a default that JSON may only set within the bounds, both included."""
    return field(default=default, metadata={"bounds": (lowest, highest)})


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with what `over` says instead, objects key by key, everything else as a whole."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = merged(below, value) if both and below is not None else value
    return result


def default_json(value: Any) -> dict[str, Any]:
    """A policy in the shape that JSON has: lists for tuples."""
    return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(value).items()}


def parse(kind: type[T], value: Any, where: str, problems: list[str]) -> T | None:
    """`value` as the dataclass `kind`; `None`, and words in `problems`, if that cannot be."""
    if not isinstance(value, Mapping):
        problems.append(f"{where or 'policy'}: must be an object")
        return None
    before = len(problems)
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]  # every caller passes a dataclass
    hints = get_type_hints(kind)
    problems += [
        f"{_path(where, str(key))}: unknown; known here are {', '.join(known)}"
        for key in value
        if key not in known
    ]
    for name, spec in known.items():
        if name not in value and spec.default is MISSING and spec.default_factory is MISSING:
            problems.append(f"{_path(where, name)}: is missing")
    arguments = {
        name: _parse_field(hints[name], value[name], _path(where, name), spec.metadata, problems)
        for name, spec in known.items()
        if name in value
    }
    return kind(**arguments) if len(problems) == before else None


def _parse_field(kind: Any, value: Any, where: str, metadata: Mapping[str, Any], problems: list[str]) -> Any:
    if is_dataclass(kind):
        return parse(kind, value, where, problems)  # type: ignore[arg-type]  # a dataclass type, not an instance
    if get_origin(kind) is tuple:
        return _parse_list(get_args(kind)[0], value, where, problems)
    if kind is bool:
        return _expect(isinstance(value, bool), value, where, "must be true or false", problems)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _parse_choice(kind, value, where, problems)
    return _parse_number(value, where, metadata["bounds"], problems)


def _parse_list(kind: Any, value: Any, where: str, problems: list[str]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        problems.append(f"{where}: must be a list")
        return ()
    return tuple(parse(kind, item, f"{where}[{i}]", problems) for i, item in enumerate(value))


def _parse_choice(kind: type[StrEnum], value: Any, where: str, problems: list[str]) -> StrEnum | None:
    try:
        return kind(value)
    except ValueError:
        problems.append(f"{where}: must be one of {', '.join(kind)}, not {value!r}")
        return None


def _parse_number(value: Any, where: str, bounds: tuple[float, float], problems: list[str]) -> float:
    low, high = bounds
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    inside = number and low <= value <= high
    _expect(inside, value, where, f"must be a number from {low:g} to {high:g}, not {value!r}", problems)
    return float(value) if inside else low


def _expect(holds: bool, value: Any, where: str, complaint: str, problems: list[str]) -> Any:  # noqa: FBT001  # the fact itself
    if not holds:
        problems.append(f"{where}: {complaint}")
    return value


def _path(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
