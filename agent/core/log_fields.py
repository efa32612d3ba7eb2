"""Fields that every log line of a task carries, such as its room; `agent.process.log` writes them out."""

from collections.abc import Mapping
from contextvars import ContextVar

_bound: ContextVar[Mapping[str, object] | None] = ContextVar("fields of this task's log lines", default=None)


def bind(**fields: object) -> None:
    """From now on every log line of this task, and of tasks that it starts, carries these fields."""
    _bound.set({**(_bound.get() or {}), **fields})


def bound() -> Mapping[str, object]:
    """The fields of the present task."""
    return _bound.get() or {}
