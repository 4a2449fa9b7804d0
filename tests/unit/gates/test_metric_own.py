"""Metrics of the project: named by path, bounded by resampling, refused where they are none."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Finding, Outcome, Verdict
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.extensions import hookimpl
from pytest_mlgates.extensions.manager import load_plugins, manager
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.metric import KIND
from pytest_mlgates.gates.metric.arguments import arguments_of
from pytest_mlgates.gates.models import Predictions
from pytest_mlgates.gates.own_metrics import OwnMetric
from pytest_mlgates.runner.entries import import_entry

OWN = "tests.unit.gates.own_functions"


def judged(table: Any, metric: str, *, private: bool = False, **arguments: Any) -> Verdict:
    champion = arguments.pop("champion", None)
    parameters = parse(KIND, (metric if ":" not in metric else f"{OWN}{metric}",), arguments)
    gate = Gate(id="g", kind=KIND, parameters=parameters)
    context = Context(entry=import_entry, champion=champion)
    return evaluate(gate, to_table(table, name="holdout", private=private), context)


def sample(n: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    scores = rng.dirichlet([1, 1, 1], n)
    return pd.DataFrame(
        {
            "y_true": truth,
            "y_pred": np.where(rng.random(n) < 0.9, truth, 1 - truth),
            "y_score": np.clip(0.3 + truth * 0.4 + rng.normal(0, 0.15, n), 0.01, 0.99),
            "weight": rng.random(n) + 0.5,
            "user": rng.integers(0, 60, n),
            "part": np.array(list("abcd"))[rng.integers(0, 4, n)],
            **{f"s{i}": scores[:, i] for i in range(3)},
        }
    )


def test_a_function_of_the_project_is_judged_by_its_bounds():
    table = sample()
    verdict = judged(table, ":profit", min=1.5)
    hits = (table.y_true + table.y_pred == 2).mean()
    expected = 5 * hits - 2 * ((table.y_pred == 1) & (table.y_true == 0)).mean()
    assert verdict.estimate == pytest.approx(expected)
    assert (verdict.finding, verdict.outcome) == (Finding.PROVEN, Outcome.PASSED)
    assert 1.5 < verdict.lower < verdict.estimate < verdict.upper
    assert (verdict.n, verdict.method, verdict.metric) == (400, "bca bootstrap", f"{OWN}:profit")
    assert judged(table, ":profit", min=3).finding is Finding.DISPROVEN
    assert judged(table, ":profit", max=expected).finding is Finding.INCONCLUSIVE


def test_the_file_of_the_function_is_digested():
    from tests.unit.gates import own_functions

    found = judged(sample(), ":profit", min=1.5).inputs[-1]
    file = Path(own_functions.__file__)
    assert (found.name, found.rows) == (f"{OWN}:profit", None)
    assert found.digest == "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_same_rows_in_any_order_and_from_any_library_give_the_same_verdict():
    table = sample(150)
    found = {
        (v.lower, v.upper, v.estimate)
        for v in (
            judged(frame, ":profit", min=0.5)
            for frame in (
                table,
                table.sample(frac=1, random_state=1),
                table.sample(frac=1, random_state=2).astype({"y_pred": "int8"}),
                pl.from_pandas(table).reverse(),
            )
        )
    }
    assert len(found) == 1


def test_slices_are_resampled_each():
    verdict = judged(sample(2000), ":profit", min=1.2, by="part")
    assert [group.group for group in verdict.groups] == [("a",), ("b",), ("c",), ("d",)]
    assert all(g.lower < g.value < g.upper for g in verdict.groups)
    assert verdict.finding is Finding.PROVEN


def test_a_small_slice_on_the_wrong_side_decides():
    """What a perfect profit is is open, so that no slice is too small to count."""
    table = sample(600)
    table["part"] = np.where(np.arange(600) < 20, "tiny", table["part"])
    table.loc[table.part == "tiny", "y_pred"] = [1, 0] * 10
    table.loc[table.part == "tiny", "y_true"] = [1, 1, 0, 0] * 5
    verdict = judged(table, ":profit", min=0.9, by="part")
    assert (verdict.finding, verdict.outcome) == (Finding.INCONCLUSIVE, Outcome.FAILED)
    assert "slice part=tiny" in verdict.message


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (":by_place", lambda t: (t.y_true == t.y_pred).mean()),
        (":weighted", lambda t: (t.y_true == t.y_pred).mean()),
        (":gap", lambda t: t.y_score[t.y_true == 1].mean() - t.y_score[t.y_true == 0].mean()),
    ],
)
def test_a_function_is_given_what_its_parameters_are_called(name, expected):
    table = sample()
    assert judged(table, name, min=0.1).estimate == pytest.approx(expected(table))


def test_several_scores_come_as_one_array():
    table = sample()
    verdict = judged(table, ":log_loss_of_three", max=3, y_score=["s0", "s1", "s2"])
    scores = table[["s0", "s1", "s2"]].to_numpy()
    expected = -np.log(scores[np.arange(400), table.y_true]).mean()
    assert verdict.estimate == pytest.approx(expected)


def test_text_labels_are_handed_over_as_text():
    table = sample().replace({"y_true": {0: "no", 1: "yes"}, "y_pred": {0: "no", 1: "yes"}})
    assert judged(table, ":of_text", min=0.8).finding is Finding.PROVEN


def test_weights_reach_the_function_or_are_refused():
    table = sample()
    found = judged(table, ":weighted", min=0.5, sample_weight="weight").estimate
    assert found == pytest.approx(np.average(table.y_true == table.y_pred, weights=table.weight))
    with pytest.raises(MLGatesError, match="takes no sample_weight"):
        judged(table, ":profit", min=0.5, sample_weight="weight")


def test_whole_clusters_are_resampled():
    verdict = judged(sample(), ":profit", min=0.5, cluster="user")
    assert (verdict.n, verdict.method) == (60, "bca bootstrap of clusters")


def test_a_function_that_sorts_what_it_is_given_harms_nobody():
    table = sample()
    before = table.copy()
    verdict = judged(table, ":vandal", min=0.5)
    assert verdict.estimate == pytest.approx((before.y_true == before.y_pred).mean())
    assert table.equals(before)


@pytest.mark.parametrize("name", [":first_row", ":of_chance"])
def test_a_value_of_the_order_or_of_chance_is_refused(name):
    with pytest.raises(MLGatesError, match="depends on the order of the rows, or on chance"):
        judged(sample(), name, min=-1)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (":broken", "it raised KeyError: 'secret "),
        (":ends", "it raised SystemExit: 0"),
        (":infinite", "the value is inf"),
        (":a_table", "gives dict"),
        (":several", "gives ndarray"),
        (":a_truth", "gives bool"),
        (":blind", "takes no predictions"),
        (":greedy", "wants 'amount', which a metric gate cannot give"),
        (":NOT_A_FUNCTION", "is no function"),
        (":nope", "has no 'nope'"),
    ],
)
def test_what_is_no_metric_is_misuse(name, words):
    with pytest.raises(MLGatesError) as caught:
        judged(sample(), name, min=0.5)
    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_private_table_gives_nothing_away(capfd):
    with pytest.raises(MLGatesError) as caught:
        judged(sample(), ":broken", min=0.5, private=True)
    assert "KeyError" in str(caught.value)
    assert "secret" not in str(caught.value)
    with pytest.raises(MLGatesError) as caught:
        judged(sample(), ":first_row", min=0.5, private=True)
    assert not caught.value.got
    found = judged(sample(), ":loud", min=0.5, private=True)
    assert found.outcome is Outcome.PASSED
    assert capfd.readouterr() == ("", "")
    few = sample(200)
    few["y_pred"] = few["y_true"]
    few.loc[3, "y_pred"] = 1 - few.loc[3, "y_true"]
    assert judged(few, ":by_place", min=0.5, private=True).estimate is None


def test_thousands_of_warnings_are_none():
    assert judged(sample(), ":loud", min=0.5).warnings == ()


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("y_pred", [None] + [1.0] * 9, "missing in 1 of 10 rows"),
        ("y_true", [None] + ["a"] * 9, "missing in 1 of 10 rows"),
        ("y_true", pd.date_range("2026-01-01", periods=10), "needs numbers, truth values or text"),
        ("y_true", [1, "a"] * 5, "needs numbers, truth values or text"),
    ],
)
def test_columns_that_cannot_be_handed_over_are_refused(column, values, words):
    table = sample(10)
    table[column] = values
    with pytest.raises(MLGatesError, match=words):
        judged(table, ":by_place", min=0.5)


def test_a_missing_column_is_named():
    with pytest.raises(MLGatesError, match="y_score 'y_score' is not in table 'holdout'"):
        judged(sample().drop(columns="y_score"), ":gap", min=0.1)


def champion(**answers: Any) -> Any:
    arrays = {name: np.asarray(values) for name, values in answers.items()}

    def resolve(reference: str, table: Any, parameters: Any, *, want: set[str]) -> Predictions:
        assert want == set(arrays)
        return Predictions(name="credit v3", digest="sha256:c", **arrays)

    return resolve


AGAINST = {"no_worse_than": "credit", "margin": 0.05}


def test_a_champion_is_compared_on_the_same_resampled_rows():
    table = sample(1000)
    rng = np.random.default_rng(1)
    theirs = np.where(rng.random(1000) < 0.02, 1 - table.y_pred, table.y_pred)
    verdict = judged(
        table, ":cost", champion=champion(y_pred=theirs), greater_is_better=False, **AGAINST
    )
    expected = (table.y_true != table.y_pred).mean() - (table.y_true != theirs).mean()
    assert verdict.estimate == pytest.approx(expected)
    assert verdict.finding is Finding.PROVEN
    assert verdict.upper < 0.05
    assert verdict.method == "paired bca bootstrap"
    worse = np.where(rng.random(1000) < 0.3, 1 - table.y_true, table.y_true)
    beaten = judged(
        table.assign(y_pred=worse),
        ":cost",
        champion=champion(y_pred=table.y_pred),
        greater_is_better=False,
        **AGAINST,
    )
    assert beaten.finding is Finding.DISPROVEN


def test_identical_predictions_prove_nothing():
    table = sample()
    verdict = judged(
        table, ":profit", champion=champion(y_pred=table.y_pred), greater_is_better=True, **AGAINST
    )
    assert verdict.finding is Finding.INCONCLUSIVE
    assert "identical on all 400 rows" in verdict.message


def test_scores_of_a_champion_are_compared_and_by_slice():
    table = sample(800)
    verdict = judged(
        table,
        ":gap",
        champion=champion(y_score=table.y_score * 0.9),
        greater_is_better=True,
        by="part",
        **AGAINST,
    )
    assert verdict.finding is Finding.PROVEN
    assert len(verdict.groups) == 4


def test_which_end_is_good_must_be_known_to_compare():
    table = sample()
    with pytest.raises(MLGatesError, match="it is open which end"):
        judged(table, ":profit", champion=champion(y_pred=table.y_pred), **AGAINST)
    with pytest.raises(MLGatesError, match="it is known which end"):
        parse(KIND, ("accuracy",), {"min": 0.5, "greater_is_better": True})


@pytest.fixture
def registered():
    from tests.unit.gates.own_functions import profit

    class Plugin:
        @hookimpl
        def mlgates_metrics(self):
            return [
                OwnMetric(
                    name="shop_profit", function=profit, greater_is_better=True, low=-2, high=5
                )
            ]

    plugin = Plugin()
    manager().register(plugin)
    yield
    manager().unregister(plugin)


@pytest.mark.usefixtures("registered")
def test_a_plugin_registers_a_metric_by_name():
    table = sample()
    verdict = judged(table, "shop_profit", min=1.5)
    assert verdict.metric == "shop_profit"
    assert verdict.finding is Finding.PROVEN
    against = judged(table, "shop_profit", champion=champion(y_pred=1 - table.y_pred), **AGAINST)
    assert against.finding is Finding.PROVEN
    with pytest.raises(MLGatesError, match="lies between -2 and 5"):
        judged(table, "shop_profit", min=6)
    with pytest.raises(MLGatesError, match="itself says True"):
        judged(
            table,
            "shop_profit",
            champion=champion(y_pred=table.y_pred),
            greater_is_better=False,
            **AGAINST,
        )


def test_an_unknown_name_is_told_with_what_is_known():
    with pytest.raises(MLGatesError, match="metric is not usable") as caught:
        judged(sample(), "shop_profit", min=1)
    assert caught.value.want.startswith("one of 'accuracy', ")
    assert "package.module:function" in caught.value.want


@pytest.mark.usefixtures("registered")
def test_two_plugins_of_one_name_are_refused():

    class Other:
        @hookimpl
        def mlgates_metrics(self):
            return [OwnMetric(name="shop_profit", function=max)]

    other = Other()
    manager().register(other)
    try:
        with pytest.raises(MLGatesError, match="two plugins register the metric 'shop_profit'"):
            judged(sample(), "shop_profit", min=1)
    finally:
        manager().unregister(other)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda: 1 / 0, "raised"),
        (lambda: ["profit"], "gives something else"),
        (lambda: OwnMetric(name="profit", function=max), "gives something else"),
    ],
)
def test_a_faulty_plugin_is_named(given, words):

    class Faulty:
        @hookimpl
        def mlgates_metrics(self):
            return given()

    plugin = Faulty()
    manager().register(plugin, "shop.faulty")
    try:
        with pytest.raises(MLGatesError) as caught:
            judged(sample(), "shop_profit", min=1)
    finally:
        manager().unregister(plugin)
    assert str(caught.value).startswith(f"mlgates_metrics of plugin 'shop.faulty' {words}")
    assert caught.value.want == "a list of OwnMetric"


def test_a_hook_that_there_is_not_is_named(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "misspelt_plugin.py").write_text(
        "from pytest_mlgates.extensions import hookimpl\n\n"
        "@hookimpl\ndef mlgates_metrix():\n    return []\n"
    )
    with pytest.raises(MLGatesError, match="'misspelt_plugin' implements no hook") as caught:
        load_plugins(["misspelt_plugin"])
    assert "mlgates_metrix" in caught.value.got
    assert "mlgates_metrics" in caught.value.want
    assert not manager().has_plugin("misspelt_plugin")


def test_a_value_that_rounding_pushed_over_its_range_is_no_misuse():

    class Plugin:
        @hookimpl
        def mlgates_metrics(self):
            def over(y_true, y_pred):
                return 1.0000000000000002 * float(np.mean(y_true == y_pred))

            return [OwnMetric(name="nearly", function=over, low=0, high=1)]

    plugin = Plugin()
    manager().register(plugin)
    try:
        table = sample()
        assert judged(table.assign(y_pred=table.y_true), "nearly", min=0.5).estimate >= 1
    finally:
        manager().unregister(plugin)


def test_a_value_outside_the_registered_range_is_misuse():
    from tests.unit.gates.own_functions import profit

    class Plugin:
        @hookimpl
        def mlgates_metrics(self):
            return [OwnMetric(name="narrow_profit", function=profit, low=0, high=1)]

    plugin = Plugin()
    manager().register(plugin)
    try:
        with pytest.raises(MLGatesError, match="outside the range that it was registered with"):
            judged(sample(), "narrow_profit", min=0.5)
    finally:
        manager().unregister(plugin)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda y_true, y_pred: 0, {"y_true": "y_true", "y_pred": "y_pred"}),
        (lambda y_pred, y_true: 0, {"y_true": "y_true", "y_pred": "y_pred"}),
        (lambda a, b: 0, {"a": "y_true", "b": "y_pred"}),
        (lambda a, y_prob: 0, {"a": "y_true", "y_prob": "y_score"}),
        (lambda y_true, y_pred, k=3, **rest: 0, {"y_true": "y_true", "y_pred": "y_pred"}),
        (lambda *arrays: 0, {"*y_true": "y_true", "*y_pred": "y_pred"}),
        (lambda a, b, /: 0, {"*a": "y_true", "*b": "y_pred"}),
        (lambda y_pred: 0, {"y_pred": "y_pred"}),
        (
            lambda y_true, y_proba=None, *, y_pred="deprecated": 0,
            {"y_true": "y_true", "y_proba": "y_score"},
        ),
        (lambda y_true, y_pred=None, y_score=None: 0, {"y_true": "y_true", "y_pred": "y_pred"}),
        (lambda y_true, y_pred, y_score=None: 0, {"y_true": "y_true", "y_pred": "y_pred"}),
        (max, {"*y_true": "y_true", "*y_pred": "y_pred"}),
    ],
)
def test_roles_by_signature(function, expected):
    assert arguments_of(OwnMetric(name="f", function=function), weighted=False) == expected


@pytest.mark.parametrize(
    "function", [lambda: 0, lambda a, y_true: 0, lambda a, b, c: 0, lambda y_true, y_pred, *, c: 0]
)
def test_other_signatures_are_refused(function):
    with pytest.raises(MLGatesError):
        arguments_of(OwnMetric(name="f", function=function), weighted=False)


def test_slices_of_a_private_table_that_hold_other_pairs_of_labels():
    region = np.array(["a"] * 3 + ["b"] * 60 + ["c"] * 60)
    truth = np.array([1] * 3 + [0, 1] * 60)
    predicted = np.array([1] * 3 + [0, 0, 1] * 40)
    table = pd.DataFrame({"y_true": truth, "y_pred": predicted, "region": region})
    verdict = judged(table, ":by_place", min=0.3, by="region", private=True)
    assert [group.n for group in verdict.groups if group.n is not None and group.n < 10] == []
    assert None in {group.n for group in verdict.groups}


def test_what_a_function_writes_on_every_call_is_shown_once(capsys):
    judged(sample(), ":complains", min=0.1)
    shown = capsys.readouterr()
    assert shown.err == "counted\n"
    assert shown.out == ""
