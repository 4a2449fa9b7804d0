"""The extension points. Every built-in registers through them too.

A module that implements some of these is named in ``plugins = ["package.module"]`` of
``[tool.mlgates]``, or installed with an entry point in the group ``mlgates``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.extensions import hookspec

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path


@hookspec
def mlgates_gate_kinds() -> list[Any]:  # type: ignore[empty-body]
    """Kinds of gates to add: a list of ``pytest_mlgates.gates.base.GateKind``."""


@hookspec
def mlgates_metrics() -> list[Any]:  # type: ignore[empty-body]
    """Metrics to add by name: a list of ``pytest_mlgates.gates.own_metrics.OwnMetric``.

    The names of built-in metrics keep their meaning.
    """


@hookspec(firstresult=True)
def mlgates_adapt_metric(name: str, found: Any) -> Any:
    """A metric of another library as one of ours, or None to pass.

    Args:
        name: The path it was found at (``package.module:metric``).
        found: The object there.

    Returns:
        A ``pytest_mlgates.gates.own_metrics.OwnMetric``.
    """


@hookspec(firstresult=True)
def mlgates_load_model(reference: str, base: Path) -> Any:
    """The model that *reference* names (``models:/credit@champion``), or None to pass.

    Args:
        reference: As the user wrote it.
        base: The folder that relative paths are relative to.

    Returns:
        A ``pytest_mlgates.gates.models.Model``.
    """


@hookspec(firstresult=True)
def mlgates_model_version(reference: str, base: Path) -> Any:
    """The version that *reference* (``models:/credit@champion``) names now, or None to pass.

    Args:
        reference: As the user wrote it.
        base: The folder that relative paths are relative to.

    Returns:
        The version as text; the model need not be loaded for it.
    """


@hookspec(firstresult=True)
def mlgates_read_artifacts(reference: str, name: str, folder: Path, base: Path) -> Any:
    """Put the stored run *name* of *reference* (``runs:/ID``) into *folder*, or None to pass.

    Args:
        reference: The run that holds it, among artifacts called ``mlgates/<name>.…``.
        name: ``NAME.json`` and whatever else is called so.
        folder: Where to put the files.
        base: The folder that relative paths are relative to.

    Returns:
        True, also where there are no such artifacts.
    """


@hookspec(firstresult=True)
def mlgates_write_artifacts(reference: str, files: list[Path], base: Path) -> Any:
    """Log *files*, in this order, to *reference* under ``mlgates/``, or None to pass.

    Args:
        reference: The run (``runs:/ID``).
        files: To be logged under their own names.
        base: The folder that relative paths are relative to.

    Returns:
        True.
    """


@hookspec(firstresult=True)
def mlgates_holdout_ledger(name: str, base: Path) -> Any:
    """The ledger of holdouts called *name* in ``ledger = "…"`` (``mlflow``), or None to pass.

    Args:
        name: As the user wrote it.
        base: The folder that relative paths are relative to.

    Returns:
        A ``pytest_mlgates.runner.ledgers.Ledger``.
    """


@hookspec(firstresult=True)
def mlgates_evaluate_expectations(table: Any, expectations: list[dict[str, Any]]) -> Any:
    """Results of *expectations* that have no native form, evaluated by another engine.

    Args:
        table: A ``pytest_mlgates.engines.table.Table``.
        expectations: ``{"type": …, "kwargs": {…}}`` each, without anything that executes.

    Returns:
        One mapping per expectation, in order, as ``details`` of the JSON contract has them.
    """


@hookspec(firstresult=True)
def mlgates_metric_by_group(
    metric: str, y_true: Any, y_pred: Any, groups: Any, sample_weight: Any
) -> Any:
    """A metric that has no formula here, in every group.

    Args:
        metric: scikit-learn's or Fairlearn's name of it.
        y_true: Labels, as whole numbers, or numbers.
        y_pred: Predictions or scores of the same rows.
        groups: The place of each row's group.
        sample_weight: What each row counts, None where all count alike.

    Returns:
        ``(y_true, y_pred, sample_weight) -> float``, its value by group, and its value on all rows.
    """


@hookspec(firstresult=True)
def mlgates_fingerprint(value: Any) -> Any:
    """What *value* consists of, so that a fingerprint can be made of it, or None to pass.

    Asked for types that are not of Python, numpy, pandas, polars, pyarrow, scipy or scikit-learn::

        @hookimpl
        def mlgates_fingerprint(value):
            if isinstance(value, Index):
                return {"ids": value.ids, "vectors": value.vectors}

    Args:
        value: Part of a result.

    Returns:
        All that makes one value differ from another, and nothing that changes from run to run
        (times, addresses): a mapping of names to parts, each of which has a fingerprint itself; or
        one numpy array, or a text.
    """


@hookspec
def mlgates_watch_run() -> AbstractContextManager[object]:  # type: ignore[empty-body]
    """A context that is open while a reproducibility gate runs its callable, once per run.

    What it finds out is told to ``pytest_mlgates.core.tracing``: ``offer`` for stages, ``note`` for
    what explains a difference. In a fresh process it is opened before the callable is called, which
    may be before any framework is imported.
    """
