"""A contract over a small CSV file that keeps it, without an engine: what a hook meets every day.

Only what certainly holds is answered here, by ``small_checks``; whatever fails, is out of the
ordinary or is asked in another way is None, and the engine judges. A test holds both to the same
verdict.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Finding, InputDigest, Outcome, Verdict
from pytest_mlgates.engines import memory, plain_csv
from pytest_mlgates.gates.data_schema import demands, messages, small_checks, suite
from pytest_mlgates.gates.data_schema.record import recorded
from pytest_mlgates.gates.privacy import Display

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlgates.gates.data_schema.results import Result
    from pytest_mlgates.gates.data_schema.suite import Expectation


def evaluate(
    given: str, base: Path, path: Path, *, name: str, delimiter: str | None = None
) -> Verdict | None:
    """The verdict, without an id, of the suite *given* on the file *path* that keeps all of it.

    None where that is not certain: the engine judges then, and tells what is wrong.

    Args:
        given: The path of the suite.
        base: What it is relative to.
        path: The file.
        name: What the table is called.
        delimiter: What stands between two values (default: what the header shows).
    """
    start = time.perf_counter()
    try:
        memory.stated()
        expectations = suite.load(given, base)
    except MLGatesError:  # told by whoever asks for it next
        return None
    table = plain_csv.read(path, delimiter, demands.of(expectations))
    if table is None:
        return None
    judged: list[tuple[Expectation, Result]] = []
    for expectation in expectations:
        result = small_checks.holds(table, expectation)
        if result is None:
            return None
        judged.append((expectation, result))
    display = Display()
    return Verdict(
        id="",
        kind="data_schema",
        finding=Finding.PROVEN,
        outcome=Outcome.PASSED,
        message=messages.render(judged, rows=table.n, bad_rows=None, examples={}, display=display),
        summary=messages.summarize(judged, display),
        n=table.n,
        method="exact",
        details=tuple(recorded(e, r, frozenset(), None, 0) for e, r in judged),
        inputs=(InputDigest(name=name, digest=table.digest, rows=table.n),),
        duration_s=time.perf_counter() - start,
        definition={"kind": "data_schema", "suite": given},
    )
