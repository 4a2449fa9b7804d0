"""Is every usual cause found, is its stage named, and does its clean twin pass?

    python benchmarks/causes.py [--tries 20] [--without-torch] [CAUSE…]

Twelve small trainings (``planted/``), each with and without one line that makes it irreproducible,
go through the public gate again and again. Exits 1 where a cause is missed once, another stage is
named, the hint is about something else, or a clean twin is blamed.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import pytest_mlgates
from pytest_mlgates.core.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_STAGE = re.compile(r"from stage '([^']+)' on")


@dataclass(frozen=True)
class Cause:
    """A usual cause of trainings that do not repeat.

    Attributes:
        name: What people call it.
        training: Module in ``planted/`` and function.
        stage: Where it comes in: what the gate must name.
        hint: What the gate's reason must speak of.
        options: What the gate must be told, so that the cause can show.
        before: Function of the module that makes a try independent of those before it.
    """

    name: str
    training: str
    stage: str
    hint: str
    options: dict[str, Any] = field(default_factory=dict)
    before: str = ""

    @property
    def needs(self) -> str:
        """The library beside numpy, "" for none."""
        return {"learners": "sklearn", "tensors": "torch"}.get(self.training.partition(".")[0], "")


_FRESH: dict[str, Any] = {"fresh_process": True}
_THREADS: dict[str, Any] = {"fresh_process": True, "vary": ["threads"]}

CAUSES = (
    Cause("unseeded shuffle", "learners.unseeded_shuffle", "order", r"shuffle"),
    Cause("set iteration", "plain.set_iteration", "vocabulary", r"hash seed of run 1", _FRESH),
    Cause("thread-count reduction", "plain.thread_reduction", "gradient 0", "thread", _THREADS),
    Cause("unseeded split", "learners.unseeded_split", "split", r"numpy\.random|split"),
    Cause("time in a feature", "plain.time_in_feature", "features", r"clock gets into"),
    Cause("directory listing order", "plain.directory_listing", "data", r"folder"),
    Cause("dict of object ids", "plain.object_ids", "scores", r"\bid\(", _FRESH),
    Cause(
        "global generator used elsewhere",
        "plain.global_generator_used_elsewhere",
        "start",
        r"numpy\.random",
        before="jitter.cache_clear",
    ),
    Cause(
        "non-deterministic torch op",
        "tensors.nondeterministic_operation",
        "epoch 0",
        r"last bits|thread|determinis",
    ),
    Cause("data loader workers", "tensors.loader_workers", "batch 0", r"torch|worker"),
    Cause("float32 sum order", "plain.float32_sum_order", "mean", r"last bits|sums"),
    Cause("environment variable", "plain.environment_variable", "start", "PYTHONHASHSEED", _FRESH),
)


@dataclass
class Count:
    """What so many tries gave."""

    tries: int = 0
    found: int = 0
    staged: int = 0
    hinted: int = 0
    alarms: int = 0
    seconds: float = 0.0
    complaint: str = ""

    @property
    def complete(self) -> bool:
        """Whether every try gave what it must."""
        return self.found == self.staged == self.hinted == self.tries > self.alarms == 0


def judged(cause: Cause, *, planted: bool) -> pytest_mlgates.Verdict:
    """The verdict on the training of *cause* with its line, or without."""
    name, _, function = cause.training.partition(".")
    module = importlib.import_module(f"benchmarks.planted.{name}")
    if cause.before:
        ready: Any = module
        for part in cause.before.split("."):
            ready = getattr(ready, part)
        ready()
    training = partial(getattr(module, function), planted=planted)
    return pytest_mlgates.reproducibility(training, **cause.options)


def named_stage(message: str) -> str:
    """The stage that the message names, "" for none."""
    found = _STAGE.search(message)
    return found.group(1) if found else ""


def named_reason(message: str) -> str:
    """Why, as the message has it."""
    return "".join(re.findall(r"^  why:   (.*)$", message, re.MULTILINE))


def count(cause: Cause, tries: int) -> Iterator[Count]:
    """What *tries* of the cause and as many of its clean twin give, after each pair."""
    seen = Count()
    for _ in range(tries):
        start = time.perf_counter()
        blamed = judged(cause, planted=True)
        clean = judged(cause, planted=False)
        seen.tries += 1
        seen.seconds += time.perf_counter() - start
        seen.found += blamed.outcome is Outcome.FAILED
        seen.staged += named_stage(blamed.message) == cause.stage
        seen.hinted += bool(re.search(cause.hint, named_reason(blamed.message)))
        seen.alarms += clean.outcome is not Outcome.PASSED
        if not seen.complete and not seen.complaint:
            wrong = clean if clean.outcome is not Outcome.PASSED else blamed
            seen.complaint = wrong.message
        yield seen


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--without-torch", action="store_true", help="leave out what needs PyTorch")
    parser.add_argument("cause", nargs="*", help="a part of its name")
    options = parser.parse_args(arguments)
    if options.tries < 1:
        parser.error("--tries must be at least 1")
    chosen = [
        cause
        for cause in CAUSES
        if not (options.without_torch and cause.needs == "torch")
        and (not options.cause or any(part in cause.name for part in options.cause))
    ]
    if not chosen:
        parser.error(f"no such cause; there are: {', '.join(cause.name for cause in CAUSES)}")
    head = ("found", "stage", "hint", "alarms")
    print(f"{'cause':<32}{''.join(f'{word:>9}' for word in head)}  seconds  stage named")
    short: list[tuple[Cause, Count]] = []
    for cause in chosen:
        seen = Count()
        for seen in count(cause, options.tries):
            status(f"{cause.name}: {seen.tries} of {options.tries}")
        status("")
        numbers = (seen.found, seen.staged, seen.hinted, seen.alarms)
        cells = "".join(f"{f'{number}/{seen.tries}':>9}" for number in numbers)
        print(f"{cause.name:<32}{cells}{seen.seconds:>9.1f}  {cause.stage}", flush=True)
        if not seen.complete:
            short.append((cause, seen))
    for cause, seen in short:
        print(f"\n{cause.name}: want stage {cause.stage!r} and a reason like {cause.hint!r}")
        print(seen.complaint)
    return 1 if short else 0


def status(text: str) -> None:
    """What runs now, on one line of a terminal that the next output takes over."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text[:78]}\r", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
