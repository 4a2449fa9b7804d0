"""What users give, as typed fields: every mistake at once, in words.

msgspec converts and checks each value by the annotation of its field; here its complaints are
collected, and put into the words of the house. (pydantic does this too, and takes 80 ms to import:
more than a hook has for all of its work.)
"""

from __future__ import annotations

import types
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Union
from typing import get_args as arguments_of
from typing import get_origin as origin_of

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_READ = "read"
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


class Mistake(NamedTuple):
    """What is wrong with one field.

    Attributes:
        field: Its name.
        kind: ``unknown``, ``missing`` or ``unusable``.
        got: What was given.
        want: What is wanted, in words.
    """

    field: str
    kind: Literal["unknown", "missing", "unusable"]
    got: Any = None
    want: str = ""


class WithheldError(ValueError):
    """A value that is not usable, and that no message may show: *shown* stands for it."""

    def __init__(self, want: str, *, shown: str) -> None:
        super().__init__(want)
        self.shown = shown


def reader(read: Callable[[Any], Any], **constraints: Any) -> msgspec.Meta:
    """For ``Annotated``: values are first read by *read*, which raises ValueError in words."""
    return msgspec.Meta(extra={_READ: read}, **constraints)


def names_of(model: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields of *model*, in order."""
    return tuple(_fields(model))


def given(values: msgspec.Struct) -> dict[str, Any]:
    """The fields of *values* that are no defaults, in order."""
    found = {}
    for name, field in _fields(type(values)).items():
        value = getattr(values, name)
        if field.required or value != field.default:
            found[name] = value
    return found


def read(
    model: type[msgspec.Struct], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Mistake]]:
    """The values of *given* that are right as fields of *model*, and every mistake in the others.

    The rules over several fields are the model's own, checked when one is made of the values.
    """
    fields = _fields(model)
    found: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for name, field in fields.items():
        if name not in given:
            mistakes += [Mistake(name, "missing")] if field.required else []
            continue
        try:
            found[name] = _converted(given[name], field.type)
        except msgspec.ValidationError as error:
            words = _in_words(str(error), field.type)
            mistakes.append(Mistake(name, "unusable", given[name], words))
        except WithheldError as error:
            mistakes.append(Mistake(name, "unusable", error.shown, str(error)))
        except ValueError as error:
            mistakes.append(Mistake(name, "unusable", given[name], str(error)))
    mistakes += [Mistake(name, "unknown", given[name]) for name in given if name not in fields]
    return found, mistakes


@cache
def _fields(model: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(model)}


def _converted(value: Any, type_: Any) -> Any:
    for one in _readers(type_):
        value = None if value is None and _admits_none(type_) else one(value)
    if isinstance(value, str) and not isinstance(value, Enum):
        value = str(value)  # numpy's text is a str too
    return msgspec.convert(value, type_)


@cache
def _readers(type_: Any) -> tuple[Callable[[Any], Any], ...]:
    """The functions of :func:`reader` in *type_*, or in a member of the union that it is."""
    if origin_of(type_) in (Union, types.UnionType):
        return tuple(one for part in arguments_of(type_) for one in _readers(part))
    metas = arguments_of(type_)[1:] if origin_of(type_) is Annotated else ()
    return tuple(meta.extra[_READ] for meta in metas if meta.extra and _READ in meta.extra)


def _admits_none(type_: Any) -> bool:
    return origin_of(type_) in (Union, types.UnionType) and types.NoneType in arguments_of(type_)


def _in_words(complaint: str, type_: Any) -> str:
    """``Expected `int` >= 2, got `str` `` as ``a whole number >= 2``."""
    choices = _choices(type_)
    if choices:
        *most, last = map(repr, choices)
        return f"{', '.join(most)} or {last}" if most else last
    wanted = complaint.removeprefix("Expected ").partition(", got ")[0].partition(" - at ")[0]
    parts = wanted.split("`")
    return "".join(
        " or ".join(_WORDS.get(name, name) for name in part.split(" | ") if name != "null")
        if place % 2
        else part
        for place, part in enumerate(parts)
    )


def _choices(type_: Any) -> list[str]:
    if isinstance(type_, type) and issubclass(type_, Enum):
        return [str(member.value) for member in type_]
    if origin_of(type_) is Literal:
        return [str(value) for value in arguments_of(type_)]
    return [choice for part in arguments_of(type_) for choice in _choices(part)]
