"""What all event data has in common, and the field types of which it is made.

Reading is forgiving: unknown fields are ignored and enumerations are open (CONTRACT §1), so that an older consumer
survives a newer producer. Types are not forgiving: a string is no number, a number is no time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from amends.instants import format_instant, parse_instant

_CLOSED: Final = {"closed_vocabulary": True}


class EventData(BaseModel):
    """The data of one event, frozen. A field that is None is absent on the wire."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    wire_type: ClassVar[str]
    """The CloudEvents `type`, for example `amends.ticket.opened.v1`."""

    def to_data(self) -> dict[str, Any]:
        """Return the data as it stands on the wire: JSON values only, no field that is None."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def from_client(cls, data: Mapping[str, Any]) -> Self:
        """Read data that a client wrote: unknown fields and unknown words of an enumeration are refused.

        Raises:
            pydantic.ValidationError: with every error at once.
        """
        return cls.model_validate(data, extra="forbid", context=_CLOSED)


class Part(BaseModel):
    """A part of an event's data, frozen."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True, slots=True)
class Known:
    """Marks a string whose known values are those of a `Literal`, while unknown ones are still read."""

    literal: Any

    @property
    def values(self) -> tuple[str, ...]:
        return get_args(self.literal)

    def _check(self, word: str, info: ValidationInfo) -> str:
        if info.context is _CLOSED and word not in self.values:
            raise ValueError(f"{word!r} is not one of {', '.join(self.values)}")
        return word

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        written = handler(schema)
        written["examples"] = list(self.values)
        return written


def _read_instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs a zone, for example +08:00 or Z")
        return value
    if not isinstance(value, str):
        raise ValueError("a time is an RFC 3339 string")  # noqa: TRY004 - pydantic collects ValueErrors only
    try:
        return parse_instant(value)
    except OverflowError as error:
        raise ValueError("a time between the years 1 and 9999") from error


Instant = Annotated[
    datetime,
    PlainValidator(_read_instant),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An aware datetime; RFC 3339 on the wire."""

Amount = Annotated[int, Field(strict=True, ge=0)]
"""Money in minor units of the currency that stands beside it (CNY: fen). Never negative."""

Count = Annotated[int, Field(strict=True, ge=0)]
Number = Annotated[int, Field(strict=True, ge=1)]
"""Runs, steps, versions, quantities: they count from 1."""

Flag = Annotated[bool, Field(strict=True)]
Text = Annotated[str, Field(min_length=1)]
