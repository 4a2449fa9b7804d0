"""The reproducibility gate on whole models, in this process and in fresh ones."""

from __future__ import annotations

from functools import partial

import pytest

from pytest_mlgates import reproducibility
from tests.frameworks import trainings

LIBRARIES = ["torch", "keras", "xgboost", "lightgbm"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_no_seed_is_disproven_with_the_part_that_differs(library):
    pytest.importorskip(library)
    train = getattr(trainings, f"with_{library}")
    verdict = reproducibility(partial(train, None))
    assert verdict.finding.value == "disproven"
    assert 'result["model"]' in verdict.summary
    assert len({run["digest"] for run in verdict.details}) == 2


@pytest.mark.parametrize("library", LIBRARIES)
def test_one_seed_is_proven_with_one_digest_here_and_in_fresh_processes(library):
    pytest.importorskip(library)
    train = partial(getattr(trainings, f"with_{library}"), 7)
    verdicts = [reproducibility(train, fresh_process=fresh) for fresh in (False, True)]
    assert [verdict.finding.value for verdict in verdicts] == ["proven", "proven"]
    digests = {run["digest"] for verdict in verdicts for run in verdict.details}
    assert len(digests) == 1
    assert digests.pop().startswith("sha256:")
