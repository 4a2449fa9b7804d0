"""Twelve usual causes are found, each with its stage and a fitting reason; clean twins pass.

``make causes`` does the same twenty times over.
"""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

from benchmarks.causes import CAUSES, Cause, count, main

TRIES = 2
each = pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name.replace(" ", "-"))


def training(cause: Cause):
    if cause.needs:
        pytest.importorskip(cause.needs)
    name, _, function = cause.training.partition(".")
    return getattr(importlib.import_module(f"benchmarks.planted.{name}"), function)


def test_there_are_twelve():
    assert len({cause.name for cause in CAUSES}) == len({cause.training for cause in CAUSES}) == 12


@each
def test_a_cause_is_found_at_its_stage_and_its_clean_twin_passes(cause: Cause):
    training(cause)
    *_, seen = count(cause, TRIES)
    assert (seen.found, seen.staged, seen.hinted, seen.alarms) == (TRIES, TRIES, TRIES, 0), (
        seen.complaint
    )


@each
def test_a_cause_is_one_line(cause: Cause):
    body = inspect.getsource(training(cause)).partition("\n")[2]
    assert len(re.findall(r"^.*\bplanted\b.*$", body, re.MULTILINE)) == 1


def test_the_table_says_how_often_and_where(capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("sklearn")
    assert main(["--tries", "1", "unseeded split"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "cause",
        "found",
        "stage",
        "hint",
        "alarms",
        "seconds",
        "stage",
        "named",
    ]
    assert row.split()[:6] == ["unseeded", "split", "1/1", "1/1", "1/1", "0/1"]


def test_a_cause_that_is_missed_ends_with_1_and_its_message(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    blind = Cause("set iteration", "plain.set_iteration", "vocabulary", "order of a set")
    monkeypatch.setattr(
        "benchmarks.causes.CAUSES", (blind,)
    )  # in one process a set keeps its order
    assert main(["--tries", "1"]) == 1
    printed = capsys.readouterr().out
    assert "0/1" in printed
    assert "set_iteration is reproducible bit for bit" in printed


def test_a_cause_that_does_not_exist_is_misuse(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match="2"):
        main(["clocks"])
    assert "no such cause; there are: unseeded shuffle, set iteration" in capsys.readouterr().err
