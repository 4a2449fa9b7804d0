"""A fitted estimator of scikit-learn's kind, as a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.gates.models import Model

if TYPE_CHECKING:
    from collections.abc import Callable


def estimator(loaded: Any, *, reference: str, name: str, digest: str) -> Model:
    """*loaded*, which came from the artifact *reference* with *digest*, as a model."""
    names = getattr(loaded, "feature_names_in_", None)
    classes = getattr(loaded, "classes_", None)
    if isinstance(classes, list):  # those of each of several labels
        classes = None

    def method(name: str) -> Callable[[Any], Any] | None:
        function = getattr(loaded, name, None)
        return function if callable(function) else None

    return Model(
        reference=reference,
        name=name,
        digest=digest,
        features=None if names is None else tuple(map(str, names)),
        predict=method("predict"),
        score=method("predict_proba"),
        classes=None if classes is None else tuple(classes.tolist()),
        method=method,
    )
