"""From a table and a suite to a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import plural
from pytest_mlgates.core.verdict import Finding, InputDigest, Outcome, Verdict, plain
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.data_schema import demands, messages, suite
from pytest_mlgates.gates.data_schema.answers import Answers
from pytest_mlgates.gates.data_schema.contract import Contract
from pytest_mlgates.gates.data_schema.record import recorded
from pytest_mlgates.gates.privacy import Display

if TYPE_CHECKING:
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import Context
    from pytest_mlgates.gates.data_schema.plan import Plan
    from pytest_mlgates.gates.data_schema.results import Result
    from pytest_mlgates.gates.data_schema.suite import Expectation


def evaluate(parameters: Any, subject: Any, context: Context) -> Verdict:
    """The verdict of a suite on a table.

    Raises:
        MLGatesError: for a suite that cannot be judged, or a table without rows.
    """
    table = to_table(subject, base=context.base)
    table.begin_digest()  # while the suite is read and planned
    contract = Contract(parameters.suite, table, context.base)
    return _verdict(contract.plan, contract.results(), parameters, context)


def foresee(parameters: Any, table: Table, context: Context) -> None:
    """Tell *table* what :func:`evaluate` will want of it, before anything is read.

    Raises:
        MLGatesError: for a suite that cannot be judged.
    """
    table.foresee(demands.of(suite.load(parameters.suite, context.base)))


def anticipate(parameters: Any, table: Table, context: Context) -> None:
    """Ask *table* what :func:`evaluate` will need, so that one scan answers several gates.

    Raises:
        MLGatesError: for a suite that cannot be judged.
    """
    Contract(parameters.suite, table, context.base)


def explain(table: Table) -> list[str]:
    """What will be read of *table* for all contracts that were anticipated, in order."""
    return [step for reading in table.readings for step in Answers.of(reading).steps]


def _verdict(
    plan: Plan,
    judged: list[tuple[Expectation, Result]],
    parameters: Any,
    context: Context,
) -> Verdict:
    table, rows = plan.table, plan.n_rows()
    display = Display(private=table.private, min_cell=context.min_cell)
    most = 0 if table.private else max(parameters.examples, context.examples)
    examples = {
        i: _examples(plan, result, most)
        for i, (_, result) in enumerate(judged)
        if most and not result.success
    }
    blocked = [(e, r) for e, r in judged if not r.success and e.blocks]
    if blocked and not any(r.answered for _, r in blocked):
        raise _unanswered(blocked, len(judged))
    used = sorted({c for e, _ in judged for c in e.columns() if c in table.schema})
    return Verdict(
        id="",
        kind="data_schema",
        finding=Finding.DISPROVEN if blocked else Finding.PROVEN,
        outcome=Outcome.FAILED if blocked else Outcome.PASSED,
        message=messages.render(
            judged,
            rows=rows,
            bad_rows=_bad_rows(plan, [r for _, r in blocked], rows, display),
            examples=examples,
            display=display,
            columns=table.columns,
        ),
        summary=messages.summarize(judged, display),
        n=display.record(rows),
        method="exact",
        details=tuple(
            recorded(e, r, r.hidden(rows, display), examples.get(i), most)
            for i, (e, r) in enumerate(judged)
        ),
        inputs=(InputDigest(name=table.name, digest=table.digest(used or None), rows=rows),),
    )


def _unanswered(left: list[tuple[Expectation, Result]], total: int) -> MLGatesError:
    """Nothing is proven and nothing disproven: that is no verdict."""
    return MLGatesError(
        f"{len(left)} of {plural(total, 'expectation')} could not be evaluated",
        where="; ".join(e.where for e, _ in left),
        got="; ".join(f"{messages.label(e)}: {r.error or 'no answer'}" for e, r in left),
        want="expectations that can be asked of this table",
    )


def _examples(plan: Plan, result: Result, most: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if result.bad is not None:
        found = plan.examples(result.bad, result.values, most)
    elif result.samples is not None and result.unexpected_count:
        found = result.samples(most)
    return [{"row": one["row"], "value": plain(one["value"])} for one in found]


def _bad_rows(plan: Plan, failed: list[Result], rows: int, display: Display) -> str | None:
    """``5 of 891 rows`` that break an expectation; ``up to`` where one row may break several."""
    # Without an element_count, what is unexpected are distinct values, not rows.
    counted = [r for r in failed if r.unexpected_count and r.element_count is not None]
    if not counted:
        return None
    if display.private and len(counted) > 1 and rows >= display.min_cell:
        return None  # the rows of all minus those of one may be few
    expressions = [r.bad for r in counted if r.bad is not None]
    exact = len(counted) == 1 or len(expressions) == len(counted)
    if len(counted) == 1:
        found = counted[0].unexpected_count or 0
    elif exact:
        found = plan.bad_rows(expressions)
    else:
        found = min(rows, sum(r.unexpected_count or 0 for r in counted))
    hedge = "" if exact else "up to "
    if exact and len(counted) == 1 and display.private and counted[0].hidden(rows, display):
        few = found < display.min_cell
        total = messages.rows_in_words(rows, display)
        return f"{display.count(found)} of {total}" if few else None
    return f"{hedge}{display.count(found)} of {messages.rows_in_words(rows, display)}"
