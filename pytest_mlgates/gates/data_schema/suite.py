"""Suites: found, read and checked before any row is looked at.

Three forms: a path of GX 1.x suite JSON, that JSON as a mapping (or a GX ``ExpectationSuite``), or
a list of ``{"type": …, "kwargs": {…}}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import (
    did_you_mean,
    did_you_mean_file,
    line_of,
    listing,
    printable,
)
from pytest_mlgates.gates.data_schema import arguments, foreign, foreign_rules
from pytest_mlgates.gates.data_schema.native import NATIVE
from pytest_mlgates.gates.data_schema.suite_text import require_plain

_KEYS = frozenset(
    {
        "type",
        "kwargs",
        "meta",
        "severity",
        "id",
        "notes",
        "description",
        "rendered_content",
        "windows",
        "expectation_context",
    }
)
_MOST_OF_A_TYPE = 120
_SEVERITIES = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One expectation, checked.

    Attributes:
        type: ``expect_…``.
        kwargs: As the user wrote them.
        arguments: As they are meant (checked, plain Python).
        condition: The parsed ``row_condition``, None without one.
        severity: ``critical`` (blocks), ``warning`` or ``info`` (are reported).
        where: Where the user wrote it.
    """

    type: str
    kwargs: Mapping[str, Any]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    condition: Any = None
    severity: str | None = None
    where: str = ""

    @property
    def blocks(self) -> bool:
        """Whether a failure of it fails the gate."""
        return self.severity in (None, "critical")

    @property
    def claim(self) -> str:
        """What it says of each row: the same text for the same claim, whatever ``mostly``."""
        said = sorted((k, repr(v)) for k, v in self.arguments.items() if k != "mostly")
        return f"{self.type}{said}"

    @property
    def mostly(self) -> float:
        """The share of rows that must hold."""
        return float(self.arguments.get("mostly", 1.0))

    def columns(self) -> list[str]:
        """The columns that it looks at, those of its condition last."""
        found = [
            self.arguments[name]
            for name in ("column", "column_A", "column_B")
            if isinstance(self.arguments.get(name), str)
        ]
        if isinstance(self.arguments.get("column_list"), tuple | list):
            found += self.arguments["column_list"]
        return list(dict.fromkeys([*found, *self.condition_columns()]))

    def condition_columns(self) -> list[str]:
        """The columns of its condition."""
        if self.condition is None:
            return []
        from pytest_mlgates.gates.data_schema.condition_nodes import columns_of

        return list(columns_of(self.condition))


def load(suite: Any, base: Path) -> tuple[Expectation, ...]:
    """The expectations of *suite*.

    Raises:
        MLGatesError: naming every mistake in it; an empty suite is one.
    """
    where = "suite"
    if isinstance(suite, str | Path):
        where = str(suite)
        suite = _read(base / suite, where)
    elif callable(to_json := getattr(suite, "to_json_dict", None)):
        suite = to_json()
    found = _expectations(suite, where)
    require_plain(found, where)
    if not found:
        raise MLGatesError(
            "the suite has no expectations",
            where=where,
            want="at least one: an empty suite proves nothing",
        )
    errors: list[MLGatesError] = []
    parsed = [
        _expectation(one, f"{where} expectation {i}", errors)
        for i, one in enumerate(found, start=1)
    ]
    if errors:
        raise errors[0] if len(errors) == 1 else MLGatesError.collect(errors, source=where)
    expectations = tuple(one for one in parsed if one is not None)
    if not any(one.blocks for one in expectations):
        raise MLGatesError(
            "no expectation of this suite blocks: it holds for every table",
            where=where,
            got=f"severity {listing(dict.fromkeys(str(one.severity) for one in expectations))}",
            want="at least one expectation of severity 'critical', which is the default",
            fix="leave out the severity of what must hold",
        )
    return expectations


def _read(path: Path, where: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_each_once)
    except RecursionError:
        raise MLGatesError("the suite is nested too deep", where=str(path)) from None
    except MLGatesError as error:
        raise error.at(str(path)) from None
    except FileNotFoundError as error:
        nearby = sorted(p.name for p in path.parent.glob("*.json")) if path.parent.is_dir() else []
        raise MLGatesError(
            f"suite {where!r} cannot be read",
            where=str(path.parent),
            got=str(error.strerror)
            + (f"; the folder holds {listing(nearby, 6)}" if nearby else ""),
            want="a suite as Great Expectations 1.x writes it (JSON)",
            fix=did_you_mean_file(path.name, nearby)
            or f"write it from a good table: mlgates infer TABLE -o {where}",
        ) from None
    except OSError as error:
        raise MLGatesError(
            f"suite {where!r} cannot be read",
            where=str(path),
            got=str(error.strerror),
            want="a file that may be read: a suite as Great Expectations 1.x writes it (JSON)",
            fix=f"chmod u+r {where}" if isinstance(error, PermissionError) else "",
        ) from None
    except UnicodeDecodeError as error:
        raise MLGatesError(
            f"suite {where!r} is not UTF-8 text", where=f"{path}:{line_of(error)}"
        ) from None
    except json.JSONDecodeError as error:
        raise MLGatesError(
            f"suite {where!r} is not JSON",
            where=f"{path}:{error.lineno}:{error.colno}",
            got=error.msg,
        ) from None
    except ValueError as error:  # NUL in the path, a number of thousands of digits
        raise MLGatesError(f"suite {where!r} cannot be read", got=str(error)) from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of a key that stands twice, Python would keep the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MLGatesError(
            f"key {printable(twice)!r} stands twice in one object of the suite",
            want="every key once: which of them is meant?",
        )
    return found


def _expectations(suite: Any, where: str) -> list[Any]:
    if isinstance(suite, Mapping):
        suite = suite.get("expectations")
    if isinstance(suite, list | tuple):
        return list(suite)
    raise MLGatesError(
        "this is not a suite",
        where=where,
        got=type(suite).__name__ if suite is not None else "no key 'expectations'",
        want='{"name": …, "expectations": […]} or a list of {"type": …, "kwargs": {…}}',
    )


def _expectation(given: Any, where: str, errors: list[MLGatesError]) -> Expectation | None:
    to_dict = getattr(given, "to_json_dict", None) or getattr(
        getattr(given, "configuration", None), "to_json_dict", None
    )
    if callable(to_dict):  # an expectation object of GX
        given = to_dict()
    if not isinstance(given, Mapping) or not isinstance(given.get("type"), str):
        old = isinstance(given, Mapping) and "expectation_type" in given
        errors.append(
            MLGatesError(
                "an expectation without a type",
                where=where,
                got=repr(given)[:120],
                want='{"type": "expect_…", "kwargs": {…}}',
                fix="rename 'expectation_type' to 'type' (GX 1.x)" if old else "",
            )
        )
        return None
    place = f"{where} ({printable(given['type'][:_MOST_OF_A_TYPE])})"
    before = len(errors)
    errors += list(_envelope_errors(given, place))
    kwargs = given.get("kwargs", {})
    if not isinstance(kwargs, Mapping):
        errors.append(MLGatesError("kwargs is not a mapping", where=place, got=repr(kwargs)[:120]))
        return None
    read = _arguments(given["type"], kwargs, place, errors)
    condition = _condition(given["type"], kwargs, place, errors)
    severity = given.get("severity")
    if len(errors) > before:
        return None
    return Expectation(
        type=given["type"],
        kwargs=dict(kwargs),
        arguments=read,
        condition=condition,
        severity=str(getattr(severity, "value", severity)) if severity is not None else None,
        where=place,
    )


def _envelope_errors(given: Mapping[str, Any], where: str) -> Iterator[MLGatesError]:
    for key in given:
        if key not in _KEYS:
            yield MLGatesError(
                f"unknown key {key!r}",
                where=where,
                want="one of 'type', 'kwargs', 'severity', 'meta'",
                fix=did_you_mean(str(key), sorted(_KEYS)) or 'arguments go under "kwargs"',
            )
    if given.get("windows"):
        yield MLGatesError(
            "windows is not supported", where=where, want="bounds as numbers in the suite"
        )
    severity = given.get("severity")
    if severity is not None and str(getattr(severity, "value", severity)) not in _SEVERITIES:
        yield MLGatesError(
            "severity is not usable",
            where=where,
            got=repr(severity),
            want=f"one of {listing(_SEVERITIES)}",
        )


def _arguments(
    type_: str, kwargs: Mapping[str, Any], where: str, errors: list[MLGatesError]
) -> dict[str, Any]:
    if type_ in NATIVE:
        found, wrong = arguments.read(NATIVE[type_].arguments, kwargs, where)
    else:
        found, wrong = foreign.read(type_, kwargs, where)
    errors += wrong
    return found


def _condition(
    type_: str, kwargs: Mapping[str, Any], where: str, errors: list[MLGatesError]
) -> Any:
    given, parser = kwargs.get("row_condition"), kwargs.get("condition_parser")
    if given is None and parser is None:
        return None
    # Three grammars, which most suites do not need.
    from pytest_mlgates.gates.data_schema import conditions

    if given is None:
        errors += conditions.parser_errors(parser, where)
        return None
    native = NATIVE.get(type_)
    if type_ in foreign_rules.UNCONDITIONED or (native is not None and not native.conditioned):
        errors.append(
            MLGatesError(
                "unknown argument 'row_condition'",
                where=where,
                want="no condition: this expectation is about columns, not rows",
            )
        )
        return None
    try:
        return conditions.parse(given, parser)
    except MLGatesError as error:
        errors.append(error.at(where))
        return None
