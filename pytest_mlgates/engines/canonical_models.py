"""Canonical forms of scikit-learn estimators, of the objects inside them, and of functions.

An estimator is its class and all of its attributes, private ones too: nearest neighbours keep their
rows in ``_fit_X``, and a comparison of what ends in ``_`` alone would call two models equal that
were fitted on different data. Left out is what no training can reproduce: how long it took, and
where it caches.
"""

from __future__ import annotations

import copyreg
import functools
import sys
import types
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.tokens import key_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlgates.engines.canonical import Walk

# Objects of these libraries are taken apart by what they reduce to; any other object is misuse.
_TAKEN_APART = {"sklearn", "scipy"}
_DURATIONS = ("fit_time", "score_time", "refit_time_")


def handle(walk: Walk, path: str, value: Any) -> bool:
    """Walk *value* if it is an estimator, part of one, a function or a class."""
    if isinstance(value, type):
        walk.texts(path, "class", [class_name(value)], ())
    elif isinstance(value, types.FunctionType | types.BuiltinFunctionType | types.MethodType):
        _function(walk, path, value)
    elif isinstance(value, functools.partial):
        walk.structure(path, "partial")
        walk.visit(f"{path}.func", value.func)
        walk.visit(f"{path}.args", value.args)
        walk.visit(f"{path}.keywords", value.keywords)
    elif _is_estimator(value):
        _estimator(walk, path, value)
    elif type(value).__module__.partition(".")[0] in _TAKEN_APART:
        _taken_apart(walk, path, value)
    else:
        return False
    return True


def class_name(cls: type) -> str:
    """``sklearn LogisticRegression``: the private module it lives in changes between versions."""
    return f"{cls.__module__.partition('.')[0]} {cls.__qualname__}"


def _is_estimator(value: Any) -> bool:
    base = sys.modules.get("sklearn.base")
    return base is not None and isinstance(value, base.BaseEstimator)


def _estimator(walk: Walk, path: str, value: Any) -> None:
    if not walk.models:
        _refuse_unfitted(path, value)
    walk.structure(path, class_name(type(value)))
    state = dict(vars(value))
    pipeline = sys.modules.get("sklearn.pipeline")
    walk.models += 1
    try:
        if pipeline is not None and isinstance(value, pipeline.Pipeline):
            state.pop("memory", None)
            steps = state.pop("steps")
            walk.texts(f"{path}.steps", "text", [name for name, _ in steps])
            for name, step in steps:
                walk.visit(f"{path}.named_steps[{key_text(name)}]", step)
        _attributes(walk, path, state)
    finally:
        walk.models -= 1


def _refuse_unfitted(path: str, value: Any) -> None:
    validation = sys.modules.get("sklearn.utils.validation")
    exceptions = sys.modules.get("sklearn.exceptions")
    if validation is None or exceptions is None:
        return
    try:
        validation.check_is_fitted(value)
    except exceptions.NotFittedError:
        raise MLGatesError(
            f"result{path} is a {type(value).__name__} that was not fitted",
            want="a fitted estimator: parameters alone prove nothing of a training",
            fix="return what .fit(…) returned",
        ) from None
    except TypeError:  # has no fit: nothing could have been fitted
        return


def _attributes(walk: Walk, path: str, state: Mapping[str, Any]) -> None:
    for name, attribute in state.items():
        if name.endswith(_DURATIONS):
            continue
        if name == "cv_results_" and isinstance(attribute, dict):
            kept = {k: v for k, v in attribute.items() if not str(k).endswith(_DURATIONS)}
            walk.visit(f"{path}.{name}", kept)
        else:
            walk.visit(f"{path}.{name}", attribute)


def _taken_apart(walk: Walk, path: str, value: Any) -> None:
    """An object by the parts that it can be rebuilt from, each in its own canonical form."""
    walk.structure(path, class_name(type(value)))
    try:
        reducer: Any = copyreg.dispatch_table.get(type(value))
        reduced = value.__reduce_ex__(4) if reducer is None else reducer(value)
    except TypeError as error:
        raise MLGatesError(
            f"result{path} cannot be taken apart",
            got=f"{type(value).__qualname__}: {error}",
            want="a value that can be saved",
            fix="return what the model predicts, or its arrays",
        ) from None
    if isinstance(reduced, str):
        walk.texts(f"{path}.name", "text", [reduced], ())
        return
    _, arguments, state, *items = (*reduced, None, None, None)[:5]
    for number, argument in enumerate(arguments):
        if argument is not type(value):
            walk.visit(f"{path}.arguments[{number}]", argument)
    slots = None
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):
        state, slots = state
    for part in (state, slots):
        if isinstance(part, dict):
            _attributes(walk, path, part)
        elif part is not None:
            walk.visit(f"{path}.state", part)
    for name, iterator in zip(("list", "dict"), items, strict=False):
        if iterator is not None:
            walk.visit(f"{path}.{name}", list(iterator))


def _function(walk: Walk, path: str, value: Any) -> None:
    """By name where it has an importable one, else by its code and what it closes over."""
    if isinstance(value, types.MethodType):
        walk.structure(path, "method")
        walk.visit(f"{path}.__func__", value.__func__)
        walk.visit(f"{path}.__self__", value.__self__)
        return
    owner = getattr(value, "__self__", None)  # of a built-in method: [].append
    if owner is not None and not isinstance(owner, types.ModuleType | type):
        walk.structure(path, f"method {value.__name__}")
        walk.visit(f"{path}.__self__", owner)
        return
    root = str(value.__module__).partition(".")[0]
    if not isinstance(value, types.FunctionType) or "<" not in value.__qualname__:
        walk.texts(path, "function", [f"{root} {value.__qualname__}"], ())
        return
    walk.structure(path, f"function {value.__qualname__}")
    _code(walk, f"{path}.__code__", value.__code__)
    walk.visit(f"{path}.__defaults__", value.__defaults__)
    walk.visit(f"{path}.__kwdefaults__", value.__kwdefaults__)
    closure = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
    for name, cell in closure:
        walk.visit(f"{path}.{name}", cell.cell_contents)


def _code(walk: Walk, path: str, code: types.CodeType) -> None:
    walk.structure(path, "code")
    walk.visit(f"{path}.co_code", code.co_code)
    walk.texts(f"{path}.co_names", "text", list(code.co_names))
    for number, constant in enumerate(code.co_consts):
        place = f"{path}.co_consts[{number}]"
        if isinstance(constant, types.CodeType):
            _code(walk, place, constant)
        else:
            walk.visit(place, constant)
