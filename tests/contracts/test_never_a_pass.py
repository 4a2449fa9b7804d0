"""What must never pass, one by one: each gives a failure or one clear message, on every surface."""

from __future__ import annotations

import json

import pytest

import pytest_mlgates as m
from pytest_mlgates.cli import main
from pytest_mlgates.core.errors import MLGatesError

T, F = 1, 0
TABLE = {
    "y_true": [T, F] * 20,
    "y_pred": [T, F] * 20,
    "y_score": [0.9, 0.1] * 20,
    "sex": ["F", "F", "M", "M"] * 10,
    "text": ["yes", "no"] * 20,
    "said": ["yes", "no"] * 20,
    "one": ["x"] * 40,
    "holes": [None, "a"] * 20,
    "probability": [0.3, 0.7] * 20,
    "positives": [T, T, F, F] * 10,
}
ROWS = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 40}}
NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "sex"}}
DPD = "demographic_parity_difference"


def without(*columns, **changes):
    return {k: v for k, v in {**TABLE, **changes}.items() if k not in columns}


def conditioned(condition):
    return [{**NOT_NULL, "kwargs": {**NOT_NULL["kwargs"], "row_condition": condition}}]


# the item of the list: (call, words of the message)
REFUSED = {
    "an empty suite": (lambda: m.data_schema(TABLE, []), "the suite has no expectations"),
    "a missing label column": (
        lambda: m.metric(without("y_true"), "accuracy", min=0.5),
        "y_true 'y_true' is not in table 'table'",
    ),
    "a missing prediction column": (
        lambda: m.metric(without("y_pred"), "accuracy", min=0.5),
        "y_pred 'y_pred' is not in table 'table'",
    ),
    "a missing score column": (
        lambda: m.metric(without("y_score"), "roc_auc", min=0.5),
        "y_score 'y_score' is not in table 'table'",
    ),
    "a missing sensitive column": (
        lambda: m.fairness(TABLE, DPD, by="sexx", max=0.1),
        "'sexx' is not in table 'table'",
    ),
    "a missing slice column": (
        lambda: m.metric(TABLE, "accuracy", min=0.5, by="sexx"),
        "'sexx' is not in table 'table'",
    ),
    "missing values in labels": (
        lambda: m.metric(without(y_true=[None, T] * 20), "accuracy", min=0.5),
        "y_true",
    ),
    "missing values in predictions": (
        lambda: m.fairness(without(y_pred=[None, T] * 20), DPD, by="sex", max=0.1),
        "y_pred",
    ),
    "missing values in scores": (
        lambda: m.metric(without(y_score=[None, 0.5] * 20), "roc_auc", min=0.5),
        "y_score",
    ),
    "missing values in a sensitive column": (
        lambda: m.fairness(TABLE, DPD, by="holes", max=0.1),
        "'holes'",
    ),
    "texts without a positive label": (
        lambda: m.fairness(TABLE, DPD, by="sex", max=0.1, y_true="text", y_pred="said"),
        "pos_label",
    ),
    "texts without a positive label in a metric": (
        lambda: m.metric(TABLE, "f1", min=0.1, y_true="text", y_pred="said"),
        "pos_label",
    ),
    "probabilities where classes are wanted": (
        lambda: m.fairness(TABLE, DPD, by="sex", max=0.1, y_pred="probability"),
        "probability",
    ),
    "probabilities where classes are wanted in a metric": (
        lambda: m.metric(TABLE, "accuracy", min=0.1, y_pred="probability"),
        "probability",
    ),
    "labels where scores are wanted": (
        lambda: m.metric(TABLE, "roc_auc", min=0.1, y_score="y_pred"),
        "y_pred",
    ),
    "a single group": (
        lambda: m.fairness(TABLE, DPD, by="one", max=0.1),
        "compares groups, and by 'one' of table 'table' has one",
    ),
    "a group with an empty denominator": (
        lambda: m.fairness(
            TABLE, "equal_opportunity_difference", by="sex", max=0.1, y_true="positives"
        ),
        "no group is ever dropped",
    ),
    "a bound that is NaN": (
        lambda: m.metric(TABLE, "accuracy", min=float("nan")),
        "min is not usable",
    ),
    "a bound that is out of range": (
        lambda: m.metric(TABLE, "accuracy", min=1.5),
        "min = 1.5 is out of range for accuracy",
    ),
    "a bound of fairness that is out of range": (
        lambda: m.fairness(TABLE, DPD, by="sex", max=1.5),
        "max",
    ),
    "a bound that every model holds": (
        lambda: m.metric(TABLE, "accuracy", min=0),
        "holds for every model",
    ),
    "a metric gate without a bound": (
        lambda: m.metric(TABLE, "accuracy"),
        "without a bound demands nothing",
    ),
    "a fairness gate without a bound": (lambda: m.fairness(TABLE, DPD, by="sex"), "bound"),
    "a champion without a margin": (
        lambda: m.metric(TABLE, "accuracy", no_worse_than="champion.csv"),
        "needs a margin",
    ),
    "an unknown metric": (
        lambda: m.metric(TABLE, "acuracy", min=0.5),
        "did you mean 'accuracy'?",
    ),
    "an unknown fairness metric": (
        lambda: m.fairness(TABLE, "demographic_parity_diff", by="sex", max=0.1),
        "demographic_parity_difference",
    ),
    "an unknown expectation": (
        lambda: m.data_schema(TABLE, [{"type": "expect_colum_to_exist", "kwargs": {}}]),
        "did you mean 'expect_column_to_exist'?",
    ),
    "an unknown argument": (
        lambda: m.metric(TABLE, "accuracy", minimum=0.5),
        "unknown argument 'minimum'",
    ),
    "an unknown argument of an expectation": (
        lambda: m.data_schema(TABLE, [{**NOT_NULL, "kwargs": {"column": "sex", "mostlyy": 0.5}}]),
        "did you mean 'mostly'?",
    ),
    "nothing to judge": (lambda: m.metric(None, "accuracy", min=0.5), "there is nothing to judge"),
    "arrays of unequal length": (
        lambda: m.metric(None, "accuracy", min=0.5, y_true=[T, F], y_pred=[T]),
        "arrays of different lengths",
    ),
    "two paired tables with other rows": (
        lambda: m.metric(TABLE, "accuracy", no_worse_than="champion.csv", margin=0.1),
        "champion",
    ),
    "two paired tables with other labels": (
        lambda: m.metric(TABLE, "accuracy", no_worse_than="labels.csv", margin=0.1),
        "labels",
    ),
    "a champion that does not exist": (
        lambda: m.metric(TABLE, "accuracy", no_worse_than="none.csv", margin=0.1),
        "there are no champion predictions at 'none.csv'",
    ),
    "one run": (lambda: m.reproducibility(lambda: [1.0, 2.0], runs=1), "runs = 1 compares nothing"),
    "a function that returns nothing": (
        lambda: m.reproducibility(lambda: None),
        "returned nothing to compare",
    ),
    "an unknown level": (
        lambda: m.reproducibility(lambda: [1.0], level="bitwize"),
        "level is not usable",
    ),
}
EMPTY = {
    "of a metric": lambda: m.metric({key: [] for key in TABLE}, "accuracy", min=0.5),
    "of a fairness gate": lambda: m.fairness({key: [] for key in TABLE}, DPD, by="sex", max=0.1),
    "of a contract": lambda: m.data_schema({key: [] for key in TABLE}, [NOT_NULL]),
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "champion.csv").write_text("y_true,y_pred\n" + "1,1\n0,0\n" * 15)
    (tmp_path / "labels.csv").write_text("y_true,y_pred\n" + "0,1\n1,0\n" * 20)
    return tmp_path


@pytest.mark.parametrize("item", REFUSED)
def test_it_is_refused_with_one_clear_message(item):
    call, words = REFUSED[item]
    with pytest.raises(MLGatesError) as caught:
        call()
    text = str(caught.value)
    assert words in text
    labels = [line.split(":")[0].strip() for line in text.splitlines()[1:]]
    assert "where" in labels
    assert set(labels) & {"want", "fix", "got"}
    assert "Traceback" not in text


@pytest.mark.parametrize("kind", EMPTY)
def test_a_table_of_0_rows_is_refused(kind):
    with pytest.raises(MLGatesError, match="has 0 rows"):
        EMPTY[kind]()


def test_0_rows_after_a_condition_fail():
    verdict = m.data_schema(TABLE, conditioned('col("sex") == "X"'))
    assert not verdict.passed
    assert "row_condition leaves 0 of 40 rows" in verdict.message


def test_0_rows_pass_only_where_the_suite_bounds_their_number():
    bound = {
        "type": "expect_table_row_count_to_be_between",
        "kwargs": {"min_value": 0, "max_value": 5},
    }
    assert m.data_schema({"a": []}, [bound]).passed
    assert not m.data_schema({"a": [1] * 6}, [bound]).passed


def test_a_missing_column_of_a_contract_fails_with_the_nearest():
    verdict = m.data_schema(TABLE, [{**NOT_NULL, "kwargs": {"column": "sexx"}}])
    assert not verdict.passed
    assert "did you mean 'sex'?" in verdict.message


def test_a_column_without_a_value_fails():
    suite = [
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "a", "min_value": 0, "max_value": 1},
        }
    ]
    verdict = m.data_schema({"a": [None, None], "b": [1, 2]}, suite)
    assert not verdict.passed
    assert "no value to judge" in verdict.message


def test_an_empty_suite_in_a_file_is_refused_by_mlgates_check(folder, capsys):
    (folder / "suite.json").write_text(json.dumps({"name": "s", "expectations": []}))
    (folder / "a.csv").write_text("a\n1\n")
    (folder / "mlgates.toml").write_text(
        "tables = {t = {path = 'a.csv'}}\n"
        "[gates.g]\nkind = 'data_schema'\ntable = 't'\nsuite = 'suite.json'\n"
    )
    assert main(["check"]) == 2
    assert "the suite has no expectations\n    where: suite.json" in capsys.readouterr().out


def test_an_unknown_key_is_refused_by_mlgates_check(folder, capsys):
    (folder / "mlgates.toml").write_text("requird = ['x']\n")
    assert main(["check"]) == 2
    assert "did you mean 'required'?" in capsys.readouterr().err


def test_no_gates_at_all_are_refused_by_mlgates_check(folder, capsys):
    (folder / "mlgates.toml").write_text("confidence = 0.9\n")
    assert main(["check"]) == 2
    assert "there are no gates to run" in capsys.readouterr().err


def test_a_marker_that_no_call_evaluated_fails(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.metric("accuracy", min=0.5)
        def test_it(mlgate):
            pass
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    assert result.ret == 1
