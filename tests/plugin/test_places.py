"""Reports point at the line of the marker that demands what failed."""

from __future__ import annotations

import json
import sys

import pytest

SOURCE = """
    import pytest

    pytestmark = pytest.mark.metric("recall", min=0.6)

    @pytest.mark.metric("f1", min=0.7)
    class TestModel:
        @pytest.mark.parametrize("fold", [0, 1])
        @pytest.mark.metric("accuracy", min=0.9)
        def test_folds(self, mlgate, bad, fold):
            mlgate(bad)

    @pytest.mark.metric("precision", min=0.8, id="named")
    def test_named(mlgate, bad):
        mlgate(bad)

    def test_by_hand(mlgate, bad):
        mlgate(bad)
        mlgate.metric(bad, "mcc", min=0.2)
"""
FIXTURES = """
    import pytest

    @pytest.fixture
    def bad():
        return {"y_true": [0, 1] * 100, "y_pred": [1, 0] * 100}
"""


@pytest.mark.parametrize("processes", [(), ("-n", "2")])
def test_markers_of_tests_classes_and_modules_have_their_line(pytester, processes):
    pytester.makeconftest(FIXTURES)
    pytester.makepyfile(test_model=SOURCE)
    run = pytester.runpytest_subprocess("--mlgates-evidence", "e.json", *processes)
    assert run.ret == 1
    told = pytester.run(sys.executable, "-m", "pytest_mlgates", "report", "e.json", "--gitlab", "-")
    found = json.loads(told.stdout.str())
    lines = pytester.path.joinpath("test_model.py").read_text().splitlines()
    for one in found:
        assert one["location"]["path"] == "test_model.py"
        line = lines[one["location"]["lines"]["begin"] - 1]
        name = one["check_name"]
        metric = "precision" if name == "named" else name.rpartition(":")[2]
        if metric != "mcc":  # called, not marked: its test is named
            assert f'"{metric}"' in line, (name, line)
    assert {one["check_name"].rpartition(":")[2] for one in found} >= {
        "named",
        "recall",
        "f1",
        "accuracy",
    }
