"""The border where the database's JSON is checked, by pydantic: a missing or odd field is an error that names it."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from moderation.timestamps import seconds_of

Json = Mapping[str, Any]


class ShapeError(ValueError):
    """The database answered something that this version does not understand."""


def _seconds(moment: object) -> object:
    try:
        return seconds_of(moment) if isinstance(moment, str) else moment
    except ValueError:
        raise ValueError("is no moment") from None  # Python's own error repeats the text


Seconds = Annotated[float, BeforeValidator(_seconds)]
"""Seconds since the epoch, of a `timestamptz` as JSON writes it."""


class Shaped(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


Shape = TypeVar("Shape", bound=Shaped)


def checked(shape: type[Shape], what: str, row: Json) -> Shape:
    """The row in its shape. `what` names it in the error. Raises `ShapeError`, with each fault and where it is."""
    try:
        return shape.model_validate(row)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)
        ]
        raise ShapeError(f"{what}: {'; '.join(faults)}") from error
