"""Signed evidence stands in for a test whose data is not here: the test is not run, its gates are.

The evidence is made by a run where the data is; then the data is taken away.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from importlib import resources

import pytest

from pytest_mlgates.cli import main
from tests.projects import holdout
from tests.stand_in_projects import (
    ACCURACY,
    CONFIGURATION,
    HEAD,
    IGNORED,
    MAKE,
    PARITY,
    TAKE,
    TEST,
    Project,
    git,
)

pytest.importorskip("cryptography")


@pytest.fixture
def bare(pytester, monkeypatch):
    for name in ("GITHUB_STEP_SUMMARY", "MLGATES_SIGN_KEY"):
        monkeypatch.delenv(name, raising=False)
    return Project(pytester)


@pytest.fixture
def project(bare):
    bare.start()
    return bare


def refused(project, reason, *options, gates=(ACCURACY, PARITY)):
    """No gate passes, the reason is told, and nothing was read that is not here."""
    result = project.run(*TAKE, *options)
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"*{reason}*"])
    result.stdout.no_fnmatch_line("*FileNotFoundError*")
    outcomes = {name: one["outcome"] for name, one in project.verdicts().items()}
    assert outcomes == dict.fromkeys(gates, "error")


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "xdist"])
def test_the_verdicts_of_the_evidence_are_the_outcome_of_the_test(project, workers):
    project.make()
    before = {one["id"]: one for one in project.record("made.json")["verdicts"]}
    result = project.run(*TAKE, *workers)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [f"*warning ({ACCURACY}, {PARITY}): from signed evidence of *, key *"]
    )
    found = project.verdicts()
    assert set(found) == {ACCURACY, PARITY}
    for name, verdict in found.items():
        assert len(verdict["stands_in"]["keyid"]) == 64
        assert verdict["estimate"] == before[name]["estimate"]
        assert set(verdict["files"]) == {"holdout.csv", "holdout.csv.dvc"}


def test_evidence_made_by_workers_says_how_their_tests_ended(project):
    project.make(*MAKE, "-n1")
    project.run(*TAKE).assert_outcomes(passed=1)


def test_the_record_is_what_the_schema_promises(project):
    jsonschema = pytest.importorskip("jsonschema")
    text = resources.files("pytest_mlgates.core").joinpath("evidence.schema.json").read_text()
    project.make()
    project.run(*TAKE)
    for name in ("made.json", "ci.json"):
        jsonschema.validate(project.record(name), json.loads(text))


def test_a_marker_that_a_conftest_adds_is_one_too(bare):
    bare.start(TEST)
    (bare.path / "conftest.py").write_text(
        "import pytest\n"
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        mark = pytest.mark.metric('recall', min=0.6, inputs=['holdout.csv'])\n"
        "        item.add_marker(mark)\n"
    )
    bare.commit()
    bare.make()
    bare.run(*TAKE).assert_outcomes(passed=1)
    assert len(bare.verdicts()) == 3


def test_without_evidence_the_test_runs_and_says_itself_what_is_not_there(project):
    project.lose()
    result = project.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*FileNotFoundError*"])


def test_a_gate_that_failed_there_fails_the_test_here(bare):
    bare.start(TEST.replace("min=0.6", "min=0.99"))
    bare.make(ret=1)
    result = bare.run(*TAKE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"gate '{ACCURACY}' failed*", "*from signed evidence of*"])
    assert bare.verdicts()[ACCURACY]["outcome"] == "failed"
    assert bare.verdicts()[PARITY]["outcome"] == "passed"


def test_a_gate_that_failed_there_as_expected_is_an_expected_failure_here(bare):
    bare.start("@pytest.mark.xfail(reason='weak')" + TEST.replace("min=0.6", "min=0.99"))
    bare.make()
    result = bare.run(*TAKE)
    result.assert_outcomes(xfailed=1)
    assert bare.record()["tests"][0]["outcome"] == "xfailed"


def test_data_that_is_here_is_evaluated(project):
    data = (project.path / "holdout.csv").read_bytes()
    project.make()
    (project.path / "holdout.csv").write_bytes(data)
    project.run(*TAKE).assert_outcomes(passed=1)
    assert [one["stands_in"] for one in project.verdicts().values()] == [None, None]


def test_evidence_that_claims_otherwise_than_what_was_evaluated_here_fails_the_run(project):
    data = (project.path / "holdout.csv").read_bytes()
    (project.path / "holdout.csv").write_text(holdout(300))
    project.make()
    (project.path / "holdout.csv").write_bytes(data)
    result = project.run(*TAKE)
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"*{ACCURACY} is not as made.json claims: *n 300 in it, 400 now*"])


def test_what_stands_in_is_what_is_required(bare):
    bare.start(
        configuration=CONFIGURATION.replace("min_cell", f'required = ["{ACCURACY}"]\nmin_cell')
    )
    bare.make()
    assert bare.run(*TAKE, "--mlgates-require").ret == 0
    bare.resign(lambda record: record.update(problems=["a worker went down"]))
    result = bare.run(*TAKE, "--mlgates-require")
    result.stdout.fnmatch_lines([f"*required, not evaluated: {ACCURACY}*"])


def other_commit(project):
    project.make()
    project.commit()


def dirty_here(project):
    project.make()
    (project.path / "pyproject.toml").write_text(CONFIGURATION + "\n# more\n")


def dirty_there(project):
    (project.path / ".gitignore").write_text(IGNORED + "more\n")
    project.make()
    (project.path / ".gitignore").write_text(IGNORED)


def other_data(project):
    (project.path / "holdout.csv").write_text(holdout(300))
    project.make()


def another_pointer(project):
    """The commit is the same, so that the pointer is one that git does not see as changed."""
    project.make()
    text = f"outs:\n- md5: {'a' * 32}\n  path: holdout.csv\n"
    (project.path / "holdout.csv.dvc").write_text(text)
    git(project.path, "update-index", "--assume-unchanged", "holdout.csv.dvc")


def unsigned(project):
    project.make(MAKE[0])


def other_key(project):
    project.make(MAKE[0], "--mlgates-sign-key=other.pem")


def expired(project):
    project.make()
    created = (dt.datetime.now(tz=dt.UTC) - dt.timedelta(days=8)).isoformat()
    project.resign(lambda record: record.update(created=created))


def edited_and_signed(project):
    project.make()
    project.resign(lambda record: [v.update(estimate=0.99) for v in record["verdicts"]])


def other_policy(project):
    project.make(*MAKE, "--mlgates-inconclusive=fail")


def marker_changed(project):
    """As before: git does not see it, so that nothing but the definition tells."""
    project.make()
    project.write(TEST.replace("min=0.6", "min=0.7").replace("max=0.4", "max=0.3"))
    git(project.path, "update-index", "--assume-unchanged", "tests/test_model.py")


def without_the_gates(project):
    project.make()
    project.resign(lambda record: record.update(verdicts=[], tests=[]))


def without_its_files(project):
    project.make()
    project.resign(lambda record: [v.update(files={}) for v in record["verdicts"]])


def without_the_end_of_the_test(project):
    project.make()
    project.resign(lambda record: record.update(tests=[]))


def itself_stood_in_for(project):
    project.make()
    assert project.run(*TAKE[:2], "--mlgates-evidence=b.json", MAKE[1]).ret == 0
    (project.path / "made.json").write_bytes((project.path / "b.json").read_bytes())


def skipped_there(project):
    project.make()
    project.resign(lambda record: record["tests"][0].update(outcome="skipped"))


def failed_there_beside_its_gates(project):
    project.make()
    project.resign(lambda record: record["tests"][0].update(outcome="failed"))


def told_twice(project):
    project.make()
    project.resign(lambda record: record["tests"].append(record["tests"][0]))


REFUSED = {
    told_twice: "it says twice how a test ended",
    other_commit: "it is of commit ",
    dirty_here: "tracked files differ from the commit ",
    dirty_there: "tracked files differed from its commit when it was made",
    other_data: "holdout.csv was not the data that its pointer says",
    another_pointer: "it judged other data: holdout.csv.dvc changed",
    unsigned: "it is not signed, and a key was given to verify it with",
    other_key: "signed by another key",
    expired: "it is 8d",
    edited_and_signed: "its verdict does not follow: its estimate is 0.99",
    other_policy: "it judged by another definition",
    marker_changed: "it judged by another definition",
    without_the_gates: "it has no verdict of this gate",
    without_its_files: "it does not say which files it judged",
    without_the_end_of_the_test: "it does not say how the test ended there",
    itself_stood_in_for: "its verdict was itself taken from other evidence",
    skipped_there: "the test was skipped there",
    failed_there_beside_its_gates: "the test itself failed there, and not by a gate",
}


@pytest.mark.parametrize("change", REFUSED, ids=[one.__name__ for one in REFUSED])
def test_evidence_that_does_not_fit_is_an_error_that_says_why(project, change):
    change(project)
    refused(project, REFUSED[change])


def test_a_gate_in_error_there_is_one_here(bare):
    bare.start(TEST.replace("mlgate(holdout)", 'holdout.pop("sex"); mlgate(holdout)'))
    bare.make(ret=1)
    result = bare.run(*TAKE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the gate could not be evaluated there either*"])
    outcomes = {name: one["outcome"] for name, one in bare.verdicts().items()}
    assert outcomes == {ACCURACY: "passed", PARITY: "error"}


def test_a_test_that_failed_there_by_an_assertion_of_its_own_does_not_pass_here(bare):
    bare.start(TEST + "    assert len(holdout) == 7\n")
    bare.make(ret=1)
    (ended,) = bare.record("made.json")["tests"]
    assert ended == {
        "id": "tests/test_model.py::test_model",
        "outcome": "failed",
        "gates": [ACCURACY, PARITY],
    }
    refused(bare, "the test itself failed there, and not by a gate")


def test_evidence_of_a_test_that_failed_beside_its_gates_is_not_verified(bare, capsys):
    bare.start(TEST + "    assert False\n")
    assert bare.run(*MAKE).ret == 1
    capsys.readouterr()
    assert main(["verify", "made.json", "--key", "key.pub.pem"]) == 1
    told = capsys.readouterr().out
    assert "the test tests/test_model.py::test_model failed, and not by a gate" in told


def test_a_test_that_failed_there_when_it_was_torn_down_does_not_pass_here(bare):
    head = HEAD.replace("return rows()", "yield rows()\n    raise ValueError('not closed')")
    bare.start()
    bare.write(TEST, head)
    bare.commit()
    bare.make(ret=1)
    refused(bare, "the test itself failed there, and not by a gate")


def test_a_gate_without_inputs_is_not_stood_in_for(bare):
    bare.start(
        TEST.replace("max=0.4, inputs", "max=0.4, by_name").replace(', by_name=["holdout.csv"]', "")
    )
    bare.make()
    result = bare.run(*TAKE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the gate has no `inputs`: nothing says what its code judges*"])
    outcomes = {name: one["outcome"] for name, one in bare.verdicts().items()}
    assert outcomes == {ACCURACY: "passed", PARITY: "error"}


def test_a_table_that_no_input_names_was_another_one_there(bare):
    bare.start(
        """
        @pytest.mark.metric("accuracy", min=0.6, inputs=["holdout.csv"])
        def test_model(mlgate):
            rows()
            mlgate("other.csv")
        """
    )
    (bare.path / "other.csv").write_text(holdout(200))
    bare.commit()
    bare.make()
    refused(
        bare,
        "the test read 'other.csv', which `inputs` of the gate does not name",
        gates=(ACCURACY,),
    )


def test_data_of_which_the_commit_says_nothing_is_not_stood_in_for(bare):
    bare.start(pointer=False)
    bare.make()
    refused(bare, "neither a pointer nor mlgates.lock says what holdout.csv is at this commit")


def test_a_digest_in_the_lock_says_what_the_data_is(bare, monkeypatch):
    bare.start(pointer=False)
    assert bare.run("--mlgates-lock").ret == 0
    bare.commit()
    bare.make()
    monkeypatch.setenv("CI", "true")  # where a lock that claims otherwise fails the run
    bare.run(*TAKE).assert_outcomes(passed=1)


def test_a_lock_with_another_digest_is_refused(bare):
    bare.start(pointer=False)
    assert bare.run("--mlgates-lock").ret == 0
    bare.commit()
    (bare.path / "holdout.csv").write_text(holdout(300))
    bare.make()
    refused(bare, "it judged other data: holdout.csv changed")


def test_a_lock_with_another_definition_is_refused(bare):
    bare.start()
    assert bare.run("--mlgates-lock", "--mlgates-inconclusive=fail").ret == 0
    bare.commit()
    bare.make()
    refused(bare, f"mlgates.lock has another definition of {ACCURACY}")


def test_a_pointer_of_git_lfs_stands_for_data_that_is_not_here(bare):
    bare.start(pointer=False)
    data = (bare.path / "holdout.csv").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 1\n"
    (bare.path / "holdout.csv").write_text(pointer)
    git(bare.path, "add", "-f", "holdout.csv")
    bare.commit()
    (bare.path / "holdout.csv").write_bytes(data)
    git(bare.path, "update-index", "--assume-unchanged", "holdout.csv")  # as the filter has it
    assert bare.run(*MAKE).ret == 0
    git(bare.path, "update-index", "--no-assume-unchanged", "holdout.csv")
    git(bare.path, "checkout", "-q", "--", "holdout.csv")
    bare.run(*TAKE).assert_outcomes(passed=1)
    assert all(one["stands_in"] for one in bare.verdicts().values())


def test_every_parameter_has_a_verdict_of_its_own(bare):
    test = """
        @pytest.mark.parametrize("sex", ["F", "M"])
        @pytest.mark.metric("accuracy", min=0.6, inputs=["holdout.csv"])
        def test_model(mlgate, holdout, sex):
            kept = [i for i, one in enumerate(holdout["sex"]) if one == sex]
            mlgate({name: [values[i] for i in kept] for name, values in holdout.items()})
    """
    bare.start(test)
    bare.make()
    bare.run(*TAKE).assert_outcomes(passed=2)
    bare.resign(lambda record: record["tests"].pop())
    result = bare.run(*TAKE)
    result.assert_outcomes(passed=1, failed=1)
    outcomes = {name: one["outcome"] for name, one in bare.verdicts().items()}
    assert outcomes == {
        "tests/test_model.py::test_model[F]::metric:accuracy": "passed",
        "tests/test_model.py::test_model[M]::metric:accuracy": "error",
    }


FOLDS = """
@pytest.mark.metric("accuracy", min=0.6, inputs=["holdout.csv"])
def test_model(mlgate, holdout):
    with mlgate.collect():
        for fold in (0, 1):
            mlgate({k: v[fold::2] + v[::2] for k, v in holdout.items()}, subject=f"fold-{fold}")
"""


def test_every_call_of_a_test_has_a_verdict(bare):
    bare.start(FOLDS)
    bare.make()
    bare.run(*TAKE).assert_outcomes(passed=1)
    assert set(bare.verdicts()) == {f"{ACCURACY}@fold-0", f"{ACCURACY}@fold-1"}
    bare.resign(lambda record: record["verdicts"].pop())
    result = bare.run(*TAKE)
    result.assert_outcomes(failed=1)
    told = f"*it has no verdict of {ACCURACY}@fold-1, which the test evaluated there*"
    result.stdout.fnmatch_lines([told])


def test_a_call_that_the_lock_knows_is_not_forgotten(bare):
    bare.start(FOLDS)
    assert bare.run("--mlgates-lock").ret == 0
    bare.commit()
    bare.make()

    def forget(record):
        del record["verdicts"][1]
        del record["tests"][0]["gates"][1]

    bare.resign(forget)
    result = bare.run(*TAKE)
    result.assert_outcomes(failed=1)
    told = f"*it has no verdict of {ACCURACY}@fold-1, which mlgates.lock has*"
    result.stdout.fnmatch_lines([told])


def test_columns_that_a_call_names_are_those_that_the_lock_has(bare):
    test = TEST.replace("mlgate(holdout)", 'mlgate(holdout, y_pred="y_true", y_true="y_pred")')
    bare.start(test)
    bare.make()
    refused(bare, "its call named 'y_pred', 'y_true', and mlgates.lock does not have that")
    (bare.path / "holdout.csv").write_text(holdout())
    assert bare.run("--mlgates-lock").ret == 0
    bare.commit()
    bare.make()
    bare.run(*TAKE).assert_outcomes(passed=1)


METHOD = """
def test_model(mlgate, holdout):
    mlgate.metric(holdout, "accuracy", min=0.6, inputs=["holdout.csv"])
"""


def test_a_gate_without_a_marker_is_stood_in_for_as_the_lock_has_it(bare):
    bare.start(METHOD)
    assert bare.run("--mlgates-lock").ret == 0
    bare.commit()
    bare.make()
    bare.run(*TAKE).assert_outcomes(passed=1)
    assert bare.verdicts()[ACCURACY]["stands_in"] is not None
    refused(
        bare, "it judged by another definition", "--mlgates-inconclusive=fail", gates=(ACCURACY,)
    )


def test_a_gate_without_a_marker_that_is_not_locked_is_not_stood_in_for(bare):
    bare.start(METHOD)
    bare.make()
    told = f"neither a marker nor mlgates.lock says what {ACCURACY} demands"
    refused(bare, told, gates=(ACCURACY,))


def test_a_gate_without_a_marker_that_is_locked_has_no_verdict_without_evidence_that_fits(bare):
    bare.start(METHOD)
    assert bare.run("--mlgates-lock").ret == 0
    bare.commit()
    bare.make(MAKE[0])
    refused(bare, "it is not signed, and a key was given to verify it with", gates=(ACCURACY,))


TWO = """
@pytest.mark.metric("accuracy", min=0.6, inputs=["holdout.csv"])
@pytest.mark.fairness(
    "demographic_parity_difference", by="sex", max=0.4, inputs=["sexes.csv"]
)
def test_model(mlgate, holdout):
    mlgate(holdout)
"""


def test_a_test_is_stood_in_for_as_a_whole_and_what_is_here_of_it_is_what_was_judged(bare):
    (bare.path / "sexes.csv").write_text("sex\nF\n")
    bare.start(TWO)
    git(bare.path, "rm", "-q", "--cached", "sexes.csv")
    (bare.path / ".gitignore").write_text(IGNORED + "sexes.csv\n")
    bare.commit()
    bare.make()
    bare.run(*TAKE).assert_outcomes(passed=1)
    assert all(one["stands_in"] for one in bare.verdicts().values())
    (bare.path / "sexes.csv").write_text("sex\nM\n")
    result = bare.run(*TAKE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*it judged other data: sexes.csv changed*"])
    outcomes = {name: one["outcome"] for name, one in bare.verdicts().items()}
    assert outcomes == {ACCURACY: "passed", PARITY: "error"}


def test_a_training_is_stood_in_for(bare):
    bare.start(
        """
        @pytest.mark.reproducibility(runs=2, inputs=["holdout.csv"])
        def test_training(mlgate, holdout):
            mlgate(lambda: sum(holdout["y_pred"]))
        """
    )
    bare.make()
    bare.run(*TAKE).assert_outcomes(passed=1)


def test_asynchronous_tests_are_stood_in_for(bare, monkeypatch):
    pytest.importorskip("pytest_asyncio")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -W error")
    options = "asyncio_mode = 'auto'\nasyncio_default_fixture_loop_scope = 'function'\n"
    bare.start(TEST.replace("def test_model", "async def test_model"), CONFIGURATION + options)
    assert bare.pytester.runpytest_subprocess(*MAKE).ret == 0
    bare.lose()
    bare.pytester.runpytest_subprocess(*TAKE).assert_outcomes(passed=1)
    assert all(one["stands_in"] for one in bare.verdicts().values())


def test_the_last_attempt_at_a_test_says_how_it_ended(bare):
    pytest.importorskip("pytest_rerunfailures")
    flaky = (
        TEST
        + """
    first = not attempted.exists()
    attempted.touch()
    assert not first
"""
    )
    head = HEAD + "from pathlib import Path\nattempted = Path('attempted.json')\n"
    bare.start()
    bare.write(flaky, head)
    bare.commit()
    assert bare.pytester.runpytest_subprocess(*MAKE, "--reruns=1").ret == 0
    bare.lose()
    assert [one["outcome"] for one in bare.record("made.json")["tests"]] == ["passed"]
    result = bare.pytester.runpytest_subprocess(*TAKE, "--reruns=1")
    result.assert_outcomes(passed=1)
    refused_there = [one["outcome"] for one in bare.verdicts().values()]
    assert refused_there == ["passed", "passed"]


def test_a_test_without_a_gate_of_missing_data_runs(bare):
    bare.start(
        TEST
        + """
@pytest.mark.metric("accuracy", min=0.6)
def test_of_numbers(mlgate):
    mlgate(y_true=[0, 1] * 50, y_pred=[0, 1] * 50)

def test_plain():
    pass
"""
    )
    bare.make()
    bare.run(*TAKE).assert_outcomes(passed=3)
    stands_in = [one["id"] for one in bare.verdicts().values() if one["stands_in"]]
    assert stands_in == [ACCURACY, PARITY]


def test_neither_fixtures_nor_the_test_run_and_skipped_tests_are_skipped(bare):
    bare.start(
        """
        import unittest
        ran = pytest.mark.metric("accuracy", min=0.6, inputs=["holdout.csv"])

        class TestModel(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _given(self, mlgate):
                self.mlgate, self.rows = mlgate, rows()

            @ran
            def test_model(self):
                self.mlgate(self.rows)

            @ran
            @unittest.skip("not today")
            def test_skipped(self):
                raise AssertionError

        @ran
        @pytest.mark.skip(reason="not today")
        def test_marked(mlgate, holdout):
            mlgate(holdout)

        class TestOthers:
            def setup_method(self):
                rows()

            @ran
            def test_model(self, mlgate):
                mlgate(rows())
        """
    )
    bare.run(*MAKE).assert_outcomes(passed=2, skipped=2)
    bare.lose()
    result = bare.run(*TAKE)
    assert result.ret == 1
    outcomes = {name: one["outcome"] for name, one in bare.verdicts().items()}
    assert outcomes == {
        "tests/test_model.py::TestModel::test_model::metric:accuracy": "passed",
        "tests/test_model.py::TestOthers::test_model::metric:accuracy": "passed",
    }


def test_a_lock_that_is_damaged_is_an_error_of_the_gate(bare):
    bare.start()
    (bare.path / "mlgates.lock").write_text("{")
    bare.commit()
    bare.make()
    result = bare.run(*TAKE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["mlgates.lock is damaged"])
    assert {one["outcome"] for one in bare.verdicts().values()} == {"error"}
