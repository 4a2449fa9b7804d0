"""Trainings are compared stage by stage; the first stage that differs is named."""

from __future__ import annotations

import random

import numpy as np
import pytest

from pytest_mlgates import MLGatesError, reproducibility, trace


def shuffled_split():
    trace("data", np.arange(10.0))
    ids = list(range(50))
    random.shuffle(ids)
    trace("split", ids)
    for epoch in range(3):
        trace("epoch", epoch, np.array(ids) * 1.0)
    return np.array(ids) * 0.5


def changed_in_place():
    weights = np.zeros(3)
    for epoch in range(3):
        weights += 1
        trace("epoch", epoch, weights)
    return weights


def one_stage_more():
    if next(_CALLS):
        trace("extra", 1)
    return 1.5, "kept"


_CALLS = iter(range(10))


@pytest.mark.parametrize("fresh", [False, True], ids=["here", "fresh"])
def test_the_first_stage_that_differs_is_named(fresh):
    verdict = reproducibility(shuffled_split, fresh_process=fresh)
    assert not verdict.passed
    assert "from stage 'split' on (2 of 5)" in verdict.message
    assert "- split: the same 50 values in another order" in verdict.message
    assert verdict.details[0]["stages"][0] == verdict.details[1]["stages"][0]
    assert verdict.details[0]["stages"][1] != verdict.details[1]["stages"][1]


def test_a_value_that_changes_later_is_recorded_as_it_was():
    assert reproducibility(changed_in_place, fresh_process=True).passed
    assert reproducibility(changed_in_place).passed


def test_a_stage_that_one_run_lacks_is_a_difference():
    message = reproducibility(one_stage_more).message
    assert "from stage 'extra' on" in message
    assert "extra: run 1 does not have it" in message


def test_trace_returns_its_value_and_does_nothing_where_no_gate_runs():
    assert trace("split", [1, 2]) == [1, 2]
    assert trace("epoch", 3, "weights") == "weights"
    assert trace("anything", object()) is not None


@pytest.mark.parametrize("values", [(), (1.5, "x"), (1, 2, 3), (True, "x")])
def test_anything_but_a_value_or_a_number_and_a_value_is_misuse(values):
    with pytest.raises(MLGatesError, match="trace takes a stage and its value"):
        trace("epoch", *values)


def test_a_stage_without_a_fingerprint_is_misuse_that_names_it():
    with pytest.raises(MLGatesError, match=r"^stage 'model': its value is of a type") as caught:
        reproducibility(lambda: trace("model", object()))
    assert caught.value.fix.startswith("trace what it predicts")
    with pytest.raises(MLGatesError, match=r"^stage 'epoch 3': its value\[\"m\"\] is of a type"):
        reproducibility(lambda: trace("epoch", 3, {"m": object()}))
