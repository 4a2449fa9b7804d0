"""``fingerprint(value)``: the same for equal values in every process and on every platform.

Dictionaries are compared as ``==`` compares them: the order of keys is not part of the value (but
it is of an ``OrderedDict``). A ``Path`` stands for the bytes of its file, or of all files of its
folder; its own name does not count.
"""

from __future__ import annotations

import collections
import dataclasses
import inspect
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import (
    canonical_arrays,
    canonical_models,
    canonical_registered,
    canonical_tables,
)
from pytest_mlgates.engines.canonical import Fingerprint, Walk
from pytest_mlgates.engines.tokens import key_text, scalar_token

if TYPE_CHECKING:
    from collections.abc import Callable

_WANT = (
    "numbers, text, numpy arrays, pandas, polars or pyarrow tables, scikit-learn estimators, "
    "models and tensors of PyTorch, Keras, TensorFlow, XGBoost or LightGBM, dataclasses, "
    "containers of these, a Path to a file or folder, or a type told to register_fingerprint"
)
_FIXES = {
    "torch": "return model.state_dict(), or what the model predicts",
    "tensorflow": "return its variables, or what the model predicts",
    "keras": "return model.get_weights(), or what the model predicts",
    "xgboost": "return the booster, or what it predicts",
    "lightgbm": "return the booster, or what it predicts",
    "jax": "return numpy.asarray(array), or jax.random.key_data(key)",
    "jaxlib": "return numpy.asarray(array), or jax.random.key_data(key)",
    "duckdb": "return relation.fetchnumpy()",
    "pyspark": "return frame.toPandas()",
    "narwhals": "return frame.to_native()",
}
_DIGITS_AS_NUMBERS = {bool: "|b1", float: "<f8", complex: "<c16"}


def fingerprint(value: Any) -> Fingerprint:
    """The canonical fingerprint of *value*, part by part.

    Raises:
        MLGatesError: if a part has no canonical form, naming it; or if a file is missing.
    """
    walk = Walk(_handle)
    try:
        walk.visit("", value)
    except RecursionError:
        raise MLGatesError(
            "the result is nested too deeply to be walked",
            got=type(value).__qualname__,
            fix="return its arrays in a list or a dictionary",
        ) from None
    return walk.finished()


def _handle(walk: Walk, path: str, value: Any) -> None:
    if type(value) in _PLAIN:
        _PLAIN[type(value)](walk, path, value)
        return
    handlers: tuple[Callable[[Walk, str, Any], bool], ...] = (
        canonical_registered.handle,
        canonical_arrays.handle,
        canonical_tables.handle,
        _containers,
        canonical_models.handle,
    )
    for handler in handlers:
        if handler(walk, path, value):
            return
    raise _unknown(path, value)


def _containers(walk: Walk, path: str, value: Any) -> bool:
    if isinstance(value, PurePath):
        _path(walk, path, Path(value))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        walk.structure(path, f"dataclass {type(value).__qualname__}")
        for field in dataclasses.fields(value):
            walk.visit(f"{path}.{field.name}", getattr(value, field.name))
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        walk.structure(path, f"namedtuple {type(value).__qualname__}", (len(value),))
        for name, part in zip(value._fields, value, strict=True):
            walk.visit(f"{path}.{name}", part)
    elif isinstance(value, collections.OrderedDict):
        walk.visit(f"{path}.keys()", list(value))
        _mapping(walk, path, value)
    elif isinstance(value, dict):
        _mapping(walk, path, value)
    elif isinstance(value, list | tuple | collections.deque):
        _sequence(walk, path, value)
    elif isinstance(value, set | frozenset):
        _set(walk, path, value)
    else:
        token = scalar_token(value)
        if token is None:
            return False
        walk.texts(path, type(value).__name__, [token], ())
    return True


def _sequence(walk: Walk, path: str, value: Any) -> None:
    kind = _kind(value)
    values = list(value)
    types = set(map(type, values))
    only = types.pop() if len(types) == 1 else None
    if only in _DIGITS_AS_NUMBERS:
        walk.array(path, kind, np.array(values, dtype=_DIGITS_AS_NUMBERS[only]))
    elif only is int and min(values) >= -(2**63) and max(values) < 2**63:
        walk.array(path, kind, np.array(values, dtype="<i8"))
    elif values and all(scalar_token(part) is not None for part in values):
        walk.objects(path, kind, values, (len(values),))
    else:
        walk.structure(path, kind, (len(values),))
        for place, part in enumerate(values):
            walk.visit(f"{path}[{place}]", part)
    _own_attributes(walk, path, value)


def _mapping(walk: Walk, path: str, value: Mapping[Any, Any]) -> None:
    walk.structure(path, _kind(value), (len(value),))
    for key, part in value.items():
        text = key_text(key)
        if text is None:
            raise MLGatesError(
                f"a key of result{path} has no canonical form",
                got=f"a key of type {type(key).__qualname__}",
                want="text, numbers, dates, enums or tuples of these",
                fix="return a list of (key, value) pairs in an order of your own",
            )
        walk.visit(f"{path}[{text}]", part)
    _own_attributes(walk, path, value)


def _set(walk: Walk, path: str, value: Any) -> None:
    """Sorted by content: the order of a set is not part of it."""
    tokens = []
    for part in value:
        token = scalar_token(part)
        if token is None:
            inner = Walk(_handle)
            inner.visit(f"{path}{{…}}", part)
            token = f"#{inner.finished().digest}"
        tokens.append(token)
    walk.texts(path, _kind(value), sorted(tokens))
    _own_attributes(walk, path, value)


def _own_attributes(walk: Walk, path: str, value: Any) -> None:
    """What a subclass of a container carries beside its items."""
    for name, part in getattr(value, "__dict__", {}).items():
        walk.visit(f"{path}.{name}", part)


def _kind(value: Any) -> str:
    return type(value).__qualname__


def _path(walk: Walk, path: str, value: Path) -> None:
    if value.is_file():
        _file(walk, path, value)
        return
    if not value.is_dir():
        state = "is neither a file nor a folder" if value.exists() else "does not exist"
        raise MLGatesError(
            f"result{path} is a path that {state}",
            got=str(value),
            want="a file or folder that is there when the function has returned",
            fix="write it before returning, outside of a temporary folder that is gone by then",
        )
    walk.structure(path, "folder")
    for folder, folders, files in os.walk(value, onerror=_raise):
        folders.sort()
        here = Path(folder)
        for name in sorted(files):
            inner = (here / name).relative_to(value).as_posix()
            if not (here / name).is_file():
                raise MLGatesError(
                    f"result{path} holds {inner!r}, which is neither a file nor a folder",
                    got=str(here / name),
                    want="files and folders only (no sockets, pipes or dangling links)",
                )
            _file(walk, f"{path} / {key_text(inner)}", here / name)
        for name in folders:
            inner = (here / name).relative_to(value).as_posix()
            link = here / name
            kind = f"link to {link.readlink().as_posix()}" if link.is_symlink() else "folder"
            walk.structure(f"{path} / {key_text(inner)}", kind)


def _file(walk: Walk, path: str, file: Path) -> None:
    try:
        walk.file(path, "file", file.absolute())
    except OSError as error:
        _raise(error)


def _raise(error: OSError) -> None:
    raise MLGatesError(
        "a file of the result cannot be read", got=f"{error.filename}: {error.strerror}"
    ) from None


def _unknown(path: str, value: Any) -> MLGatesError:
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    fix = _FIXES.get(
        kind.__module__.partition(".")[0],
        "return what it predicts, its arrays, or a dataclass of them; or register_fingerprint("
        f"{kind.__qualname__}, …)",
    )
    if inspect.iscoroutine(value):
        fix = "wrap it: lambda: asyncio.run(train())"
    elif hasattr(value, "collect_schema") and hasattr(value, "collect"):
        fix = "return frame.collect()"
    elif isinstance(value, io.IOBase):
        fix = "return the Path of the file"
    elif isinstance(value, Iterator | Iterable) and inspect.isgenerator(value):
        fix = "return list(…)"
    return MLGatesError(
        f"result{path} is of a type that has no fingerprint", got=name, want=_WANT, fix=fix
    )


def _number(dtype: str) -> Callable[[Walk, str, Any], None]:
    return lambda walk, path, value: walk.array(path, "number", np.array(value, dtype=dtype))


def _integer(walk: Walk, path: str, value: int) -> None:
    if -(2**63) <= value < 2**63:
        walk.array(path, "number", np.array(value, dtype="<i8"))
    else:
        walk.texts(path, "int", [scalar_token(value)], ())


# By exact type, first: most parts of most results are these.
_PLAIN: dict[type, Callable[[Walk, str, Any], None]] = {
    type(None): lambda walk, path, _: walk.structure(path, "None"),
    bool: _number("|b1"),
    int: _integer,
    float: _number("<f8"),
    complex: _number("<c16"),
    str: lambda walk, path, value: walk.texts(path, "text", [value], ()),
    bytes: lambda walk, path, value: walk.array(path, "bytes", np.frombuffer(value, np.uint8)),
    list: _sequence,
    tuple: _sequence,
    dict: _mapping,
    set: _set,
    frozenset: _set,
    np.ndarray: lambda walk, path, value: walk.array(path, "array", value),
}
