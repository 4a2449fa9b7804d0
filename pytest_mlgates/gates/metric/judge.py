"""From parameters and a table to the verdict of a metric gate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError, NoChampionError
from pytest_mlgates.core.policy import judge
from pytest_mlgates.core.verdict import GroupValue, InputDigest, Verdict
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.metric import text
from pytest_mlgates.gates.metric.decide import Claim, UndefinedPartError, decide
from pytest_mlgates.gates.metric.parts import parts_of, sliced
from pytest_mlgates.gates.metric.veil import veil_of
from pytest_mlgates.gates.privacy import Display
from pytest_mlgates.gates.recorded_counts import recorded
from pytest_mlgates.gates.two_claims import both, without_champion

if TYPE_CHECKING:
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import Context
    from pytest_mlgates.gates.metric.champion import Duel
    from pytest_mlgates.gates.metric.decide import Decision
    from pytest_mlgates.gates.metric.own import Own
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.metric.parts import Part
    from pytest_mlgates.gates.metric.veil import Veil


def evaluate(parameters: MetricParameters, subject: Any, context: Context) -> Verdict:
    """The verdict of a metric gate on a table.

    Raises:
        MLGatesError: for columns that are missing or of the wrong kind, a metric that is undefined
            on these rows or a slice of them, and a champion that cannot be compared.
    """
    table = to_table(subject, base=context.base)
    display = Display(private=table.private, min_cell=context.min_cell)
    own = None
    if parameters.spec.needs == "own":
        from pytest_mlgates.gates.metric.own import resolved

        own = resolved(parameters, table, context, display)
    table.begin_digest(_columns(parameters, own))  # while its rows are read
    if parameters.no_worse_than is None:
        return _absolute(parameters, table, display, own)
    # Champions need numpy and a model; a gate with a bound of its own does not.
    from pytest_mlgates.gates.metric.champion import duel

    try:
        found = duel(parameters, table, context, display, own)
    except NoChampionError as error:
        if not parameters.first:
            raise
        return without_champion(_absolute(parameters, table, display, own), error)
    verdict = _against(parameters, table, display, found, own)
    if not parameters.first:
        return verdict
    return both(verdict, _absolute(parameters, table, display, own))


def _absolute(
    parameters: MetricParameters, table: Table, display: Display, own: Own | None
) -> Verdict:
    spec = parameters.spec if own is None else own.metric
    claims = claims_of(parameters, spec.low, spec.high)
    parts = (
        parts_of(table, parameters, display)
        if own is None
        else sliced(table, parameters, own.measure, display)
    )
    return _verdict(parameters, table, display, parts, claims, own=own)


def claims_of(parameters: MetricParameters, low: float, high: float) -> list[Claim]:
    """The absolute bounds of *parameters*, on a metric that can be from *low* to *high*."""
    return [
        Claim(
            at_least=name == "min",
            limit=limit,
            tolerance=_tolerance(best, limit),
            width=high - low,
        )
        for name, limit, best in (("min", parameters.min, high), ("max", parameters.max, low))
        if limit is not None
    ]


def _tolerance(best: float, limit: float) -> float:
    """What a slice may miss; nothing, where it is open what a perfect value is."""
    return abs(best - limit) if math.isfinite(best) else 0.0


def _against(
    parameters: MetricParameters, table: Table, display: Display, found: Duel, own: Own | None
) -> Verdict:
    margin = parameters.margin or 0.0
    loss = parameters.spec.loss if own is None else own.loss
    claim = Claim(at_least=not loss, limit=margin if loss else -margin)
    verdict = _verdict(parameters, table, display, found.parts, [claim], found, own)
    warnings = [*verdict.warnings, *([found.note] if found.note else [])]
    if margin == 0:
        warnings.append("margin = 0 blocks an equally good candidate nearly half the time")
    return verdict.replace(
        details=(*verdict.details, found.details),
        inputs=(*verdict.inputs, InputDigest(name=found.name, digest=found.digest, rows=found.n)),
        warnings=tuple(warnings),
    )


def _verdict(
    parameters: MetricParameters,
    table: Table,
    display: Display,
    parts: list[Part],
    claims: list[Claim],
    found: Duel | None = None,
    own: Own | None = None,
) -> Verdict:
    display.register([part.group for part in parts if part.group is not None])
    try:
        decision = decide(parts, claims, parameters.confidence)
    except UndefinedPartError as error:
        raise _undefined(error, parameters, display) from None
    outcome = judge(decision.finding, parameters.inconclusive, estimate_holds=decision.holds)
    veil = veil_of(decision, display)
    shown = not veil.hides(decision.part)
    whole = decision.plain[0]
    warnings = dict.fromkeys(
        (
            *(decision.measured.warnings if shown else ()),
            *(() if veil.hides(whole[0]) else whole[1].warnings),
            *veil.warnings(),
        )
    )
    columns = _columns(parameters, own)
    confidence = decision.confidence
    return Verdict(
        id="",
        kind="metric",
        metric=parameters.metric,
        by=parameters.by or (),
        finding=decision.finding,
        outcome=outcome,
        estimate=float(decision.measured.value) if shown else None,
        deciding_estimate=None if veil.hides(decision.deciding) else float(decision.deciding_value),
        lower=decision.measured.interval.lower if shown else None,
        lower_confidence=confidence,
        upper=decision.measured.interval.upper if shown else None,
        upper_confidence=confidence,
        correction=decision.correction,
        n=veil.record(decision.part, decision.measured.n),
        method=decision.measured.method,
        groups=_groups(decision, display, veil),
        details=(*_whole(decision, veil), *_shown(parameters, decision, display)),
        counts=_counts(parts, display),
        rows_needed=decision.rows_needed if shown else None,
        inputs=(
            InputDigest(name=table.name, digest=table.digest(columns), rows=table.n_rows),
            *table.origins,
            *([] if own is None else [own.source]),
        ),
        warnings=tuple(warnings),
        message=text.message(parameters, decision, outcome, veil, found),
        summary=text.summary(parameters, decision, veil),
    )


def _columns(parameters: MetricParameters, own: Own | None) -> list[str]:
    """What is read for the verdict."""
    columns = [*(parameters.by or ())]
    if own is not None:
        columns += own.used
    elif parameters.multilabel is not None:
        columns += [*parameters.multilabel, *parameters.multilabel.values()]
    else:
        answers = parameters.y_score if parameters.takes_scores else [parameters.y_pred]
        columns += [parameters.y_true, *answers]
    roles = (parameters.sample_weight, parameters.cluster, parameters.query)
    return [*columns, *(name for name in roles if name is not None)]


def _groups(decision: Decision, display: Display, veil: Veil) -> tuple[GroupValue, ...]:
    return tuple(
        GroupValue(
            group=display.values(part.group),
            n=veil.record(part, found.n),
            value=None if veil.hides(part) else float(found.value),
            lower=None if veil.hides(part) else found.interval.lower,
            upper=None if veil.hides(part) else found.interval.upper,
        )
        for part, found in decision.plain
        if part.group is not None
    )


def _counts(parts: list[Part], display: Display) -> dict[str, Any]:
    """What a verifier computes the verdict from again; nothing of a private table."""
    first = parts[0].counts
    if first is None or display.private:
        return {}
    metric = first.metric
    matrices = (
        ({"group": None if part.group is None else list(part.group)}, metric.matrix(one.cells))
        for part in parts
        if (one := part.counts) is not None
    )
    return recorded(metric.labels, metric.positive, matrices)


def _whole(decision: Decision, veil: Veil) -> tuple[dict[str, Any], ...]:
    """The table as a whole, where a slice may be what is shown."""
    if len(decision.plain) == 1:
        return ()
    part, found = decision.plain[0]
    hidden = veil.hides(part)
    return (
        {
            "part": "whole",
            "value": None if hidden else float(found.value),
            "lower": None if hidden else found.interval.lower,
            "upper": None if hidden else found.interval.upper,
            "n": veil.record(part, found.n),
        },
    )


def _shown(
    parameters: MetricParameters, decision: Decision, display: Display
) -> tuple[dict[str, Any], ...]:
    """Which part the estimate, its bounds and its rows are of, where there are several."""
    if len(decision.plain) == 1:
        return ()
    group = decision.part.group
    if group is None:
        return ({"part": "shown", "shown": "whole table", "group": None},)
    name = text.slice_name(parameters, group, display)
    return ({"part": "shown", "shown": name, "group": display.values(group)},)


def _undefined(
    error: UndefinedPartError, parameters: MetricParameters, display: Display
) -> MLGatesError:
    part = error.part
    place = (
        "on this table"
        if part.group is None
        else f"in slice {text.slice_name(parameters, part.group, display)}"
    )
    return MLGatesError(
        f"{parameters.metric} is undefined {place}",
        got=f"{error.reason} ({display.rows(part.rows)})",
        want="rows that the metric can be computed from: what is undefined never passes",
        fix="" if part.group is None else "a coarser column in `by`, or more rows of that slice",
    )
