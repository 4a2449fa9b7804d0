"""``row_condition``: a small grammar, parsed and never executed.

Great Expectations hands this text to ``DataFrame.query``, which sees local variables, so a saved
suite can run a shell. Here it is names, back-ticked names, literals, comparisons (chained too),
``in`` / ``not in``, and / or / not / ``&`` / ``|`` and parentheses; beside them the condition
objects that GX 1.x writes and its ``col("x")`` forms. Everything else is misuse.

As in pandas, ``&`` and ``|`` bind like ``and`` and ``or``: ``a == 1 | a == 3`` is true for both.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_CHARACTERS = 2000
_DEEPEST = 40
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_WANT = (
    "column names, literals, == != < <= > >=, in, not in, and, or, not, parentheses; "
    'col("x").notNull() and col("x").isNull() for nulls'
)
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?(?![A-Za-z_0-9.]))
    | (?P<string>'(?:[^'\\\n]|\\['"\\nt])*'|"(?:[^"\\\n]|\\['"\\nt])*")
    | `(?P<quoted>[^`\n]+)`
    | (?P<name>[^\W\d]\w*)
    | (?P<op><=|>=|==|!=|<|>|\(|\)|\[|\]|,|&|\||~|-|\.)
    )""",
    re.VERBOSE,
)
_KEYWORDS = {"and", "or", "not", "in"}
_CONSTANTS = {"True": True, "False": False}
_NULL_CALLS = {"notNull": False, "is_not_null": False, "isNull": True, "is_null": True}
_PARSERS = (None, "pandas", "great_expectations", "great_expectations__experimental__")


@dataclass(frozen=True, slots=True)
class Name:
    """A column."""

    column: str


@dataclass(frozen=True, slots=True)
class Compare:
    """``left op right``: a column on the left, a column or a literal on the right."""

    left: Name
    op: str
    right: Any


@dataclass(frozen=True, slots=True)
class In:
    """``column in [...]`` or ``not in``."""

    left: Name
    values: tuple[Any, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Null:
    """Whether a column is null, or is not."""

    left: Name
    is_null: bool


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Any


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Any, ...]


def parse(value: Any, parser: Any = None) -> Any:
    """*value* (text, or a condition as GX 1.x writes it) as a tree of the classes above.

    Raises:
        MLGatesError: for anything outside the grammar.
    """
    if parser not in _PARSERS:
        raise MLGatesError(
            f"condition_parser {parser!r} is not supported",
            want="'pandas', 'great_expectations', or none: the grammar is the same",
            fix='write the condition as `age > 18 and sex == "F"`',
        )
    if hasattr(value, "dict") and not isinstance(value, dict):  # a condition object of GX
        value = value.dict()
    if isinstance(value, dict):
        return _of_mapping(value, 0)
    if not isinstance(value, str):
        raise MLGatesError("row_condition is not text", got=repr(value), want=_WANT)
    if len(value) > _MOST_CHARACTERS:
        raise MLGatesError(
            "row_condition is too long",
            got=f"{len(value):,} characters",
            want=f"at most {_MOST_CHARACTERS:,}",
        )
    return _Parser(value).parse()


def columns(tree: Any) -> Iterator[str]:
    """The columns that *tree* names."""
    if isinstance(tree, Name):
        yield tree.column
    elif isinstance(tree, Compare):
        yield from columns(tree.left)
        yield from columns(tree.right)
    elif isinstance(tree, In | Null):
        yield from columns(tree.left)
    elif isinstance(tree, Not):
        yield from columns(tree.part)
    elif isinstance(tree, All | AnyOf):
        for part in tree.parts:
            yield from columns(part)


def _refused(text: str, got: str) -> MLGatesError:
    return MLGatesError(f"row_condition {text!r} cannot be used", got=got, want=_WANT)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.depth = text, 0
        self.tokens = list(self._tokens())
        self.place = 0

    def _tokens(self) -> Iterator[tuple[str, Any]]:
        place = 0
        end = len(self.text.rstrip())
        while place < end:
            found = _TOKEN.match(self.text, place)
            if found is None:
                raise _refused(
                    self.text, f"{self.text[place:].strip()[0]!r}, which is no part of it"
                )
            place = found.end()
            kind = str(found.lastgroup)
            token = found[kind]
            if kind == "number":
                yield "value", float(token) if re.search("[.eE]", token) else int(token)
            elif kind == "string":
                yield "value", ast.literal_eval(token)
            elif kind == "quoted":
                yield "name", Name(token)
            elif kind == "name" and token in _CONSTANTS:
                yield "value", _CONSTANTS[token]
            elif kind == "name" and token not in _KEYWORDS:
                yield "name", Name(token)
            else:
                yield "op", token

    def parse(self) -> Any:
        tree = self._any()
        if self.place < len(self.tokens):
            raise self._unexpected()
        return tree

    def _peek(self) -> tuple[str, Any]:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("end", None)

    def _take(self) -> tuple[str, Any]:
        token = self._peek()
        self.place += 1
        return token

    def _accept(self, *ops: str) -> bool:
        kind, value = self._peek()
        if kind == "op" and value in ops:
            self.place += 1
            return True
        return False

    def _expect(self, op: str) -> None:
        if not self._accept(op):
            raise self._unexpected()

    def _unexpected(self) -> MLGatesError:
        kind, value = self._peek()
        if kind == "end":
            return _refused(self.text, "an unfinished condition")
        shown = value.column if isinstance(value, Name) else value
        if value == "(":
            return _refused(self.text, "a call: conditions are compared, never executed")
        if value in (".", "["):
            return _refused(self.text, f"{value!r}: attributes and subscripts are not read")
        return _refused(self.text, f"{shown!r} where something else was due")

    def _any(self) -> Any:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _refused(self.text, f"more than {_DEEPEST} levels of parentheses")
        parts = [self._all()]
        while self._accept("or", "|"):
            parts.append(self._all())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Any:
        parts = [self._negation()]
        while self._accept("and", "&"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _negation(self) -> Any:
        negated = False
        while self._accept("not"):
            negated = not negated
        part = self._comparison()
        return Not(part) if negated else part

    def _comparison(self) -> Any:
        if self._accept("~"):
            if self._peek() != ("op", "("):
                raise _refused(self.text, "'~' without parentheses (write `not (...)`)")
            self.place += 1
            part = self._any()
            self._expect(")")
            return Not(part)
        if self._peek() == ("op", "("):
            self.place += 1
            part = self._any()
            self._expect(")")
            return part
        left = self._operand()
        if isinstance(left, Null):
            return left
        parts: list[Any] = []
        while True:
            kind, op = self._peek()
            if kind != "op":
                break
            if op in _FLIPPED:
                self.place += 1
                right = self._operand()
                parts.append(self._compare(left, op, right))
                left = right
            elif op in ("in", "not"):
                self.place += 1
                if op == "not":
                    self._expect("in")
                if not isinstance(left, Name):
                    raise _refused(self.text, f"{left!r} in front of `in`")
                parts.append(In(left, self._list(), op == "not"))
                break
            else:
                break
        if parts:
            return parts[0] if len(parts) == 1 else All(tuple(parts))
        if isinstance(left, Name):  # a column of booleans
            return Compare(left, "==", right=True)
        raise _refused(self.text, f"{left!r} alone")

    def _compare(self, left: Any, op: str, right: Any) -> Compare:
        if isinstance(left, Null) or isinstance(right, Null):
            raise _refused(self.text, "a null test inside a comparison")
        if isinstance(left, Name):
            return Compare(left, op, right)
        if isinstance(right, Name):
            return Compare(right, _FLIPPED[op], left)
        raise _refused(self.text, f"{left!r} {op} {right!r}, which names no column")

    def _operand(self) -> Any:
        kind, value = self._peek()
        if kind == "name":
            self.place += 1
            return self._column_call() if value == Name("col") and self._calls() else value
        return self._literal()

    def _literal(self) -> Any:
        if self._accept("-"):
            kind, value = self._take()
            if kind == "value" and not isinstance(value, bool | str):
                return -value
            self.place -= 1
            raise self._unexpected()
        kind, value = self._peek()
        if kind != "value":
            if isinstance(value, Name) and value.column in ("None", "nan", "NaN"):
                raise _refused(self.text, f'{value.column} (write `col("x").isNull()`)')
            raise self._unexpected()
        self.place += 1
        return value

    def _calls(self) -> bool:
        return self._peek() == ("op", "(")

    def _column_call(self) -> Any:
        """``col("x")``, and ``.notNull()`` or ``.isNull()`` behind it: GX's own words."""
        self._expect("(")
        kind, value = self._take()
        if kind != "value" or not isinstance(value, str):
            self.place -= 1
            raise self._unexpected()
        self._expect(")")
        name = Name(value)
        if not self._accept("."):
            return name
        kind, method = self._take()
        if kind != "name" or method.column not in _NULL_CALLS:
            self.place -= 1
            raise self._unexpected()
        self._expect("(")
        self._expect(")")
        return Null(name, _NULL_CALLS[method.column])

    def _list(self) -> tuple[Any, ...]:
        close = "]" if self._accept("[") else ")"
        if close == ")":
            self._expect("(")
        values = [self._literal()]
        while self._accept(","):
            if self._peek() == ("op", close):
                break
            values.append(self._literal())
        self._expect(close)
        return tuple(values)


def _of_mapping(value: Mapping[str, Any], depth: int) -> Any:
    """The condition objects of GX 1.x, as its JSON has them."""
    shown = repr(value)
    kind = value.get("type")
    if depth > _DEEPEST:
        raise _refused(shown[:80], f"more than {_DEEPEST} levels")
    if kind == "pass_through" and isinstance(value.get("pass_through_filter"), str):
        return parse(value["pass_through_filter"])
    if kind in ("and", "or") and isinstance(value.get("conditions"), list) and value["conditions"]:
        parts = tuple(
            _of_mapping(part if isinstance(part, dict) else _as_mapping(part), depth + 1)
            for part in value["conditions"]
        )
        return All(parts) if kind == "and" else AnyOf(parts)
    column = value.get("column")
    name = column.get("name") if isinstance(column, dict) else column
    if isinstance(name, str):
        if kind == "nullity" and isinstance(value.get("is_null"), bool):
            return Null(Name(name), value["is_null"])
        if kind == "comparison":
            return _of_comparison(Name(name), value, shown)
    raise _refused(shown, f"a condition of type {kind!r}")


def _as_mapping(part: Any) -> Mapping[str, Any]:
    found = part.dict() if hasattr(part, "dict") else None
    if not isinstance(found, dict):
        raise _refused(repr(part), "a part that is no condition")
    return found


def _of_comparison(name: Name, value: Mapping[str, Any], shown: str) -> Any:
    op = str(getattr(value.get("operator"), "value", value.get("operator")))
    parameter = value.get("parameter")
    if op in ("IN", "NOT_IN") and isinstance(parameter, list | tuple) and parameter:
        if all(_is_literal(item) for item in parameter):
            return In(name, tuple(parameter), op == "NOT_IN")
    elif op in _FLIPPED and _is_literal(parameter):
        return Compare(name, op, parameter)
    raise _refused(shown, f"{op} {parameter!r}")


def _is_literal(value: Any) -> bool:
    return isinstance(value, str | int | float | bool) and value == value  # noqa: PLR0124  (NaN)
