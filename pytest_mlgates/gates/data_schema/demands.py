"""What a contract holds columns to be, for files that do not say it.

A CSV has no types. What its values look like decides only what the contract leaves open: a regular
expression, a length, a set of texts or the type ``str`` make a column text, however many digits it
is made of; a bound or a mean makes it numbers. A column that is held to both is what it looks like.
A bound that is a number in quotes makes it nothing: of texts, "9" is more than "18", and numbers
are never compared so (:func:`against_numbers`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import plural
from pytest_mlgates.engines.wanted import Wanted
from pytest_mlgates.gates.data_schema import foreign, type_names
from pytest_mlgates.gates.data_schema.native import NATIVE
from pytest_mlgates.gates.data_schema.numbers import is_number, unquoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.data_schema.suite import Expectation

# Of what a type is called, the part that says that it is about text, or about numbers.
_OF_TEXT = re.compile("regex|value_lengths|strftime|parseable|json_schema|like_pattern|valid_json")
_OF_NUMBERS = re.compile(
    "column_(mean|median|stdev|sum)_to|quantile|z_scores|outliers|multicolumn_sum|ks_test"
)
_OF_VALUES = re.compile("values_to_be_between|column_(min|max)_to_be_between")
_COMPARED = re.compile(
    "pair_values_(a_to_be_greater|to_be_equal)|unique_within_record|values_equal"
)
# They are about the columns, not about what these hold.
_OF_THE_HEADER = re.compile("expect_column_to_exist$|expect_table_column")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TEXT_TYPES = frozenset({"str", "object"})
_TIMES = frozenset({"datetime64", "datetime"})
_FLOATS = frozenset({"float64", "float32"})


@dataclass
class _Held:
    """What expectations hold columns to be; ``same`` are columns whose values are compared."""

    text: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    floats: set[str] = field(default_factory=set)
    times: set[str] = field(default_factory=set)
    same: list[tuple[str, ...]] = field(default_factory=list)

    def to_values(self, column: str, values: Iterable[Any], *, in_order: bool = False) -> None:
        """*column* is compared with each of *values*; *in_order*: which of the two is more."""
        found = [value for value in values if value is not None]
        if found and all(isinstance(v, str) for v in found):
            # A date in a contract is written as text; the column may be dates, or text.
            plain = (not _DATE.match(v) and not (in_order and is_number(v)) for v in found)
            if any(plain):
                self.text.add(column)
        elif found and all(isinstance(v, int | float) and not isinstance(v, bool) for v in found):
            self.numbers.add(column)


def of(expectations: Sequence[Expectation]) -> Wanted:
    """What *expectations* want of a table whose files do not say types."""
    held = _held(expectations)
    spread = True
    while spread:  # of two columns that are compared, both are text
        before = len(held.text)
        for group in held.same:
            if held.text.intersection(group) and not held.numbers.intersection(group):
                held.text.update(group)
        spread = len(held.text) > before
    text = frozenset(held.text - held.numbers)
    return Wanted(
        columns=_columns(expectations),
        text=text,
        numbers=frozenset(held.numbers - held.text),
        floats=frozenset(held.floats - text),
        times=frozenset(held.times - text),
    )


def said_text(expectations: Sequence[Expectation]) -> frozenset[str]:
    """The columns of which a type says that they are text."""
    return frozenset(
        column
        for expectation in expectations
        if isinstance(column := expectation.arguments.get("column"), str)
        and (names := _types_named(expectation))
        and {type_names.canonical(str(name)) for name in names} <= _TEXT_TYPES
    )


def against_numbers(table: Table, expectation: Expectation, said: frozenset[str]) -> str | None:
    """The complaint where *expectation* wants numbers of a file to be more than a text, or None.

    Read as texts, for whatever reason, they would compare letter by letter, and pass or fail by
    chance. Columns *said* to be text are meant to be.

    Raises:
        TableError: if the file cannot be read.
    """
    for what, column, value in _ordered(expectation):
        if not isinstance(value, str) or _DATE.match(value) or column in said:
            continue
        found = table.not_numbers(column) if column in table.columns else None
        if found is not None and found.present and not found.count and not found.quoted:
            return (
                f"{what} {value!r} is text, and column {column!r} holds numbers"
                f"{unquoted(value) or ': write a number'} (or expect the column to be of type str)"
            )
    return None


def _ordered(expectation: Expectation) -> list[tuple[str, str, Any]]:
    """What *expectation* compares by which is more: what it is called, the column, the value."""
    given, found = expectation.arguments, []
    column = given.get("column")
    if isinstance(column, str) and _OF_VALUES.search(expectation.type):
        found += [(name, column, given.get(name)) for name in ("min_value", "max_value")]
    if expectation.condition is not None:
        from pytest_mlgates.gates.data_schema.condition_demands import compared

        for one, values, in_order in compared(expectation.condition, []):
            found += [("row_condition:", one, value) for value in values if in_order]
    return found


def text_columns(expectations: Sequence[Expectation]) -> frozenset[str]:
    """The columns that *expectations* hold to be text, and not to be numbers as well."""
    return of(expectations).text


def broken(table: Table, expectation: Expectation) -> str | None:
    """The complaint where *expectation* is about numbers and the file has other values, or None.

    Values are counted, never shown.
    """
    for column in sorted(_held([expectation]).numbers):
        if column not in table.columns:
            continue
        found = table.not_numbers(column)
        if found is None:
            continue
        if not found.count and found.quoted:
            place = f": numbers in quotes, the first in {found.first}" if found.first else ""
            return f"column {column!r} holds text where numbers are wanted{place}"
        if not found.count:
            return f"column {column!r} holds whole numbers of more than 64 bits"
        if table.private:
            return f"column {column!r} holds text: not all of its values are numbers"
        hint = f"; `{found.hint}` of the table would read them" if found.hint else ""
        verb = "is not a number" if found.count == 1 else "are not numbers"
        total = plural(found.present, "value")
        place = f", the first text is in {found.first}" if found.first else ""
        return f"column {column!r} holds text: {found.count:,} of {total} {verb}{place}{hint}"
    return None


def _columns(expectations: Sequence[Expectation]) -> frozenset[str] | None:
    """The columns whose values are looked at; None where nobody knows."""
    found: set[str] = set()
    for expectation in expectations:
        if expectation.type not in NATIVE and expectation.type not in foreign.GX_TYPES:
            return None
        if _OF_THE_HEADER.match(expectation.type):
            found.update(expectation.condition_columns())
        else:
            found.update(expectation.columns())
    return frozenset(found)


def _held(expectations: Sequence[Expectation]) -> _Held:
    held = _Held()
    for expectation in expectations:
        _by_arguments(held, expectation)
        if expectation.condition is not None:
            from pytest_mlgates.gates.data_schema.condition_demands import compared

            for column, values, in_order in compared(expectation.condition, held.same):
                held.to_values(column, values, in_order=in_order)
    return held


def _by_arguments(held: _Held, expectation: Expectation) -> None:
    type_, given = expectation.type, expectation.arguments
    columns = [
        name
        for name in (given.get("column"), given.get("column_A"), given.get("column_B"))
        if isinstance(name, str)
    ]
    listed = given.get("column_list")
    if isinstance(listed, list | tuple) and not _OF_THE_HEADER.match(type_):
        columns += [name for name in listed if isinstance(name, str)]
    if _OF_TEXT.search(type_):
        held.text.update(columns)
    if _OF_NUMBERS.search(type_):
        held.numbers.update(columns)
    if _COMPARED.search(type_):
        held.same.append(tuple(columns))
    if len(columns) == 1:
        if _OF_VALUES.search(type_):
            bounds = [given.get("min_value"), given.get("max_value")]
            held.to_values(columns[0], bounds, in_order=True)
        held.to_values(columns[0], _values(given.get("value_set")))
        if names := _types_named(expectation):
            _by_type(held, columns[0], names)
    if len(columns) == 2:
        pairs = [pair for pair in _values(given.get("value_pairs_set")) if len(pair) == 2]
        for place, column in enumerate(columns):
            held.to_values(column, [pair[place] for pair in pairs])


def _types_named(expectation: Expectation) -> Sequence[Any]:
    """The types that *expectation* names, none if it is about something else."""
    given = expectation.arguments
    names = given.get("type_list") or given.get("type_")
    if not names or "type" not in expectation.type:
        return ()
    return [names] if isinstance(names, str) else names


def _values(given: Any) -> list[Any]:
    return list(given) if isinstance(given, list | tuple | set | frozenset) else []


def _by_type(held: _Held, column: str, names: Iterable[Any]) -> None:
    found = {type_names.canonical(str(name)) for name in names}
    whole = {name for name in found if name and name.startswith(("int", "uint"))}
    if found <= _TEXT_TYPES:
        held.text.add(column)
    elif found & _FLOATS and not whole:
        held.floats.add(column)
    elif found & _TIMES and "date" not in found:
        held.times.add(column)
    if found and found <= whole | _FLOATS | {"decimal"}:
        held.numbers.add(column)
