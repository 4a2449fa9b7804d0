"""Models and champions: from a reference to predictions on the rows of a table.

What answers here is the user's code; its answers are checked before a gate sees them, and computed
once per model and table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import InputDigest
from pytest_mlgates.engines.tables import with_arrays
from pytest_mlgates.gates.models import Model, Predictions
from pytest_mlgates.gates.privacy import Display
from pytest_mlgates.runner.answers import (
    as_array,
    ask,
    digest_of,
    is_named,
    named,
    per_label,
    positive_scores,
    vector,
)
from pytest_mlgates.runner.references import Roles, is_file_of_predictions, load, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import EvaluationParameters

# What messages call the one answer of a callable, which has no methods.
_CALL = "the answer"


def predictions(
    reference: str,
    table: Table,
    *,
    roles: Roles,
    want: Collection[str],
    base: Path,
    cache: dict[Any, Any],
    features: Sequence[str] | None = None,
    predict: str = "predict",
    score: str = "predict_proba",
) -> Predictions:
    """What a model says about the rows of *table*.

    Args:
        reference: The model.
        table: The rows, in the order of its arrays.
        roles: Columns that are no features, and ``pos_label``.
        want: ``y_pred``, ``y_score`` or both.
        base: What relative paths are relative to.
        cache: Of the run; loaded models and their answers are kept in it.
        features: What the model sees (default: its signature's inputs; else all columns but roles).
        predict: The method that gives labels or numbers.
        score: The method that gives scores.

    Raises:
        MLGatesError: if the model does not load, lacks a method, raises, or answers in another
            shape than one row per row.
    """
    table.require_rows()
    model = load(reference, base, cache)
    seen = choose_features(model, table, features, roles)
    found: dict[str, Any] = {"y_pred": None, "y_score": None}
    methods = {"y_pred": predict, "y_score": score}
    for role in sorted(want):
        function, what = _function(model, role, methods[role])
        answer = _answer(model, function, what, table, seen, cache)
        found[role] = _checked(answer, role, model, what, table, roles, want)
    return Predictions(
        name=model.name,
        digest=digest_of(found),
        model_digest=model.digest,
        y_pred=found["y_pred"],
        y_score=found["y_score"],
        features=tuple(seen),
        version=model.version,
    )


def choose_features(
    model: Model, table: Table, features: Sequence[str] | None, roles: Roles
) -> list[str]:
    """The columns that *model* sees, all of them in *table*.

    Raises:
        MLGatesError: for a feature that is missing, or none at all.
    """
    if features is not None:
        return [table.require(name, role="feature") for name in features]
    if model.features is not None:
        return [
            table.require(name, role=f"{model.name} wants the feature") for name in model.features
        ]
    found = [name for name in table.columns if name not in roles.columns]
    if not found:
        raise MLGatesError(
            f"table {table.name!r} has no columns that {model.name} could see",
            got="columns " + ", ".join(map(repr, table.columns)) + ", all of them roles",
            want="the features beside the labels",
        )
    return found


def with_predictions(
    table: Table,
    reference: str,
    *,
    settings: Any,
    attributes: Sequence[str],
    base: Path,
    cache: dict[Any, Any],
) -> Table:
    """*table* with the predictions of a declared model beside its columns.

    Args:
        table: As declared.
        reference: ``model = …``.
        settings: The table's settings: roles, ``features``, ``predict``, ``score``.
        attributes: Columns that gates group by; never features by default.
        base: What relative paths are relative to.
        cache: Of the run.

    Raises:
        MLGatesError: as :func:`predictions`; for a table that holds predictions already.
    """
    roles = Roles.of(settings, attributes)
    for name in (roles.y_pred, *roles.y_score):
        if name in table.columns:
            raise MLGatesError(
                f"table {table.name!r} declares a model and holds predictions already",
                got=f"model {reference!r} and column {name!r}",
                want="one of the two",
                fix=f"leave out `model`, or name another column (`y_pred = \u2026`) than {name!r}",
            )
    model = load(reference, base, cache)
    found = predictions(
        reference,
        table,
        roles=roles,
        want=_offered(model, table, roles, settings, cache),
        base=base,
        cache=cache,
        features=settings.features,
        predict=settings.predict,
        score=settings.score,
    )
    columns: dict[str, Any] = {}
    if found.y_pred is not None:
        columns[roles.y_pred] = found.y_pred
    if found.y_score is not None:
        if found.y_score.ndim == 1:
            columns[roles.y_score[0]] = found.y_score
        elif len(roles.y_score) == found.y_score.shape[1]:
            columns.update(zip(roles.y_score, found.y_score.T, strict=True))
    judged = with_arrays(table, columns)
    judged.origins = (
        InputDigest(name=found.name, digest=found.model_digest, rows=None, role="model"),
        InputDigest(name=f"predictions of {found.name}", digest=found.digest, rows=None),
    )
    return judged


def champion_resolver(
    base: Path,
    cache: dict[Any, Any],
    *,
    features: Sequence[str] | None = None,
    predict: str = "predict",
    score: str = "predict_proba",
) -> Callable[..., Predictions]:
    """What ``Context.champion`` is: ``(reference, table, parameters, want=…) → Predictions``."""

    def champion(
        reference: str, table: Table, parameters: EvaluationParameters, *, want: Collection[str]
    ) -> Predictions:
        attributes = getattr(parameters, "by", None) or ()
        roles = Roles.of(parameters, attributes)
        if is_file_of_predictions(reference):
            return stored(reference, table, roles=roles, want=want, base=base)
        return predictions(
            reference,
            table,
            roles=roles,
            want=want,
            base=base,
            cache=cache,
            features=getattr(parameters, "features", None) or features,
            predict=predict,
            score=score,
        )

    return champion


def _function(model: Model, role: str, method: str) -> tuple[Callable[[Any], Any], str]:
    """The method of *model* that answers for *role*, and what messages call it."""
    if model.predict is not None and model.predict is model.score:
        return model.predict, _CALL
    usual = "predict" if role == "y_pred" else "predict_proba"
    own = model.predict if role == "y_pred" else model.score
    if method != usual:
        own = model.method(method) if model.method is not None else None
    if own is None:
        wanted = "scores" if role == "y_score" else "predictions"
        raise MLGatesError(
            f"{model.name} has no method {method!r}, and {wanted} are wanted",
            want="a model with that method: labels never stand in for scores"
            if role == "y_score"
            else "a model with that method",
            fix='`score = "decision_function"` on the table names another, or choose a metric of '
            "classes"
            if role == "y_score"
            else "",
        )
    return own, method


def _answer(
    model: Model,
    function: Callable[[Any], Any],
    what: str,
    table: Table,
    seen: Sequence[str],
    cache: dict[Any, Any],
) -> Any:
    """What *function* of *model* says about *table*, asked once per run and content."""
    # A table in a cluster has no digest and stands for itself.
    rows = table.digest(seen) or table
    key = ("answer", model.digest or model.reference, rows, tuple(seen), what)
    if key not in cache:
        cache[key] = ask(function, table, seen, name=model.name, what=what)
    return cache[key]


def _checked(
    answer: Any,
    role: str,
    model: Model,
    what: str,
    table: Table,
    roles: Roles,
    want: Collection[str],
) -> Any:
    rows = table.n_rows
    display = Display(private=table.private)
    part = answer
    if what == _CALL:  # of a callable, which may tell its parts apart by name
        if is_named(answer):
            part = named(answer, role)
            if part is None:
                raise MLGatesError(
                    f"{model.name} returns no {role}",
                    got="only " + ("y_pred" if role == "y_score" else "y_score"),
                    want=f'{{"{role}": one value per row}}',
                )
        elif len(want) > 1:
            raise MLGatesError(
                f"{model.name} returns one array, and predictions and scores are wanted",
                want='{"y_pred": \u2026, "y_score": \u2026}',
            )
        what = f"the {role} part"
    if roles.labels:
        return per_label(part, rows, len(roles.labels), name=model.name, what=what)
    if role == "y_pred":
        return vector(part, rows, name=model.name, what=what)
    return positive_scores(
        part, rows, model=model, what=what, pos_label=roles.pos_label, display=display
    )


def _offered(
    model: Model, table: Table, roles: Roles, settings: Any, cache: dict[Any, Any]
) -> set[str]:
    """What a declared model can be asked for: its scores too, where it has any."""
    if model.predict is not None and model.predict is model.score:
        seen = choose_features(model, table, settings.features, roles)
        answer = _answer(model, model.predict, _CALL, table, seen, cache)
        if is_named(answer):
            return {role for role in ("y_pred", "y_score") if named(answer, role) is not None}
        return {"y_pred"} if as_array(answer).ndim == 1 else {"y_score"}
    offered = {"y_pred"}
    if settings.score != "predict_proba" or model.score is not None:
        offered.add("y_score")
    return offered
