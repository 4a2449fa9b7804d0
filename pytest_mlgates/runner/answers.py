"""Calling a model, which is the user's code, and holding what it answers to its shape."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing, plural
from pytest_mlgates.engines.features import features_frame
from pytest_mlgates.engines.quiet import muted
from pytest_mlgates.gates.labels import positive_label

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.models import Model
    from pytest_mlgates.gates.privacy import Display


def ask(
    function: Callable[[Any], Any], table: Table, features: Sequence[str], *, name: str, what: str
) -> Any:
    """What *function* answers on *features* of *table*.

    Errors of a model on a private table are told by their type only, and what it prints or warns
    is swallowed: both quote values.

    Raises:
        MLGatesError: if it raises.
    """
    frame = features_frame(table, features)
    try:
        with muted() if table.private else contextlib.nullcontext():
            answer = function(frame)
    except (Exception, SystemExit) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else ""
        problem = MLGatesError(
            f"{what} of {name} raised {type(error).__name__}",
            where=f"on {plural(len(features), 'feature')} of table {table.name!r}",
            got=type(error).__name__ if table.private else f"{type(error).__name__}: {first}",
            want="an answer for every row",
            fix=f"the features were {listing(features, 20)}; `features = [\u2026]` chooses others",
        )
        if table.private:
            raise problem from None
        raise problem from error
    parts = answer.values() if isinstance(answer, Mapping) else [answer]
    if any(_is_moved(part, frame) for part in parts):
        raise MLGatesError(
            f"{what} of {name} answers in another order of rows than it was asked in",
            got="its index has the rows of the features, in another order",
            want="an answer per row, in the order of the rows",
            fix="end with `.loc[X.index]`",
        )
    return answer


def _is_moved(answer: Any, frame: Any) -> bool:
    """Whether an *answer* of pandas has the index of *frame* in another order."""
    index: Any = getattr(answer, "index", None)
    asked: Any = getattr(frame, "index", None)
    if not hasattr(index, "equals") or not hasattr(asked, "equals") or len(index) != len(asked):
        return False
    if index.equals(asked) or type(index).__name__ == "RangeIndex":  # none, or made anew
        return False
    if getattr(index, "name", None) != getattr(asked, "name", None):
        return False
    return bool(asked.is_unique and index.is_unique and asked.isin(index).all())


def vector(answer: Any, rows: int, *, name: str, what: str) -> NDArray[Any]:
    """*answer* as one value per row, shape ``(rows,)``.

    Raises:
        MLGatesError: for another shape or number of rows.
    """
    array = as_array(answer)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape != (rows,):
        raise _wrong_shape(array, rows, name=name, what=what, want=f"({rows:,},)")
    return array


def positive_scores(
    answer: Any,
    rows: int,
    *,
    model: Model,
    what: str,
    pos_label: Any,
    display: Display,
) -> NDArray[Any]:
    """The scores of the positive class, shape ``(rows,)``; ``(rows, classes)`` for more than two.

    Raises:
        MLGatesError: for another shape, or where it is open which column is the positive class.
    """
    array = as_array(answer)
    if array.ndim not in (1, 2) or array.shape[0] != rows:
        raise _wrong_shape(array, rows, name=model.name, what=what, want=f"({rows:,}, classes)")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    classes = model.classes
    if array.ndim == 1:
        if classes is None or len(classes) != 2 or pos_label is None:
            return array
        # One number per row is about the second class, as scikit-learn's decision functions are.
        return array if _place(classes, pos_label, model, display) == 1 else -array
    if classes is None:
        raise MLGatesError(
            f"{what} of {model.name} gives {array.shape[1]} columns, and it is open which class "
            "each stands for",
            got=f"shape {array.shape}",
            want=f"the scores of the positive class, shape ({rows:,},)",
            fix='return {"y_score": scores[:, 1]}',
        )
    if len(classes) != array.shape[1]:
        raise MLGatesError(
            f"{what} of {model.name} gives {array.shape[1]} columns for {len(classes)} classes",
            got=f"shape {array.shape}",
            want="a column per class",
        )
    if len(classes) > 2:
        return array
    positive = positive_label(
        classes, pos_label, metric=what, column=f"{model.name} (its classes)", display=display
    )
    return np.asarray(array[:, _place(classes, positive, model, display)])


def per_label(answer: Any, rows: int, labels: int, *, name: str, what: str) -> NDArray[Any]:
    """*answer* as one value per row and label, shape ``(rows, labels)``.

    scikit-learn's forests and neighbours answer with a list of the probabilities of 0 and 1 for
    each label, its other classifiers of several labels with the probabilities of 1.

    Raises:
        MLGatesError: for another shape.
    """
    if isinstance(answer, list | tuple) and answer and all(np.ndim(one) == 2 for one in answer):
        parts = [as_array(one) for one in answer]
        if len(parts) != labels or any(part.shape != (rows, 2) for part in parts):
            shapes = listing([str(part.shape) for part in parts], 6)
            raise MLGatesError(
                f"{what} of {name} does not answer for every row and label",
                got=f"a list of shapes {shapes}",
                want=f"shape ({rows:,}, 2) for each of {plural(labels, 'label')}",
                fix="a label that the model saw in no row, or in all, has one column: it was not "
                "learned",
            )
        return np.column_stack([part[:, 1] for part in parts])
    array = as_array(answer)
    if array.shape != (rows, labels):
        raise _wrong_shape(array, rows, name=name, what=what, want=f"({rows:,}, {labels})")
    return array


def named(answer: Any, role: str) -> Any:
    """The part of a callable's answer that plays *role*, or None: a key, or a column of a frame."""
    if isinstance(answer, Mapping):
        return answer.get(role)
    columns = getattr(answer, "columns", None)
    if columns is not None and role in list(columns):
        return answer[role]
    return None


def is_named(answer: Any) -> bool:
    """Whether *answer* tells its parts apart by name."""
    return named(answer, "y_pred") is not None or named(answer, "y_score") is not None


def as_array(answer: Any) -> NDArray[Any]:
    """*answer* as an array, text as Python strings, missing values as NaN or None."""
    to_numpy = getattr(answer, "to_numpy", None)
    array = np.asarray(to_numpy() if callable(to_numpy) else answer)
    if array.dtype.kind in "US":
        return array.astype(object)
    if array.dtype == object and array.ndim == 1:
        missing = np.fromiter((v is None or v != v for v in array), bool, len(array))  # noqa: PLR0124
        if missing.any():
            array = array.copy()
            array[missing] = None
    return array


def digest_of(arrays: Mapping[str, NDArray[Any] | None]) -> str:
    """``sha256:…`` of predictions: equal values of equal kind have equal digests everywhere."""
    digest = hashlib.sha256()
    for name, array in arrays.items():
        if array is None:
            continue
        digest.update(f"{name}\0{array.shape}\0".encode())
        if array.dtype.kind in "biu":
            digest.update(b"int\0" + array.astype("<i8").tobytes())
        elif array.dtype.kind == "f":
            digest.update(b"float\0" + array.astype("<f8").tobytes())
        else:
            digest.update(b"text\0")
            for value in array.ravel().tolist():
                text = "" if value is None else str(value)
                digest.update(f"{-1 if value is None else len(text)}\0{text}".encode())
    return f"sha256:{digest.hexdigest()}"


def _place(classes: tuple[Any, ...], positive: Any, model: Model, display: Display) -> int:
    if positive not in classes:
        raise MLGatesError(
            f"{model.name} does not know pos_label {positive!r}",
            got="" if display.private else f"classes {listing(classes)}",
            want="one of its classes",
        )
    return classes.index(positive)


def _wrong_shape(
    array: NDArray[Any], rows: int, *, name: str, what: str, want: str
) -> MLGatesError:
    return MLGatesError(
        f"{what} of {name} does not answer for every row",
        got=f"shape {array.shape}",
        want=f"shape {want}: the table has {plural(rows, 'row')}",
    )
