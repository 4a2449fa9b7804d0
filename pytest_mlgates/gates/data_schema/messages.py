"""Verdicts of contracts in words: counts first, one bullet per expectation that does not hold."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import listing, percent, plural, printable
from pytest_mlgates.gates.data_schema.native import NATIVE
from pytest_mlgates.gates.data_schema.wording import value_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlgates.gates.data_schema.results import Result
    from pytest_mlgates.gates.data_schema.suite import Expectation
    from pytest_mlgates.gates.privacy import Display

_MOST_ON_A_LINE = 3


def render(
    judged: Sequence[tuple[Expectation, Result]],
    *,
    rows: int,
    bad_rows: str | None,
    examples: Mapping[int, Sequence[Mapping[str, Any]]],
    display: Display,
    columns: Sequence[str] = (),
) -> str:
    """The message: a line of counts, then a bullet per failure, the worst first, warnings last.

    The *columns* of the table come at its end, once, if one is missing that is like none of them.
    """
    worst = _by_damage(judged, display)
    failed = [i for i in worst if not judged[i][1].success and judged[i][0].blocks]
    warned = [i for i in worst if not judged[i][1].success and not judged[i][0].blocks]
    total = plural(len(judged), "expectation")
    if failed:
        head = f"{len(failed)} of {total} failed"
        head += f", {bad_rows}" if bad_rows else f", {rows_in_words(rows, display)} read"
    else:
        head = f"{_held(judged)} over {rows_in_words(rows, display)}"
    if warned:
        head += f", {plural(len(warned), 'warning')}"
    lines = [_subject(*judged[i]) for i in (*failed, *warned)]
    width = min(max((len(line) for line in lines), default=0), 48)
    out = [head]
    for i, subject in zip((*failed, *warned), lines, strict=True):
        expectation, result = judged[i]
        text = f"  - {subject:<{width}}   {_found(result, rows, display)}"
        if not expectation.blocks:
            text += f"   ({expectation.severity}, does not block)"
        shown = [_example(one) for one in examples.get(i, ())]
        out.append(text + (f"   e.g. {', '.join(shown)}" if shown else ""))
    if any(result.unlike_any for _, result in judged):
        out.append(f"  the table has {listing(columns)}")
    return "\n".join(printable(line.rstrip()) for line in out)


def _by_damage(judged: Sequence[tuple[Expectation, Result]], display: Display) -> list[int]:
    """The places of *judged*: what concerns all rows first, then by the share of rows it concerns.

    The order of a private table's failures would tell of counts that are withheld.
    """
    if display.private:
        return list(range(len(judged)))
    return sorted(range(len(judged)), key=lambda place: -_damage(judged[place][1]))


def _damage(result: Result) -> Fraction:
    judged = (result.element_count or 0) - (result.missing_count or 0)
    if result.unexpected_count is None or judged <= 0:
        return Fraction(1)
    return Fraction(result.unexpected_count, judged)


def summarize(judged: Sequence[tuple[Expectation, Result]], display: Display) -> str:
    """One line for a table: ``2 of 14 expectations failed: price between, id unique``."""
    worst = [judged[place] for place in _by_damage(judged, display)]
    failed = [e for e, r in worst if not r.success and e.blocks]
    total = plural(len(judged), "expectation")
    if not failed:
        warned = sum(not r.success for _, r in judged)
        return _held(judged) + (f", {plural(warned, 'warning')}" if warned else "")
    names = [label(e) for e in failed]
    more = f" and {len(names) - _MOST_ON_A_LINE} more" if len(names) > _MOST_ON_A_LINE else ""
    return f"{len(failed)} of {total} failed: {', '.join(names[:_MOST_ON_A_LINE])}{more}"


def _held(judged: Sequence[tuple[Expectation, Result]]) -> str:
    held = sum(bool(r.success) for _, r in judged)
    total = plural(len(judged), "expectation")
    return f"{total} held" if held == len(judged) else f"{held} of {total} held"


def label(expectation: Expectation) -> str:
    """An expectation in two or three words: ``price between``."""
    native = NATIVE.get(expectation.type)
    short = native.label if native else expectation.type.removeprefix("expect_").replace("_", " ")
    subject = _columns(expectation)
    return printable(f"{subject} {short}" if subject else short)


def _columns(expectation: Expectation) -> str:
    given = expectation.arguments
    if isinstance(given.get("column"), str):
        return str(given["column"])
    if "column_A" in given:
        return f"{given['column_A']}, {given.get('column_B')}"
    of_table = expectation.type.startswith("expect_table_")
    if isinstance(given.get("column_list"), list | tuple) and not of_table:
        return ", ".join(map(str, given["column_list"]))
    return ""


def _subject(expectation: Expectation, result: Result) -> str:
    """``price: at least 0``, with what the check is about and what it wants."""
    del result
    columns = _columns(expectation) or "table"
    words = _wanted(expectation)
    if expectation.arguments.get("mostly") is not None and expectation.mostly < 1:
        words += f" in at least {percent(expectation.mostly)}"
    condition = expectation.kwargs.get("row_condition")
    if isinstance(condition, str):
        words += f" where {condition}"
    elif condition is not None:
        words += " under its row_condition"
    return f"{columns}: {words}"


def _wanted(expectation: Expectation) -> str:
    native = NATIVE.get(expectation.type)
    return expectation.type if native is None else native.wants(expectation.arguments)


def _found(result: Result, rows: int, display: Display) -> str:
    hidden = result.hidden(rows, display)
    if result.error or result.note:
        return str(result.error or result.note)
    count, total = result.unexpected_count, result.element_count
    if count is not None and total:
        considered = total - (result.missing_count or 0)
        share = f" ({count / considered:.2%})".replace("%", " %") if considered else ""
        if "unexpected_count" in hidden and count >= display.min_cell:
            return "all but a few rows"
        # A share beside its numerator gives the denominator away.
        kept = not (hidden & {"unexpected_count", "element_count"}) and (
            "missing_count" not in hidden or not result.missing_count
        )
        return f"{rows_in_words(count, display)}{share if kept else ''}"
    if result.observed_value is None:
        return "does not hold"
    if "observed_value" in hidden:
        if result.counts_rows and display.record(result.observed_value) is None:
            return f"found {display.count(result.observed_value)}"
        return "does not hold (the value is private)"
    return f"found {_observed(result.observed_value)}"


def _observed(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = listing(value) if isinstance(value, list | tuple) else value_in_words(value)
    return text if len(text) <= 120 else f"{text[:119]}…"


def rows_in_words(count: int, display: Display) -> str:
    """``1 row``, ``5 rows``, ``<10 rows``."""
    return f"{display.count(count)} {'row' if count == 1 and not display.private else 'rows'}"


def _example(example: Mapping[str, Any]) -> str:
    """``row 17: -2.0``, or the value alone where rows have no order."""
    value, row = example["value"], example.get("row")
    text = "null" if value is None else repr(value)
    text = text if len(text) <= 60 else f"{text[:59]}…"
    return text if row is None else f"row {row}: {text}"
