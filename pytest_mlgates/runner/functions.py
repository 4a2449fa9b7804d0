"""The four gates as plain functions, for notebooks, pipelines and anything that is not a test.

They return a :class:`~pytest_mlgates.core.verdict.Verdict` and raise only on misuse.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.load import load_for
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.extensions.manager import gate_kind
from pytest_mlgates.gates.base import ROLES, Gate, parse
from pytest_mlgates.runner.evaluator import Evaluator
from pytest_mlgates.runner.subjects import assemble

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.core.verdict import Verdict

_SUBJECT_KEYS = (*ROLES, "sensitive_features")


def data_schema(table: Any, suite: Any, *, examples: int = 0, **options: Any) -> Verdict:
    """Hold *table* to a contract.

    Args:
        table: Any dataframe narwhals knows, or a path or glob of CSV, Parquet, JSON Lines, Arrow.
        suite: The path of a Great Expectations suite, or a list of ``{"type": …, "kwargs": …}``.
        examples: How many example rows a message may show (default none: data may be personal).
        options: ``private=True`` shows no values at all; ``id=`` names the verdict.

    Raises:
        MLGatesError: for a table or suite that cannot be read or holds nothing to judge.
    """
    return evaluate_call("data_schema", table, (suite,), {"examples": examples, **options})


def metric(
    table: Any,
    metric: str,
    *,
    min: float | None = None,  # noqa: A002
    max: float | None = None,  # noqa: A002
    no_worse_than: str | None = None,
    margin: float | None = None,
    by: str | list[str] | None = None,
    **options: Any,
) -> Verdict:
    """Hold a metric of an evaluation table to a bound.

    Args:
        table: A row per judged example: columns ``y_true`` and ``y_pred`` or ``y_score``; or None,
            with arrays of shape ``(rows,)`` by keyword.
        metric: A metric by scikit-learn's name: ``accuracy``, ``f1``, ``roc_auc``, ``rmse``, …,
            ``ndcg@10`` for rankings, or one of the project: ``package.module:function``.
        min: The least that is allowed.
        max: The most that is allowed.
        no_worse_than: A champion (``models:/name@alias``, ``model.skops``,
            ``package.module:callable``, a file of predictions), compared on the same rows.
        margin: How much worse than the champion is still allowed, in the metric's unit.
        by: Columns to slice by; every slice must hold.
        options: Roles (``y_true=`` …, a column or an array; ``sample_weight``, ``cluster``,
            ``query``), ``pos_label``, ``average``, ``beta``, ``alpha``, ``k``, ``n_bins``,
            ``threshold``, ``multilabel``, ``confidence``, ``inconclusive``, ``private``, ``id``.

    Raises:
        MLGatesError: misuse.
    """
    given = {
        "min": min,
        "max": max,
        "no_worse_than": no_worse_than,
        "margin": margin,
        "by": by,
    }
    return evaluate_call("metric", table, (metric,), {**_present(given), **options})


def fairness(
    table: Any,
    metric: str,
    *,
    by: str | list[str] | None = None,
    min: float | None = None,  # noqa: A002
    max: float | None = None,  # noqa: A002
    **options: Any,
) -> Verdict:
    """Hold a disparity between groups to a bound.

    Args:
        table: A row per judged example: ``y_true``, ``y_pred`` and the attributes; or None, with
            arrays and ``sensitive_features=`` by keyword.
        metric: By Fairlearn's name: ``demographic_parity_difference``, ``equalized_odds_ratio``, …
            ``disparate_impact``, or a metric by group: ``accuracy_score_group_min``,
            ``mean_absolute_error_difference``, ….
        by: The sensitive columns, always needed; several mean their intersections.
        min: The least that is allowed (ratios, ``group_min``).
        max: The most that is allowed (differences, ``group_max``).
        options: ``method="to_overall"``, ``agg="mean"``, ``control``, ``bins``, ``beta``,
            ``no_worse_than`` with ``margin``, roles, ``pos_label``, ``missing="group"``,
            ``confidence``, ``inconclusive``, ``private``, ``id``.

    Raises:
        MLGatesError: misuse.
    """
    given = _present({"by": by, "min": min, "max": max})
    return evaluate_call("fairness", table, (metric,), {**given, **options})


def reproducibility(
    function: Callable[[], Any],
    *,
    runs: int = 2,
    level: str = "bitwise",
    fresh_process: bool | None = None,
    **options: Any,
) -> Verdict:
    """Run *function* several times and compare what it returns.

    Args:
        function: A callable without required arguments; it returns what must be reproducible.
            At the level statistical it takes a ``seed`` and returns a number, or numbers by name.
        runs: How often (at least 2).
        level: ``bitwise``: equal fingerprints; ``tolerance``: floats within ``atol``, ``rtol`` and
            ``max_ulp`` of run 1, at most the share ``max_flips`` of labels flipped;
            ``statistical``: a run with a new ``seed`` within ``tolerance`` of runs with ``seeds``,
            and a standard deviation over these of at most ``max_spread``.
        fresh_process: Each run in a process of its own, with another hash seed; ``vary`` and
            ``timeout`` imply it.
        options: The limits of the level, ``timeout`` in seconds per run, ``against`` (a stored run
            to compare with), ``record=True`` (make that stored run now, and judge nothing),
            ``confidence``, ``inconclusive``, ``id``.

    Raises:
        MLGatesError: misuse, and a callable that raises.
    """
    given = {"runs": runs, "level": level, "fresh_process": fresh_process, **options}
    evaluator, record = None, given.pop("record", False)
    if not isinstance(record, bool) or (record and given.get("against") is None):
        raise MLGatesError(
            "record is not usable",
            where="reproducibility(…)",
            got=repr(record),
            want='record=True beside `against`: against="repro/training.json"',
        )
    if record:
        from pytest_mlgates.gates.stored_places import refuse_in_ci  # imports numpy

        refuse_in_ci("record=True")
        evaluator = Evaluator(load_for(Path.cwd()), record=True)
    return evaluate_call("reproducibility", function, (), given, evaluator=evaluator)


def evaluate_call(
    kind_name: str,
    subject: Any,
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    *,
    evaluator: Evaluator | None = None,
    prefix: str = "",
    label: str | None = None,
    where: str = "",
) -> Verdict:
    """One gate on one subject: what the functions above and the fixture's methods have in common.

    Args:
        kind_name: The kind of gate.
        subject: Its table or callable.
        args: Positional arguments of the kind.
        keywords: Roles, options and parameters of the kind, as the user gave them.
        evaluator: The run to evaluate in (default: a new one under the configuration that governs
            the working directory).
        prefix: What the verdict's id starts with, where *keywords* give none.
        label: Tells it from other calls: the id's ``@label``.
        where: What the user wrote, for messages.
    """
    kind = gate_kind(kind_name)
    place = where or f"{kind_name}(…)"
    run = evaluator or Evaluator(load_for(Path.cwd()))
    rest = dict(keywords)
    name = rest.pop("id", None)
    if kind.takes == "table":
        private = bool(rest.pop("private", False))
        private = private or run.is_private(subject)
        given = {key: rest.pop(key) for key in _SUBJECT_KEYS if key in rest}
        try:
            options = run.options_of(subject) if isinstance(subject, str | Path) else None
            table, roles = assemble(
                subject, given, base=run.context.base, private=private, options=options
            )
        except MLGatesError as error:
            error.at(place)
            if kind.check is None:
                raise
            parameters = parse(kind, args, rest, where=place)
            gate = Gate(id="", kind=kind, parameters=parameters, where=place)
            raise run.beside(gate, error) from None
        subject, rest = table, {**rest, **roles}
    parameters = parse(
        kind,
        args,
        rest,
        defaults=run.configuration.settings.defaults(),
        where=place,
    )
    parameters = run.configuration.overriding(parameters)
    if name is None:
        name = ":".join(part for part in (kind_name, parameters.id_part()) if part)
        name = f"{prefix}::{name}" if prefix else name
    name = name if label is None else f"{name}@{label}"
    return run.evaluate(Gate(id=name, kind=kind, parameters=parameters, where=place), subject)


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
