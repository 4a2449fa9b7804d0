"""Waivers of gates that are markers."""

from __future__ import annotations

import datetime as dt

import pytest

TEST = """
import pandas as pd
import pytest

HOLDOUT = pd.DataFrame({"y_true": [0, 1] * 100, "y_pred": [0, 0] * 100})

@pytest.mark.metric("accuracy", min=0.9)
def test_model(mlgate):
    mlgate(HOLDOUT, subject="fold")

def test_method(mlgate):
    mlgate.metric(HOLDOUT, "accuracy", min=0.9)
"""


def entry(gate, days=100):
    day = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=days)
    return f'[[waivers]]\ngate = "{gate}"\nowner = "ana"\nreason = "known"\nexpires = {day}\n'


@pytest.fixture
def project(pytester):
    pytester.makepyfile(test_it=TEST)

    def run(*entries, arguments=()):
        pytester.path.joinpath("mlgates.toml").write_text("confidence = 0.9\n" + "".join(entries))
        return pytester.runpytest(*arguments)

    return run


MARKER = "test_it.py::test_model::metric:accuracy@fold"
METHOD = "test_it.py::test_method::metric:accuracy"


def test_markers_and_methods_are_waived_by_their_ids(project):
    result = project(entry(MARKER), entry(METHOD))
    assert result.ret == 0
    result.stdout.fnmatch_lines(["* 2 gates: 0 passed, 0 failed, 2 waived*"])
    result.stdout.fnmatch_lines(["*waived until * by ana: known*"])


def test_one_waiver_excuses_one_gate(project):
    result = project(entry(MARKER))
    result.assert_outcomes(passed=1, failed=1)


def test_an_expired_waiver_fails_the_run(project):
    result = project(entry(MARKER, -1), entry(METHOD, 100))
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"*the waiver of {MARKER} expired on *"])


def test_a_waiver_of_an_unknown_gate_fails_a_whole_run(project):
    result = project(
        entry(MARKER),
        entry(METHOD),
        entry("test_it.py::test_gone::metric:accuracy"),
        '[tables.t]\npath = "t.csv"\n[gates.g]\nkind = "metric"\ntable = "t"\n'
        'metric = "accuracy"\nmin = 0.1\n',
        arguments=["--mlgates"],
    )
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*a waiver names the unknown gate 'test_it.py::test_gone*"])
