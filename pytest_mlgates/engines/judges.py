"""Questions about single values that only Python answers: ``values -> [True, False, …]``.

Standard library alone, because the source runs in three places: here, in a child process that can
be killed (``python -c``), and, pickled by value, in Spark workers that need not have this package.
"""

from __future__ import annotations

import importlib
import json
import re
import signal
import sys
import threading
import warnings
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

LIMIT_S = 10.0
"""Seconds that a judge of patterns may spend on one part of the values."""
_MOST_CHARACTERS = 1_000_000


def matching(patterns: Sequence[str], how: str, values: Sequence[Any]) -> list[bool]:
    """Whether ``re.search`` finds *patterns* in each value as Python writes it.

    Args:
        patterns: Regular expressions.
        how: ``any`` or ``all`` of them, or ``none``.
        values: What is judged.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        searches = [re.compile(pattern).search for pattern in patterns]
    texts = written(values)
    hits = [[search(text) is not None for text in texts] for search in searches]
    if how == "all":
        return list(map(all, zip(*hits, strict=True)))
    found = hits[0] if len(hits) == 1 else list(map(any, zip(*hits, strict=True)))
    return found if how == "any" else [not hit for hit in found]


def sized(least: int, most: int | None, values: Sequence[Any]) -> list[bool]:
    """Whether each value, as Python writes it, has a length in a range."""
    lengths = [len(text) for text in written(values)]
    return [least <= length and (most is None or length <= most) for length in lengths]


def written(values: Sequence[Any]) -> list[str]:
    """*values* of one column as Python writes them; -0.0 as 0.0, which is the same value."""
    texts = [str(value) for value in values]
    if not values or isinstance(values[0], str):
        return texts
    return ["0.0" if text == "-0.0" else text for text in texts]


def parts(values: Sequence[Any]) -> Iterator[list[str]]:
    """*values* as texts, a million characters at a time: what the time limit is for."""
    part: list[str] = []
    size = 0
    for text in written(values):
        if part and size + len(text) >= _MOST_CHARACTERS:
            yield part
            part, size = [], 0
        part.append(text)
        size += len(text) + 1
    if part:
        yield part


def timed(form: str, values: Sequence[str]) -> list[bool]:
    """Whether ``datetime.strptime`` reads each text by *form*."""
    return _each(lambda text: datetime.strptime(text, form), values)  # noqa: DTZ007


def json_like(values: Sequence[Any]) -> list[bool]:
    """Whether ``json.loads`` reads each value; what is no text is no JSON."""
    return _each(json.loads, values)


def dated(values: Sequence[str]) -> list[bool]:
    """Whether ``dateutil`` reads each text."""
    parse = importlib.import_module("dateutil.parser").parse
    return _each(parse, values)


def _each(read: Callable[[Any], Any], values: Sequence[Any]) -> list[bool]:
    """Which *values* are read: any exception is a no."""
    found = []
    with warnings.catch_warnings():  # they tell of one value what nobody asked
        warnings.simplefilter("ignore")
        for value in values:
            try:
                read(value)
            except Exception:
                found.append(False)
            else:
                found.append(True)
    return found


def in_time(judge: Callable[..., list[bool]], *arguments: Any) -> list[bool]:
    """What *judge* answers, in the main thread of a worker.

    Raises:
        TimeoutError: if that takes too long (not on Windows, which has no alarm). ``re`` looks for
            signals while it searches.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer"):
        return judge(*arguments)

    def stop(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        return judge(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def worker(
    asked: Sequence[tuple[Callable[..., list[bool]], tuple[Any, ...]]], *, single: bool, most: int
) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """What Spark's ``mapInPandas`` runs over ``(value, rows)``.

    Args:
        asked: Judges, each with what it is called with before the values.
        single: Whether the values are floats of 32 bits.
        most: How many wrong values of a partition are sent back, for each judge.
    """

    def judged(frames: Iterable[Any]) -> Iterator[Any]:
        """Per batch and judge, its wrong rows (without a value), then the wrong values."""
        import pandas as pd

        left = [most] * len(asked)
        for frame in frames:
            values = frame["value"].tolist()
            shown = list(frame["value"].to_numpy()) if single else values
            for place, (judge, arguments) in enumerate(asked):
                right, late = [True] * len(values), False
                try:
                    right = [ok for part in parts(shown) for ok in in_time(judge, *arguments, part)]
                except TimeoutError:
                    late = True
                wrong = [value for value, ok in zip(values, right, strict=True) if not ok]
                count = int(frame["rows"][[not ok for ok in right]].sum())
                kept = wrong[: left[place]]
                left[place] -= len(kept)
                columns = {
                    "judge": [place] * (len(kept) + 1),
                    "value": pd.Series([None, *kept], dtype=object),
                    "rows": [count] * (len(kept) + 1),
                    "late": [late] * (len(kept) + 1),
                }
                yield pd.DataFrame(columns)

    return judged


def serve() -> None:
    """Answer the batches that come in, each with one byte per value; end with the input.

    The watchdog is a thread of C: it ends this process while ``re`` holds the interpreter, on
    every platform, and whether or not the parent still lives.
    """
    import faulthandler
    import os
    import pickle

    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    name, arguments, limit = pickle.load(asked)  # noqa: S301  (from the parent)
    judge = globals()[name]
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        while True:
            try:
                values = pickle.load(asked)  # noqa: S301
            except EOFError:
                return
            faulthandler.dump_traceback_later(limit, exit=True, file=nowhere)
            found = judge(*arguments, values)
            faulthandler.cancel_dump_traceback_later()
            answers.write(bytes(found))
            answers.flush()


if __name__ == "__main__":
    serve()
