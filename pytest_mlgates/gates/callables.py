"""What a reproducibility gate refuses: what cannot be called, and results that prove nothing."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import plural
from pytest_mlgates.engines.commands import Command
from pytest_mlgates.engines.runs import is_same_object

if TYPE_CHECKING:
    from pytest_mlgates.engines.canonical import Fingerprint

_MOST_NAMES = 20


def callable_name(function: Any) -> str:
    """What messages call *function*: ``train`` for ``partial(train, seed=7)``."""
    if isinstance(function, Command):
        return function.name
    while isinstance(function, functools.partial):
        function = function.func
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name).rpartition("<locals>.")[2]


def refuse_uncallable(function: Any, name: str) -> None:
    """Misuse for anything but a function without required arguments."""
    if isinstance(function, Command):
        return
    if not callable(function):
        raise MLGatesError(
            "reproducibility takes a callable",
            got=f"{type(function).__module__}.{type(function).__qualname__}",
            want="a function without required arguments that trains and returns its result",
            fix="mlgate(partial(train, seed=7)), without calling it",
        )
    inner = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    if inspect.iscoroutinefunction(inner):
        raise MLGatesError(
            f"{name} is async, a call returns before it has run",
            want="a function that returns its result",
            fix=f"def run(): return asyncio.run({name}())",
        )
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # built in C without a signature: the call will tell
        return
    required = [
        p.name
        for p in signature.parameters.values()
        if p.default is p.empty and p.kind not in {p.VAR_POSITIONAL, p.VAR_KEYWORD}
    ]
    if required:
        raise MLGatesError(
            f"{name} needs {plural(len(required), 'argument')}",
            got=f"required: {', '.join(required)}",
            want="a callable without required arguments",
            fix=f"partial({name}, {', '.join(f'{argument}=…' for argument in required)})",
        )


def refuse_no_evidence(found: Fingerprint, name: str) -> None:
    """Misuse for a result that holds nothing, or names a file instead of its content."""
    if not found.size:
        raise MLGatesError(
            f"{name} returned nothing to compare, which proves nothing",
            got=next(iter(found.leaves.values())).kind if len(found.leaves) == 1 else "no values",
            want="the trained model, its predictions or its metrics",
            fix="end the function with `return model`, or return a Path to what it wrote",
        )
    if not all(leaf.kind.endswith("text") or not leaf.size for leaf in found.leaves.values()):
        return
    for path in found.leaves:
        for text in (found.content(path) or [])[:_MOST_NAMES]:
            if isinstance(text, str) and _names_file(text):
                raise MLGatesError(
                    f"{name} returned the name of a file as text: its content was not compared",
                    got=repr(text),
                    want="a Path, which stands for what the file holds",
                    fix=f"return Path({text!r})",
                )


def refuse_same_object(first: Any, value: Any, name: str, number: int) -> None:
    """Misuse where a later run returned what run 1 had made."""
    if is_same_object(first, value):
        raise MLGatesError(
            f"{name} returned in run {number} the very object of run 1: nothing was repeated",
            got=f"one {type(value).__qualname__}, kept in a cache or made outside of the function",
            want="a result that every call makes anew",
            fix="fresh_process=True, or train inside of the function and without a cache",
        )


def _names_file(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # too long, or not a name at all
        return False
