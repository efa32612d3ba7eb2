"""What a client asked to hear about the database: event, table, filter."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from local.gateway.realtime.pgoutput import Kind, Relation

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": eq,
    "neq": ne,
    "lt": lt,
    "lte": le,
    "gt": gt,
    "gte": ge,
}
_ids = itertools.count(1)  # clients ignore an id of 0


class InvalidFilterError(ValueError):
    """A filter that is not `column=operator.value`."""


@dataclass(frozen=True)
class Filter:
    """`column=operator.value`, with the operators of Realtime."""

    column: str
    operator: str
    operand: str

    def admits(self, record: Mapping[str, Any]) -> bool:
        """Whether a record passes. A value that is null or missing never does."""
        value = record.get(self.column)
        if value is None:
            return False
        if self.operator == "in":
            operands = self.operand.strip("()").split(",")
            return any(_compare(eq, value, operand) for operand in operands)
        return _compare(COMPARISONS[self.operator], value, self.operand)


@dataclass(frozen=True)
class Binding:
    """One `postgres_changes` entry of a join, as the client wrote it, with the id by which it is told."""

    id: int
    wanted: Mapping[str, Any]
    filter: Filter | None

    def matches(self, kind: Kind, relation: Relation) -> bool:
        """Whether it wants such a change (`INSERT`, `UPDATE`, `DELETE`) of such a table."""
        return (
            str(self.wanted.get("event", "*")).upper() in {"*", kind}
            and self.wanted.get("schema", "*") in {"*", relation.schema}
            and self.wanted.get("table", "*") in {"*", relation.table}
        )

    def reply(self) -> dict[str, Any]:
        """As the answer to a join repeats it, with its id."""
        return {**self.wanted, "id": self.id}


def parse(wanted: Mapping[str, Any]) -> Binding:
    """
    Raises:
        InvalidFilterError: see there.
    """
    text = wanted.get("filter")
    return Binding(next(_ids), wanted, parse_filter(text) if text else None)


def parse_filter(text: str) -> Filter:
    """Of `column=eq.value` and the like. Raises `InvalidFilterError` for any other text."""
    column, equals, rest = text.partition("=")
    operator, dot, operand = rest.partition(".")
    if not (equals and dot and column and (operator in COMPARISONS or operator == "in")):
        raise InvalidFilterError(f"Error parsing `filter` params: {text}")
    return Filter(column, operator, operand)


def _compare(compare: Callable[[Any, Any], bool], value: object, operand: str) -> bool:
    """Compares as the value's own kind: numbers as numbers, everything else as text."""
    if isinstance(value, bool):
        return compare(str(value).lower(), operand)
    if isinstance(value, int | float | Decimal):
        try:
            return compare(Decimal(str(value)), Decimal(operand))
        except InvalidOperation:
            return False
    return compare(str(value), operand)
