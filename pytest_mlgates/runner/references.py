"""What a reference names: a registered model, a callable, or a file of predictions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError, NoChampionError
from pytest_mlgates.core.text import listing, scheme_of
from pytest_mlgates.engines.readers import refuse_url
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.extensions.manager import manager
from pytest_mlgates.gates.models import Model, Predictions
from pytest_mlgates.runner.answers import digest_of
from pytest_mlgates.runner.entries import import_entry
from pytest_mlgates.runner.same_rows import refuse_other_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_mlgates.engines.table import Table

_ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_TABLES = (".csv", ".tsv", ".parquet", ".pq", ".jsonl", ".ndjson", ".arrow", ".feather")
_MODEL_FILES = (
    *(".pkl", ".pickle", ".joblib", ".dill", ".sav", ".pt", ".pth", ".ckpt"),
    *(".h5", ".keras", ".onnx", ".safetensors", ".cbm", ".ubj", ".pmml"),
)
WANTED_REFERENCE = (
    'a registered model ("models:/name@alias", "models:/name/3"), a run\'s model '
    '("runs:/RUN_ID/model"), a file ("model.skops", "model.joblib", "model.pkl"), a callable '
    '("package.module:name"), or for a champion a file of its predictions (CSV, Parquet, JSON '
    "Lines)"
)


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Which columns of a table are no features, and which label is the positive one.

    *labels*: of rows with several labels the columns of truth, and that of the answers to each.
    """

    y_true: str = "y_true"
    y_pred: str = "y_pred"
    y_score: tuple[str, ...] = ("y_score",)
    others: tuple[str, ...] = ()
    pos_label: Any = None
    labels: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, source: Any, attributes: Sequence[str] = ()) -> Roles:
        """From a gate's parameters or a table's settings; what these leave open has its default."""
        extra = (source.query, source.sample_weight, source.cluster)
        return cls(
            y_true=source.y_true or cls.y_true,
            y_pred=source.y_pred or cls.y_pred,
            y_score=tuple(source.y_score or cls.y_score),
            others=(*(name for name in extra if name is not None), *attributes),
            pos_label=source.pos_label,
            labels=tuple((getattr(source, "multilabel", None) or {}).items()),
        )

    @property
    def columns(self) -> set[str]:
        """All of them."""
        both = (name for pair in self.labels for name in pair)
        return {self.y_true, self.y_pred, *self.y_score, *self.others, *both}

    @property
    def truth(self) -> tuple[str, ...]:
        """The column of labels, or those of several."""
        return tuple(truth for truth, _ in self.labels) or (self.y_true,)

    def answers(self, role: str) -> tuple[str, ...]:
        """The columns of a model's answers of the *role* ``y_pred`` or ``y_score``."""
        several = tuple(answer for _, answer in self.labels)
        return several or ((self.y_pred,) if role == "y_pred" else self.y_score)


def load(reference: str, base: Path, cache: dict[Any, Any]) -> Model:
    """The model that *reference* names, loaded once per run.

    Raises:
        MLGatesError: if nothing loads it; NoChampionError if it does not exist.
    """
    key = ("model", reference, base)
    if key not in cache:
        cache[key] = _load(reference, base)
    found = cache[key]
    assert isinstance(found, Model)  # noqa: S101
    return found


def stored(
    reference: str, table: Table, *, roles: Roles, want: Collection[str], base: Path
) -> Predictions:
    """Predictions from a file, whose other columns must prove that it is about the rows of *table*.

    Raises:
        MLGatesError: if it cannot be read, lacks a column, or is not proven to be about the same
            rows; NoChampionError if it does not exist.
    """
    pattern = not re.search(r"[*?\[]", reference)
    labels = listing(roles.truth)
    if pattern and not (base / reference).exists():
        refuse_url(reference)
        raise NoChampionError(
            f"there are no champion predictions at {reference!r}",
            got=f"no such file in {base}",
            want=f"a file with {labels} and the champion's predictions",
        )
    file = to_table(reference, base=base, private=table.private)
    needed = {"y_true": roles.truth, **{role: roles.answers(role) for role in sorted(want)}}
    for role, columns in needed.items():
        for column in columns:
            try:
                file.require(column, role="multilabel" if roles.labels else role)
            except MLGatesError as error:
                error.want = error.want or (
                    f"{labels} (to prove that the rows are the same) and the predictions"
                )
                raise
    answers = {*roles.answers("y_pred"), *roles.answers("y_score")}
    refuse_other_rows(file, table, labels=roles.truth, answers=answers)
    arrays = file.arrays([column for columns in needed.values() for column in columns])
    found: dict[str, Any] = {}
    for role, columns in needed.items():
        several = [arrays[column] for column in columns]
        found[role] = several[0] if len(several) == 1 else np.column_stack(several)
    return Predictions(
        name=Path(reference).name,
        digest=digest_of(found),
        y_true=found["y_true"],
        y_pred=found.get("y_pred"),
        y_score=found.get("y_score"),
    )


def is_file_of_predictions(reference: str) -> bool:
    """Whether *reference* looks like a table."""
    return _suffix(reference) in _TABLES


def _load(reference: str, base: Path) -> Model:
    found = manager().hook.mlgates_load_model(reference=reference, base=base)
    if found is not None:
        if not isinstance(found, Model):
            raise MLGatesError(f"a plugin loaded {reference!r} as {type(found).__name__}")
        return found
    scheme = scheme_of(reference)
    if scheme not in (None, "models", "runs"):
        raise MLGatesError("a URL names no model", got=f"{scheme}://\u2026", want=WANTED_REFERENCE)
    suffix = _suffix(reference)
    if suffix in _MODEL_FILES:
        raise MLGatesError(
            f"model file {reference!r} is not loaded: there is no loader for such files",
            got=f"a {suffix} file",
            want=WANTED_REFERENCE,
            fix="log it to MLflow, or name a callable of your own that loads it",
        )
    if _ENTRY.fullmatch(reference):
        return _callable(reference)
    if suffix in _TABLES:
        raise MLGatesError(
            f"{reference!r} holds predictions and is no model",
            want="a model here; predictions in a file can be a champion",
            fix="leave out `model`: a table may hold its predictions itself",
        )
    raise MLGatesError(f"{reference!r} names no model", want=WANTED_REFERENCE)


def _callable(reference: str) -> Model:
    function = import_entry(reference)
    if not callable(function):
        raise MLGatesError(
            f"{reference!r} is not callable",
            got=type(function).__name__,
            want="a function of the features that returns predictions, scores or both",
        )
    return Model(
        reference=reference,
        name=reference,
        digest=None,
        features=None,
        predict=function,
        score=function,
    )


def _suffix(reference: str) -> str:
    suffixes = [s.lower() for s in Path(reference).suffixes if s.lower() not in (".gz", ".zst")]
    return suffixes[-1] if suffixes else ""
