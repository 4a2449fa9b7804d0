"""Private tables: no value, group or category of one appears in any output."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import configure

CANARY = "zqCanary77"

TABLE = "label,good,bad,group,note\n" + "".join(
    f"{i % 2},{i % 2},{1 - i % 2},{CANARY if i // 2 % 2 else 'other' + CANARY},{CANARY}{i}\n"
    for i in range(200)
)

DECLARED = """
    [tool.mlgates]
    y_true = "label"

    [tool.mlgates.tables.people]
    path = "people.csv"
    private = true

    [tool.mlgates.gates.passes]
    kind = "fairness"
    table = "people"
    metric = "demographic_parity_difference"
    y_pred = "good"
    by = "group"
    max = 0.5

    [tool.mlgates.gates.fails]
    kind = "metric"
    table = "people"
    metric = "accuracy"
    y_pred = "bad"
    by = "group"
    min = 0.8

    [tool.mlgates.gates.misused]
    kind = "metric"
    table = "people"
    metric = "accuracy"
    y_pred = "note"
    min = 0.8

    [tool.mlgates.gates.positives]
    kind = "fairness"
    table = "people"
    metric = "demographic_parity_difference"
    y_pred = "note"
    by = "group"
    max = 0.5
"""

SCHEMA = """
    [tool.mlgates.gates.schema]
    kind = "data_schema"
    table = "people"
    suite = "suite.json"
"""

SUITE = """{"name": "people", "expectations": [
  {"type": "expect_column_values_to_match_regex",
   "kwargs": {"column": "note", "regex": "^[0-9]+$"}},
  {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "group"}},
  {"type": "expect_column_max_to_be_between", "kwargs": {"column": "label", "max_value": 0}}
]}"""

OUTPUT = (
    "-l",
    "--tb=long",
    "-vv",
    "-rA",
    "--showlocals",
    "--junitxml=junit.xml",
    "--mlgates-evidence=evidence.json",
    "--mlgates-examples=20",
)


@pytest.fixture
def people(project):
    (project.path / "people.csv").write_text(TABLE)
    (project.path / "suite.json").write_text(SUITE)
    return project


def assert_silent(project, result):
    everything = {
        "stdout": str(result.stdout),
        "stderr": str(result.stderr),
        "junit": (project.path / "junit.xml").read_text(),
        "evidence": (project.path / "evidence.json").read_text(),
        "cache": "".join(
            p.read_text() for p in (project.path / ".pytest_cache").rglob("*") if p.is_file()
        ),
    }
    leaking = {
        name: [line for line in text.splitlines() if CANARY in line]
        for name, text in everything.items()
        if CANARY in text
    }
    assert not leaking


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_declared_gates_of_a_private_table_show_no_values(people, workers):
    configure(people, DECLARED, SCHEMA)
    result = people.runpytest_inprocess("--mlgates", *OUTPUT, *workers)
    assert result.ret == 1
    result.assert_outcomes(passed=1, failed=4)
    assert_silent(people, result)
    result.stdout.fnmatch_lines([" PASS * passes *", " FAIL * fails *", " ERROR * misused *"])


def test_a_private_path_shows_no_values_in_tests_either(people):
    configure(people, DECLARED)
    people.makepyfile("""
        def test_method(mlgate):
            mlgate.metric("people.csv", "accuracy", min=0.8, y_pred="bad", by="group")

        def test_misuse(mlgate):
            mlgate.metric("people.csv", "accuracy", min=0.8, y_pred="note")

        def test_own_exception(mlgate):
            rows = open("people.csv").read()
            mlgate.metric("people.csv", "accuracy", min=0.8, y_pred="good")
            assert rows == "", rows
    """)
    result = people.runpytest_inprocess(*OUTPUT, "-W", "ignore")
    result.assert_outcomes(failed=3)
    assert_silent(people, result)
    result.stdout.fnmatch_lines(
        [
            "AssertionError (its details are withheld: this test evaluated a private table)",
            "test_a_private_path_*.py:10: AssertionError",
        ]
    )


def test_a_dataframe_that_a_call_declares_private_shows_no_values(people):
    people.makepyfile("""
        import pandas as pd
        import pytest

        @pytest.fixture
        def rows():
            return pd.read_csv("people.csv")

        @pytest.mark.metric("accuracy", min=0.8, y_true="label", y_pred="bad", by="group")
        def test_fails(mlgate, rows):
            mlgate(rows, private=True)

        @pytest.mark.fairness("demographic_parity_difference", max=0.5, by="group",
                              y_true="label", y_pred="good")
        def test_passes_then_breaks(mlgate, rows):
            verdicts = mlgate(rows, private=True)
            first = rows.note[0]
            raise ValueError(f"cannot use {first}")

        @pytest.mark.metric("accuracy", min=0.8, y_true="note", y_pred="label")
        def test_misused(mlgate, rows):
            mlgate(rows, private=True)

        @pytest.mark.fairness("demographic_parity_difference", max=0.5, by="group",
                              y_true="label", y_pred="note", pos_label="nobody")
        def test_unknown_label(mlgate, rows):
            mlgate(rows, private=True)

        def test_method(mlgate, rows):
            mlgate.data_schema(rows, [
                {"type": "expect_column_values_to_be_in_set",
                 "kwargs": {"column": "group", "value_set": ["nobody"]}},
            ], private=True)

        @pytest.mark.metric("accuracy", min=0.8, y_true="label", y_pred="good")
        def test_teardown(mlgate, rows, request):
            mlgate(rows, private=True)
            request.addfinalizer(lambda: rows.note.astype(float))
    """)
    result = people.runpytest_inprocess(*OUTPUT)
    result.assert_outcomes(passed=1, failed=5, errors=1)
    assert_silent(people, result)


@pytest.mark.slow
def test_expectations_that_great_expectations_evaluates_show_no_values(people):
    people.makepyfile("""
        def test_method(mlgate):
            mlgate.data_schema("people.csv", [
                {"type": "expect_column_distinct_values_to_be_in_set",
                 "kwargs": {"column": "group", "value_set": ["nobody"]}},
                {"type": "expect_column_most_common_value_to_be_in_set",
                 "kwargs": {"column": "group", "value_set": ["nobody"]}},
                {"type": "expect_column_values_to_match_json_schema",
                 "kwargs": {"column": "group", "json_schema": {"type": "integer"}}},
            ], private=True)
    """)
    result = people.runpytest_subprocess(*OUTPUT, "-W", "default")
    result.assert_outcomes(failed=1)
    assert_silent(people, result)


def test_arrays_that_a_call_declares_private_show_no_values(people):
    people.makepyfile("""
        import csv

        def rows():
            with open("people.csv") as file:
                return list(csv.DictReader(file))

        def test_labels(mlgate):
            labels = [row["note"] for row in rows()]
            mlgate.metric(None, "accuracy", min=0.8, y_true=labels, y_pred=labels[1:] + labels[:1],
                          private=True)

        def test_numbers_wanted(mlgate):
            labels = [row["note"] for row in rows()]
            mlgate.metric(None, "rmse", max=0.8, y_true=labels, y_pred=labels, private=True)

        def test_groups(mlgate):
            groups = [row["group"] for row in rows()]
            mlgate.fairness(None, "demographic_parity_difference", max=0.1, by="group",
                            y_true=[0, 1] * 100, y_pred=[0, 0, 1, 1] * 50,
                            sensitive_features={"group": groups}, private=True)
    """)
    result = people.runpytest_inprocess(*OUTPUT)
    result.assert_outcomes(failed=3)
    assert_silent(people, result)
    result.stdout.fnmatch_lines(["*group 1*group 2*"])


def test_an_exception_of_the_users_model_on_a_private_table_is_told_by_its_type(people):
    people.makepyfile(
        model_that_raises="""
        def predict(features):
            print("features:", features)
            raise ValueError(f"cannot score {features.iloc[0].to_dict()}")
    """
    )
    configure(
        people,
        DECLARED.replace(
            'path = "people.csv"', 'path = "people.csv"\n    model = "model_that_raises:predict"'
        ).replace("[tool.mlgates]\n", '[tool.mlgates]\n    pythonpath = ["."]\n'),
    )
    result = people.runpytest_subprocess("--mlgates", *OUTPUT, "-s")
    assert result.ret == 1
    result.assert_outcomes(failed=4)
    assert_silent(people, result)
    result.stdout.fnmatch_lines(["*ValueError*"])


def test_an_unexpected_exception_on_a_private_table_is_told_by_its_type(people):
    from tests.plugin.test_declared_gates import ODD_GATE, ODD_KIND

    people.makepyfile(
        odd_kind_private=ODD_KIND.format(body="raise ValueError(open('people.csv').read())")
    )
    text = 'plugins = ["odd_kind_private"]'.join(ODD_GATE)
    configure(people, text.replace('"holdout.csv"', '"people.csv"\nprivate = true'))
    result = people.runpytest_inprocess("--mlgates", *OUTPUT, "-W", "ignore")
    assert result.ret == 1
    assert_silent(people, result)
    result.stdout.fnmatch_lines(
        [
            "ValueError (its details are withheld: this test evaluated a private table)",
            " ERROR  odd *ValueError while the gate was evaluated",
        ]
    )


def test_the_canary_is_seen_where_a_table_is_not_private(people):
    """The test of these tests."""
    people.makepyfile("""
        def test_method(mlgate):
            mlgate.metric("people.csv", "accuracy", min=0.8, y_true="label", y_pred="bad",
                          by="group")
    """)
    result = people.runpytest_inprocess(*OUTPUT)
    assert CANARY in str(result.stdout)
