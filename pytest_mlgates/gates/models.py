"""What a gate needs to know of a model: nothing but its predictions on given rows.

Loading and calling models is the business of the runner and the integrations; these are the values
that they hand down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


@dataclass(frozen=True, kw_only=True)
class Model:
    """A loaded model.

    Attributes:
        reference: As the user wrote it (``models:/credit@champion``).
        name: What messages call it, with the version it resolved to (``credit v3``).
        version: Of a registry, None where there is none.
        digest: ``sha256:…`` of its artifact, None where it has none (a callable).
        features: The columns of its signature, None where it has none.
        predict: Features (a native dataframe) → class labels or numbers, shape ``(rows,)``.
        score: Features → scores, shape ``(rows,)`` or ``(rows, classes)``; None if it has none.
        classes: The labels that the columns of a two-dimensional score stand for.
        method: Another method of the same model by name, for ``predict = …`` and ``score = …``;
            None where it has none of that name.
    """

    reference: str
    name: str
    digest: str | None
    features: tuple[str, ...] | None
    predict: Callable[[Any], Any] | None
    score: Callable[[Any], Any] | None = None
    classes: tuple[Any, ...] | None = None
    method: Callable[[str], Callable[[Any], Any] | None] | None = None
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """A model's answers on the rows of one table, in the table's order.

    Attributes:
        name: What messages call the model.
        digest: ``sha256:…`` of the predictions.
        model_digest: The model's own digest.
        y_pred: Shape ``(rows,)``, None if not asked for.
        y_score: Shape ``(rows,)`` (of ``pos_label``) or ``(rows, classes)``.
        y_true: Labels that came with stored predictions, to prove that the rows are the same.
        features: The columns that the model saw.
        version: Of the model, in a registry.
        pinned: Whether it is that version because a lock says so.
        note: What people should know of that.
    """

    name: str
    digest: str
    model_digest: str | None = None
    y_pred: np.ndarray[Any, Any] | None = None
    y_score: np.ndarray[Any, Any] | None = None
    y_true: np.ndarray[Any, Any] | None = None
    features: tuple[str, ...] = ()
    version: str | None = None
    pinned: bool = False
    note: str = ""
