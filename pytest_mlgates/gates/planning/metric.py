"""What a metric gate can settle and prove: of the whole table and of its slices."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError, NoChampionError
from pytest_mlgates.core.text import limit, number, percent
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.metric.decide import Claim, simultaneous
from pytest_mlgates.gates.metric.parts import parts_of, sliced
from pytest_mlgates.gates.planning.model import PRACTICALLY_NEVER, Bounded, Plan, Reach, Rows
from pytest_mlgates.gates.privacy import Display
from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.power import NormalRuler, ShareRuler, standard_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import Context, Gate
    from pytest_mlgates.gates.metric.metrics import Metric
    from pytest_mlgates.gates.metric.own import Own
    from pytest_mlgates.gates.metric.parameters import MetricParameters
    from pytest_mlgates.gates.metric.parts import Part
    from pytest_mlgates.statistics.interval import Measured
    from pytest_mlgates.statistics.power import Ruler

# A model that knows nothing reaches this: what is worse is not sensible to plan for.
_GUESSING = {"roc_auc": 0.5, "balanced_accuracy": 0.5, "r2": 0.0}

# What the rows of a metric are, where they are not all rows.
_OF = {
    "precision": "rows predicted positive",
    "recall": "positives",
    "f1": "rows positive in truth or predicted",
}


def plan_metric(gate: Gate, subject: Any, context: Context) -> Plan:
    """The plan of a metric gate on a table.

    Raises:
        MLGatesError: for what the gate itself would refuse.
    """
    parameters: MetricParameters = gate.parameters  # type: ignore[assignment]
    table = to_table(subject, base=context.base)
    display = Display(private=table.private, min_cell=context.min_cell)
    notes: list[str] = []
    bounds: list[Bounded] = []
    own = None
    if parameters.spec.needs == "own":
        from pytest_mlgates.gates.metric.own import resolved

        own = resolved(parameters, table, context, display)
    if parameters.no_worse_than is not None:
        bounds += _against(parameters, table, context, display, notes, own)
    if parameters.absolute:
        parts = (
            parts_of(table, parameters, display)
            if own is None
            else sliced(table, parameters, own.measure, display)
        )
        bounds += _sides(parameters, parts, _claims(parameters, own), display)
    by = f" by {' × '.join(parameters.by)}" if parameters.by else ""
    champion = " vs champion" if parameters.no_worse_than is not None else ""
    return Plan(
        id=gate.id,
        kind="metric",
        claim=f"{parameters.metric}{champion}{by}",
        table=table.name,
        n=display.record(table.n_rows),
        confidence=parameters.confidence,
        bounds=tuple(bounds),
        notes=tuple(notes),
    )


def _claims(parameters: MetricParameters, own: Own | None) -> list[Claim]:
    spec = parameters.spec if own is None else own.metric
    sides = (("min", parameters.min, spec.high), ("max", parameters.max, spec.low))
    return [
        Claim(at_least=name == "min", limit=bound, tolerance=abs(best - bound))
        for name, bound, best in sides
        if bound is not None
    ]


def _against(
    parameters: MetricParameters,
    table: Table,
    context: Context,
    display: Display,
    notes: list[str],
    own: Own | None,
) -> list[Bounded]:
    """The plan beside a champion: what the rows on which the two differ can show."""
    from pytest_mlgates.gates.metric.champion import duel

    try:
        found = duel(parameters, table, context, display, own)
    except NoChampionError as error:
        if not parameters.first:
            raise
        notes.append(f"no champion yet ({error.what}): planned for the absolute bound alone")
        return []
    differing = found.details.get("differing_rows")
    if isinstance(differing, int) and found.n:
        share = differing / found.n
        notes.append(f"the answers differ from the champion's on {percent(share)} of the rows")
    margin = parameters.margin or 0.0
    loss = parameters.spec.loss if own is None else own.loss
    claim = Claim(at_least=not loss, limit=margin if loss else -margin)
    return _sides(parameters, found.parts, [claim], display)


def _sides(
    parameters: MetricParameters, parts: Sequence[Part], claims: Sequence[Claim], display: Display
) -> list[Bounded]:
    display.register([part.group for part in parts if part.group is not None])
    measured = [_measured(part, parameters, display) for part in parts]
    whole = measured[0]
    assert whole is not None  # noqa: S101  (a whole without a value was refused)
    return [_side(parameters, parts, measured, claim, claims, display) for claim in claims]


def _measured(part: Part, parameters: MetricParameters, display: Display) -> Measured | None:
    """The value of *part* now; None for a slice without one.

    Raises:
        MLGatesError: where the whole table has none.
    """
    try:
        return part.measure(parameters.confidence)
    except UndefinedError as error:
        if part.group is not None:
            return None
        raise MLGatesError(
            f"{parameters.metric} is undefined on this table",
            got=f"{error} ({display.rows(part.rows)})",
            want="rows that the metric can be computed from: what is undefined never passes",
        ) from None


def _side(
    parameters: MetricParameters,
    parts: Sequence[Part],
    measured: Sequence[Measured | None],
    claim: Claim,
    claims: Sequence[Claim],
    display: Display,
) -> Bounded:
    confidence, spec = parameters.confidence, parameters.spec
    level = simultaneous(confidence, len(parts))
    rulers = [None if one is None else _ruler(one, claim, spec, confidence) for one in measured]
    whole, ruler = measured[0], rulers[0]
    assert whole is not None  # noqa: S101
    assert ruler is not None  # noqa: S101
    hidden = display.small(whole.n, *whole.cells)
    halfway = _halfway(claim, claims)
    seen = float(whole.value)
    as_seen = not claim.relative and claim.slack(whole.value) > 0 and not hidden
    truth = 0.0 if claim.relative else seen if as_seen else halfway
    chances = [
        0.0 if one is None or truth is None else one.chance(truth, confidence) for one in rulers
    ]
    # Slices are of different rows, hence independent; where all hold, so does the whole.
    chance = min(chances[0], math.prod(chances[1:]))
    of = "rows" if claim.relative else _OF.get(parameters.metric, "rows")
    of = "queries" if spec.needs == "ranking" else of
    reaches = [
        _reach(part, one, measure, claim, level, display, of)
        for part, one, measure in zip(parts, rulers, measured, strict=True)
    ]
    bottleneck = None
    least, place = ruler, 0
    if len(parts) > 1:
        place = min(range(1, len(parts)), key=lambda k: (chances[k], parts[k].rows))
        bottleneck, least = reaches[place], rulers[place] or ruler
    veiled = hidden or (bottleneck is not None and bottleneck.hidden)
    settled = ruler.settled(level)
    return Bounded(
        bound=_bound(parameters, claim),
        settles=reaches[0],
        bottleneck=bottleneck,
        useful=settled is not None and abs(settled - claim.limit) <= _whole(spec, claim),
        chance=None if veiled else chance,
        fine=_fine(claim, as_seen=as_seen, truth=truth, slices=len(parts) > 1),
        provable=chance > PRACTICALLY_NEVER + 1e-9,
        rows=()
        if veiled or (place and rulers[place] is None)
        else tuple(
            _rows(
                least,
                claim,
                halfway,
                seen if as_seen else None,
                confidence,
                of if bottleneck is None else f"{of} in slice {bottleneck.where}",
            )
        ),
    )


def _ruler(found: Measured, claim: Claim, spec: Metric, confidence: float) -> Ruler:
    share = isinstance(found.value, Fraction) and not claim.relative
    if share and found.method in ("wilson", "clopper-pearson"):
        return ShareRuler(n=found.n, limit=claim.limit, at_least=claim.at_least)
    if share and found.method.startswith("f1 through"):
        return ShareRuler(
            n=found.n,
            limit=claim.limit,
            at_least=claim.at_least,
            to_share=lambda f1: f1 / (2 - f1),
            from_share=lambda share: 2 * share / (1 + share),
        )
    error = standard_error(found.interval, confidence)
    return NormalRuler(
        n=found.n,
        limit=claim.limit,
        at_least=claim.at_least,
        error=_error(error, found, claim, spec),
    )


def _error(error: float, found: Measured, claim: Claim, spec: Metric) -> Callable[[float], float]:
    """The standard error at any true value.

    Of a score between 0 and 1 it changes as that of a share does, ``sqrt(v (1 - v))``, and errors
    that are k times as large have k times the spread; of anything else it is taken to be what it is
    now.
    """
    if not claim.relative and spec.loss and spec.needs == "numbers" and spec.low == 0:
        seen = float(found.value)
        if seen > 0:
            return lambda value: error * max(value, 0.0) / seen
    if claim.relative or spec.loss or (spec.low, spec.high) != (0.0, 1.0):
        return lambda _: error

    def spread(value: float) -> float:
        drawn = (min(max(value, 0.0), 1.0) * found.n + 1) / (found.n + 2)
        return math.sqrt(drawn * (1 - drawn))

    now = spread(float(found.value))
    return lambda value: error * spread(value) / now


def _halfway(claim: Claim, claims: Sequence[Claim]) -> float | None:
    """A value that is truly fine whatever was seen: halfway from the bound to perfect.

    Between two bounds it is their middle; with a champion, equal to it. None where there is no
    perfect value.
    """
    if claim.relative:
        return 0.0
    if len(claims) > 1:
        return sum(one.limit for one in claims) / len(claims)
    if claim.tolerance is None or not math.isfinite(claim.tolerance):
        return None
    step = claim.tolerance / 2
    return claim.limit + (step if claim.at_least else -step)


def _whole(spec: Metric, claim: Claim) -> float:
    """All that could go wrong: to what guessing reaches, and at most twice what is tolerated.

    Twice the tolerance is what decision D1 asks of a slice, too; beside a champion, twice the
    margin.
    """
    if claim.tolerance is None:
        return 2 * abs(claim.limit) or math.inf
    worst = spec.low if claim.at_least else spec.high
    guessing = _GUESSING.get(spec.name)
    if guessing is not None and claim.at_least and claim.limit > guessing:
        worst = guessing
    if math.isinf(worst) and spec.loss and not claim.at_least:
        worst = 2 * claim.limit
    return min(abs(claim.limit - worst), 2 * claim.tolerance)


def _reach(
    part: Part,
    ruler: Ruler | None,
    found: Measured | None,
    claim: Claim,
    level: float,
    display: Display,
    of: str,
) -> Reach:
    where = None if part.group is None else display.group(part.group)
    hidden = display.small(part.rows, *(() if found is None else (found.n, *found.cells)))
    if hidden:
        n = display.record(part.rows) if part.group is None else None
        return Reach(n=n, value=None, violation=None, where=where, hidden=True)
    value = None if ruler is None else ruler.settled(level)
    return Reach(
        n=part.rows if found is None else found.n,
        of="rows" if found is None else of,
        value=value,
        violation=None if value is None else abs(value - claim.limit),
        where=where,
    )


def _fine(claim: Claim, *, as_seen: bool, truth: float | None, slices: bool) -> str:
    if claim.relative:
        words = "if it is truly equal to the champion"
    elif truth is None:
        return "no value is known to be truly fine"
    elif as_seen:
        words = f"if it is truly {number(truth)}, as it looks"
    else:
        words = f"if it is truly {number(truth)}, well on the right side"
    return words + (", in every slice" if slices else "")


def _rows(
    ruler: Ruler,
    claim: Claim,
    halfway: float | None,
    seen: float | None,
    confidence: float,
    what: str,
) -> list[Rows]:
    found = []
    if halfway is not None:
        premise = (
            "if it is truly equal to the champion"
            if claim.relative
            else f"if it is truly {number(halfway)}, well on the right side"
        )
        found.append(Rows(count=ruler.rows(halfway, confidence), what=what, premise=premise))
    if seen is not None and number(seen) != number(halfway):
        premise = f"if it is truly {number(seen)}, as it looks"
        found.append(Rows(count=ruler.rows(seen, confidence), what=what, premise=premise))
    return found


def _bound(parameters: MetricParameters, claim: Claim) -> str:
    if claim.relative:
        return f"margin {limit(parameters.margin or 0.0)}"
    return f"{'min' if claim.at_least else 'max'} {limit(claim.limit)}"
