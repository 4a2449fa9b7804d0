"""Which gates run, what is recorded, and the exit code of it."""

from __future__ import annotations

import pytest

from pytest_mlgates.config.model import Configuration, Settings
from pytest_mlgates.core.verdict import Finding, Outcome, Verdict
from pytest_mlgates.runner.check import evidence_of, exit_code


def verdict(name: str, outcome: Outcome, finding: Finding | None = None) -> Verdict:
    return Verdict(id=name, kind="metric", finding=finding, outcome=outcome, message="m")


PASSED = verdict("a", Outcome.PASSED, Finding.PROVEN)
UNDECIDED = verdict("b", Outcome.PASSED, Finding.INCONCLUSIVE)
FAILED = verdict("c", Outcome.FAILED, Finding.DISPROVEN)
WAIVED = verdict("d", Outcome.WAIVED, Finding.DISPROVEN)
ERROR = verdict("e", Outcome.ERROR)


@pytest.mark.parametrize(
    ("verdicts", "code", "result"),
    [
        ([PASSED], 0, "PASSED"),
        ([PASSED, UNDECIDED], 0, "WARNED"),
        ([PASSED, WAIVED], 0, "WARNED"),
        ([PASSED, FAILED], 1, "FAILED"),
        ([PASSED, ERROR], 2, "FAILED"),
        ([FAILED, ERROR], 2, "FAILED"),
        ([], 1, "FAILED"),
    ],
)
def test_the_worst_verdict_decides(verdicts, code, result, tmp_path):
    found = evidence_of(Configuration(path=None, base=tmp_path), verdicts, whole=True)
    assert (exit_code(found), found.result) == (code, result)


@pytest.mark.parametrize(
    ("verdicts", "whole", "complete", "code"),
    [
        ([PASSED], True, True, 0),
        ([UNDECIDED], True, False, 1),
        ([UNDECIDED], False, False, 0),
        ([PASSED], False, False, 0),
        ([verdict("a", Outcome.ERROR)], True, False, 2),
    ],
)
def test_what_is_required_is_judged_in_whole_runs_only(verdicts, whole, complete, code, tmp_path):
    settings = Settings(required=("a",))
    configuration = Configuration(path=None, base=tmp_path, settings=settings)
    found = evidence_of(configuration, verdicts, whole=whole)
    assert (found.complete, exit_code(found)) == (complete, code)
