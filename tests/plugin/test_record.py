"""``--mlgates-record``: makes the stored runs of markers, methods and declared gates."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import configure

MARKED = """
    import pytest

    def train():
        return {"weights": [0.5, 1.5 + BIAS]}

    BIAS = 0.0

    @pytest.mark.reproducibility(against="repro/marked.json", runs=1, id="marked")
    def test_marked(mlgate):
        mlgate(train)

    def test_method(mlgate):
        mlgate.reproducibility(train, against="repro/method.json", id="method")
"""


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch):
    monkeypatch.delenv("CI", raising=False)


def test_a_missing_run_names_the_command_that_makes_it_and_that_command_does(project):
    project.makepyfile(MARKED)
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=2)
    name = "test_a_missing_run_names_the_command_that_makes_it_and_that_command_does.py"
    for test in ("test_marked", "test_method"):
        result.stdout.fnmatch_lines([f"*fix:   pytest --mlgates-record {name}::{test}"])
    result = project.runpytest_inprocess("--mlgates-record", f"{name}::test_marked")
    result.assert_outcomes(passed=1)
    assert [path.name for path in (project.path / "repro").glob("*.json")] == ["marked.json"]
    result = project.runpytest_inprocess("-k", "marked")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([" PASS  marked *bitwise, against repro/marked.json: proven"])


def test_what_was_recorded_is_no_pass(project):
    project.makepyfile(MARKED)
    result = project.runpytest_inprocess("--mlgates-record")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            " PASS?  marked *recorded in repro/marked.json",
            "gate 'marked' passed, but its runs do not decide it",
            "*train is recorded in repro/marked.json: 2 runs in one process*; nothing was judged",
            "*2 passed (2 undecided)*",
        ]
    )


def test_a_change_fails_until_it_is_recorded(project):
    file = project.makepyfile(MARKED)
    project.runpytest_inprocess("--mlgates-record")
    file.write_text(file.read_text().replace("BIAS = 0.0", "BIAS = 0.25"))
    result = project.runpytest_inprocess("-k", "method")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*1 of 2 values differ (50 %), by at most 0.25*",
            "*fix:   find the change; if it was meant, pytest --mlgates-record *::test_method",
        ]
    )
    project.runpytest_inprocess("--mlgates-record").assert_outcomes(passed=2)
    project.runpytest_inprocess().assert_outcomes(passed=2)


@pytest.mark.parametrize("value", ["true", "1"])
def test_ci_does_not_record(project, monkeypatch, value):
    monkeypatch.setenv("CI", value)
    project.makepyfile(MARKED)
    result = project.runpytest_inprocess("--mlgates-record")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--mlgates-record is refused in CI*", f"*got:   CI={value}"])
    assert not (project.path / "repro").exists()


def test_what_is_not_judged_is_not_locked(project):
    project.makepyfile(MARKED)
    result = project.runpytest_inprocess("--mlgates-record", "--mlgates-lock")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--mlgates-record and --mlgates-lock do not go together*"])


def test_declared_gates_are_recorded_too(project):
    configure(
        project,
        """
        [tool.mlgates]
        pythonpath = ["."]

        [tool.mlgates.gates.training]
        kind = "reproducibility"
        entry = "declared_trainer:train"
        against = "repro/training.json"
        """,
    )
    project.makepyfile(declared_trainer="def train():\n    return [1.0, 2.0]\n")
    result = project.runpytest_inprocess("--mlgates")
    result.stdout.fnmatch_lines(["*fix:   mlgates record training"])
    project.runpytest_inprocess("--mlgates", "--mlgates-record").assert_outcomes(passed=1)
    project.runpytest_inprocess("--mlgates").assert_outcomes(passed=1)


def test_gates_without_a_stored_run_are_judged_as_ever(project):
    project.makepyfile(
        """
        import itertools, pytest

        count = itertools.count()

        @pytest.mark.reproducibility(runs=2)
        def test_unstable(mlgate):
            mlgate(lambda: [next(count), 1.5])
        """
    )
    project.runpytest_inprocess("--mlgates-record").assert_outcomes(failed=1)


def test_workers_of_xdist_record_too(project):
    project.makepyfile(MARKED)
    result = project.runpytest_subprocess("-n", "2", "--mlgates-record")
    result.assert_outcomes(passed=2)
    assert len(list((project.path / "repro").glob("*.json"))) == 2


STAGED = """
    import pytest
    from pytest_mlgates import trace

    @pytest.fixture(scope="session")
    def rows():
        return trace("rows", [1.0, 2.0])

    @pytest.mark.reproducibility(against="repro/staged.json", runs=1, id="staged")
    def test_staged(mlgate, rows):
        def train():
            trace("weights", [0.5])
            return [sum(rows), 1.0]

        mlgate(train)
"""


def test_what_fixtures_told_stands_in_front(project):
    file = project.makepyfile(STAGED)
    project.runpytest_inprocess("--mlgates-record").assert_outcomes(passed=1)
    project.runpytest_inprocess().assert_outcomes(passed=1)
    file.write_text(file.read_text().replace("[1.0, 2.0]", "[1.0, 2.5]"))
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*it differs from stage 'rows' on (1 of 2)*"])
