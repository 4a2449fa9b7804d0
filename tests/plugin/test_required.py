"""``required`` is judged in whole runs, and only there."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.plugin.conftest import GATES, configure
from tests.projects import record_in

REQUIRED = '[tool.mlgates]\nrequired = ["sound", "quality"]\n'


@pytest.fixture
def requiring(declared):
    """Requires a declared gate and the marker of a test."""
    configure(declared, dedent(GATES).replace("[tool.mlgates]\n", REQUIRED, 1))
    declared.makepyfile(
        test_a="""
        import pytest

        @pytest.mark.metric("accuracy", min=0.5, id="quality")
        def test_model(mlgate, good):
            mlgate(**good)

        def test_plain():
            pass
    """
    )
    return declared


def evidence_of(project, path=".mlgates/evidence.json"):
    return record_in(project.path / path)


def test_a_whole_run_with_all_that_is_required_is_complete(requiring):
    result = requiring.runpytest_inprocess("--mlgates")
    assert result.ret == 0
    evidence = evidence_of(requiring)
    assert (evidence["complete"], evidence["required_not_run"]) == (True, [])
    result.stdout.no_fnmatch_line(" required*")


def test_a_required_gate_whose_test_is_skipped_fails_a_whole_run(requiring):
    requiring.makepyfile(
        test_a="""
        import pytest

        @pytest.mark.skip
        @pytest.mark.metric("accuracy", min=0.5, id="quality")
        def test_model(mlgate, good):
            mlgate(**good)
    """
    )
    result = requiring.runpytest_inprocess("--mlgates")
    result.assert_outcomes(passed=2, skipped=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            " required, not evaluated: quality",
            "*ML gates: 1 problem, see above*",
        ]
    )
    evidence = evidence_of(requiring)
    assert (evidence["complete"], evidence["result"]) == (False, "FAILED")


def test_a_required_gate_that_does_not_exist_fails_a_whole_run(requiring):
    requiring.makepyfile(test_a="def test_plain(): pass")
    result = requiring.runpytest_inprocess("--mlgates")
    assert result.ret == 1
    result.stdout.fnmatch_lines([" required, not evaluated: quality"])


def test_a_required_gate_that_could_not_be_evaluated_was_not_evaluated(requiring):
    (requiring.path / "holdout.csv").unlink()
    result = requiring.runpytest_inprocess("--mlgates")
    assert result.ret == 1
    result.stdout.fnmatch_lines([" required, not evaluated: sound"])


@pytest.mark.parametrize(
    "selection",
    [
        ("--mlgates", "-k", "parity or plain"),
        ("--mlgates", "-m", "fairness"),
        ("--mlgates", "--deselect", "test_a.py::test_model", "--deselect", "pyproject.toml::sound"),
        ("--mlgates", "test_a.py", "-k", "plain"),
        ("test_a.py::test_plain",),
        ("pyproject.toml::parity",),
    ],
    ids=" ".join,
)
def test_a_selected_run_says_what_is_missing_and_keeps_its_exit_code(requiring, selection):
    result = requiring.runpytest_inprocess("--mlgates-evidence", "evidence.json", *selection)
    assert result.ret == 0
    result.stdout.fnmatch_lines([" required, not run: sound, quality"])
    evidence = evidence_of(requiring, "evidence.json")
    assert evidence["complete"] is False
    assert evidence["required_not_run"] == ["sound", "quality"]


@pytest.mark.parametrize("options", [("test_a.py",), ("--ignore=test_b.py",), ("-n1", "-kmodel")])
def test_a_part_of_the_tests_is_not_a_whole_run(requiring, options):
    requiring.makepyfile(test_b="def test_b(): pass")
    result = requiring.runpytest_inprocess("--mlgates", *options)
    assert result.ret == 0
    assert evidence_of(requiring)["complete"] is False


@pytest.mark.parametrize("paths", [(), (".",)])
def test_all_paths_are_a_whole_run(requiring, paths):
    result = requiring.runpytest_inprocess("--mlgates", *paths)
    assert result.ret == 0
    assert evidence_of(requiring)["complete"] is True


def test_a_folder_below_the_configuration_is_not_a_whole_run(requiring, monkeypatch):
    monkeypatch.chdir(requiring.mkdir("sub"))
    result = requiring.runpytest_inprocess("--mlgates")
    assert result.ret == 0
    result.stdout.fnmatch_lines([" required, not run: quality"])
    assert evidence_of(requiring)["complete"] is False


def test_deselection_in_a_worker_is_not_a_whole_run(requiring):
    requiring.makepyfile(
        hides="""
        def pytest_collection_modifyitems(config, items):
            config.hook.pytest_deselected(items=[i for i in items if i.name == "test_model"])
            items[:] = [i for i in items if i.name != "test_model"]
    """
    )
    result = requiring.runpytest_subprocess("--mlgates", "-n", "1", "-p", "hides")
    assert result.ret == 0
    result.stdout.fnmatch_lines([" required, not run: quality"])


def test_an_ordinary_run_says_what_is_required(requiring):
    requiring.makepyfile(test_a="def test_plain(): pass")
    result = requiring.runpytest_inprocess()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["* ML gates *", " required, not run: sound, quality"])


def test_require_judges_every_run(requiring):
    result = requiring.runpytest_inprocess("--mlgates-require", "-k", "model")
    assert result.ret == 1
    result.assert_outcomes(passed=1, deselected=1)
    result.stdout.fnmatch_lines([" required, not evaluated: sound"])
    assert requiring.runpytest_inprocess("--mlgates-require", "--mlgates", "test_a.py").ret == 0


def test_require_fails_where_no_test_is_left(requiring):
    result = requiring.runpytest_inprocess("--mlgates-require", "-k", "nothing")
    assert result.ret == 1
    result.stdout.fnmatch_lines([" required, not evaluated: sound, quality"])


def test_an_interrupted_run_is_never_complete(requiring):
    requiring.makepyfile(
        test_b="""
        def test_stop():
            raise KeyboardInterrupt
    """
    )
    options = ("--mlgates", "--mlgates-require", "--mlgates-evidence", "evidence.json")
    result = requiring.runpytest_subprocess(*options)
    assert result.ret == 2
    result.stdout.fnmatch_lines([" required, not run: sound", "*KeyboardInterrupt*"])
    assert evidence_of(requiring, "evidence.json")["complete"] is False


def test_a_run_that_stops_at_the_first_failure_is_never_complete(requiring):
    requiring.makepyfile(test_0="def test_fails(): assert False")
    result = requiring.runpytest_inprocess("--mlgates", "-x")
    assert result.ret == 1
    result.stdout.fnmatch_lines([" required, not run: sound, quality"])
    assert evidence_of(requiring)["complete"] is False


def test_a_run_that_could_not_collect_everything_is_never_complete(requiring):
    requiring.makepyfile(test_0="import nowhere_to_be_found")
    result = requiring.runpytest_inprocess("--mlgates", "--continue-on-collection-errors")
    assert result.ret == 1
    assert evidence_of(requiring)["complete"] is False


NEVER_RUN = 'required = ["never-run"]\n'


@pytest.fixture
def nested(project):
    """A folder with a configuration of its own, below a root that has none."""
    folder = project.mkdir("proj")
    (folder / "mlgates.toml").write_text(NEVER_RUN)
    (folder / "test_plain.py").write_text("def test_plain(): pass\n")
    return project


@pytest.mark.parametrize("options", [("proj",), (), ("-n", "1"), ("proj", "-n", "1")], ids=str)
def test_what_a_nested_configuration_requires_is_judged(nested, options):
    result = nested.runpytest_subprocess(
        "--mlgates-require", "--mlgates-evidence", "evidence.json", *options
    )
    result.assert_outcomes(passed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines([" required, not evaluated: never-run"])
    evidence = evidence_of(nested, "evidence.json")
    assert (evidence["complete"], evidence["required"]) == (False, ["never-run"])


@pytest.mark.parametrize("content", [None, "required = []\n"], ids=["no file", "empty"])
def test_requiring_where_nothing_is_required_is_misuse(nested, content):
    path = nested.path / "proj" / "mlgates.toml"
    path.unlink() if content is None else path.write_text(content)
    result = nested.runpytest_inprocess("--mlgates-require", "proj")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: mlgates: --mlgates-require demands nothing: *"])
    result = nested.runpytest_subprocess("--mlgates-require", "proj", "-n", "1")
    assert result.ret == 1
    result.stdout.fnmatch_lines([" --mlgates-require demands nothing: *"])


def test_without_a_configuration_evidence_is_never_complete(project):
    project.makepyfile("def test_plain(): pass")
    project.runpytest_inprocess("--mlgates-require", "--mlgates-evidence", "evidence.json", "-n1")
    assert evidence_of(project, "evidence.json")["complete"] is False
