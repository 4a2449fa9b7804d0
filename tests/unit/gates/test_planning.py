"""A plan keeps its word: the gate itself proves, and disproves, as often as the plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.core.errors import MLGatesError, NoChampionError
from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.extensions.manager import gate_kind
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.models import Predictions
from pytest_mlgates.gates.planning import needs_subject, plan_of

if TYPE_CHECKING:
    from pytest_mlgates.gates.planning.model import Plan


def gate(kind: str, *args: Any, **kwargs: Any) -> Gate:
    found = gate_kind(kind)
    return Gate(id="g", kind=found, parameters=parse(found, args, kwargs))


def planned(table: Any, one: Gate, *, private: bool = False, **context: Any) -> Plan:
    subject = to_table(table, name="holdout", private=private)
    return plan_of(one, subject, Context(**context))


def rows(right: int, wrong: int, **columns: Any) -> pd.DataFrame:
    truth = np.arange(right + wrong) % 2
    predicted = np.where(np.arange(right + wrong) < right, truth, 1 - truth)
    return pd.DataFrame({"y_true": truth, "y_pred": predicted, **columns})


def groups(seed: int, sizes: dict[str, int], rate: float) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sex = np.repeat(list(sizes), list(sizes.values()))
    n = len(sex)
    selected = (rng.random(n) < rate).astype(int)
    return pd.DataFrame({"y_true": rng.integers(0, 2, n), "y_pred": selected, "sex": sex})


def findings(one: Gate, tables: Any) -> list[Finding | None]:
    return [evaluate(one, to_table(table), Context()).finding for table in tables]


@pytest.mark.slow
def test_accuracy_is_proven_as_often_as_planned():
    """400 seeded tables of 600 rows at a true .92: tolerated .06."""
    one = gate("metric", "accuracy", min=0.9)
    bounds = planned(rows(552, 48), one).bounds[0]
    assert bounds.fine == "if it is truly 0.920, as it looks"
    rng = np.random.default_rng(1)
    right = [int(rng.binomial(600, 0.92)) for _ in range(400)]
    found = findings(one, (rows(k, 600 - k) for k in right))
    assert found.count(Finding.PROVEN) / 400 == pytest.approx(bounds.chance, abs=0.06)


def test_the_smallest_violation_is_disproven_four_times_in_five():
    """400 seeded tables of 600 rows at the true value that the plan says is settled."""
    one = gate("metric", "accuracy", min=0.9)
    value = planned(rows(552, 48), one).bounds[0].settles.value
    rng = np.random.default_rng(2)
    right = [int(rng.binomial(600, value)) for _ in range(400)]
    found = findings(one, (rows(k, 600 - k) for k in right))
    assert found.count(Finding.DISPROVEN) / 400 == pytest.approx(0.8, abs=0.06)


@pytest.mark.slow
def test_parity_is_proven_as_often_as_planned():
    """400 seeded tables of three fair groups: tolerated .07."""
    one = gate("fairness", "demographic_parity_difference", max=0.1, by="sex")
    sizes = {"a": 250, "b": 600, "c": 2000}
    bounds = planned(groups(0, sizes, 0.3), one).bounds[0]
    assert 0.2 < bounds.chance < 0.8
    assert 250 < bounds.rows[0].count < 450
    found = findings(one, (groups(seed, sizes, 0.3) for seed in range(1, 401)))
    assert found.count(Finding.PROVEN) / 400 == pytest.approx(bounds.chance, abs=0.07)
    assert (bounds.bottleneck.where, bounds.bottleneck.n) == ("a", 250)


def test_rows_are_planned_for_the_bound_and_beside_it_for_what_was_seen():
    found = planned(rows(930, 70), gate("metric", "accuracy", min=0.9)).bounds[0].rows
    assert [one.premise for one in found] == [
        "if it is truly 0.950, well on the right side",
        "if it is truly 0.930, as it looks",
    ]
    assert found[0].count < found[1].count < 700


def test_a_value_on_the_wrong_side_is_not_taken_for_fine():
    bounds = planned(rows(800, 200), gate("metric", "accuracy", min=0.9)).bounds[0]
    assert bounds.fine == "if it is truly 0.950, well on the right side"
    assert bounds.chance > 0.99
    assert len(bounds.rows) == 1


def test_few_rows_cannot_settle_anything_useful():
    found = planned(rows(19, 1), gate("metric", "accuracy", min=0.95))
    assert not found.useful
    assert not found.provable
    assert planned(rows(1900, 100), gate("metric", "accuracy", min=0.9)).useful


def test_a_slice_without_rows_is_the_bottleneck():
    table = pd.concat([rows(950, 50, part="big"), rows(9, 1, part="tiny")])
    bounds = planned(table, gate("metric", "accuracy", min=0.9, by="part")).bounds[0]
    assert (bounds.bottleneck.where, bounds.bottleneck.n) == ("tiny", 10)
    assert not bounds.provable
    assert bounds.rows[0].what == "rows in slice tiny"


def test_a_slice_without_a_value_can_prove_nothing():
    table = rows(950, 50, part="big")
    one_class = pd.DataFrame({"y_true": [0] * 50, "y_pred": [0] * 50, "part": "odd"})
    found = planned(pd.concat([table, one_class]), gate("metric", "recall", min=0.9, by="part"))
    assert found.bounds[0].bottleneck.where == "odd"
    assert found.bounds[0].bottleneck.value is None
    assert found.bounds[0].chance == 0


def test_f1_is_planned_through_the_share_that_it_is():
    found = planned(rows(900, 100), gate("metric", "f1", min=0.8)).bounds[0]
    assert found.settles.n == 550  # 450 true positives, 50 missed, 50 called wrongly
    assert found.rows[0].what == "rows positive in truth or predicted"
    assert found.settles.value < 0.8


def test_means_and_areas_are_planned_by_their_standard_error():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 2000)
    score = np.clip(0.3 + 0.4 * truth + 0.15 * rng.normal(size=2000), 0.01, 0.99)
    table = pd.DataFrame({"y_true": truth, "y_score": score})
    for metric, bound in (("roc_auc", {"min": 0.9}), ("brier", {"max": 0.2})):
        found = planned(table, gate("metric", metric, **bound)).bounds[0]
        assert found.useful
        assert found.provable
        assert 0 < found.settles.violation < 0.05
        assert found.rows[0].count < 2000


def test_both_sides_of_a_bound_are_planned():
    found = planned(rows(900, 100), gate("metric", "accuracy", min=0.8, max=0.95))
    assert [one.bound for one in found.bounds] == ["min 0.80", "max 0.95"]
    assert found.provable


def champion(table: pd.DataFrame, flipped: int) -> Any:
    answers = table.y_pred.to_numpy().copy()
    half = flipped // 2  # as many that only the champion gets right as the other way round
    answers[:half] = 1 - answers[:half]
    answers[-half:] = 1 - answers[-half:]

    def resolve(*_: Any, **__: Any) -> Predictions:
        return Predictions(name="champion", digest="sha256:0", y_pred=answers)

    return resolve


def test_a_comparison_is_planned_by_the_rows_on_which_the_two_differ():
    """(z_.95 + z_.80)^2 disagreement / margin^2 rows where both are equal: 2,473 for .04, .01."""
    table = rows(1800, 200)
    one = gate("metric", "accuracy", no_worse_than="models:/m@champion", margin=0.01)
    found = planned(table, one, champion=champion(table, 80))
    bounds = found.bounds[0]
    assert bounds.rows[0].count == pytest.approx(2473, rel=0.05)
    assert bounds.chance == pytest.approx(0.72, abs=0.03)
    assert found.notes == ("the answers differ from the champion's on 4 % of the rows",)


def test_a_margin_of_none_is_practically_never_proven():
    table = rows(1800, 200)
    one = gate("metric", "accuracy", no_worse_than="models:/m@champion", margin=0)
    found = planned(table, one, champion=champion(table, 80))
    assert not found.provable
    assert found.bounds[0].rows[0].count is None


def test_a_first_model_is_planned_by_its_absolute_bound():
    def nobody(*_: Any, **__: Any) -> Predictions:
        raise NoChampionError("nobody is champion")

    arguments = {"no_worse_than": "models:/m@champion", "margin": 0.01}
    first = gate("metric", "accuracy", min=0.8, first=True, **arguments)
    found = planned(rows(900, 100), first, champion=nobody)
    assert [one.bound for one in found.bounds] == ["min 0.80"]
    assert "no champion yet" in found.notes[0]
    with pytest.raises(NoChampionError):
        planned(rows(900, 100), gate("metric", "accuracy", **arguments), champion=nobody)


def test_a_small_group_keeps_a_fair_model_from_a_proof():
    table = groups(0, {"a": 30, "b": 3000}, 0.3)
    found = planned(table, gate("fairness", "demographic_parity_difference", max=0.1, by="sex"))
    bounds = found.bounds[0]
    assert not bounds.useful  # nothing under a gap of .30 is told from .10
    assert not bounds.provable
    assert bounds.rows[0].what == "rows in every group"
    assert 100 < bounds.rows[0].count < 300


def test_equalized_odds_counts_positives_and_negatives():
    table = groups(0, {"a": 800, "b": 800}, 0.3)
    found = planned(table, gate("fairness", "equalized_odds_difference", max=0.1, by="sex"))
    assert [one.what for one in found.bounds[0].rows] == [
        "positives in every group",
        "negatives in every group",
    ]


def test_ratios_are_planned_on_their_own_scale():
    table = groups(0, {"a": 900, "b": 4000}, 0.3)
    bounds = planned(table, gate("fairness", "disparate_impact", by="sex")).bounds[0]
    assert 0.5 < bounds.settles.value < 0.8
    assert bounds.settles.violation == pytest.approx(0.8 - bounds.settles.value)


def test_a_group_without_positives_is_refused_as_by_the_gate():
    table = groups(0, {"a": 50, "b": 50}, 0.5)
    table.loc[table.sex == "a", "y_true"] = 0
    with pytest.raises(MLGatesError, match="positives in every group"):
        planned(table, gate("fairness", "equal_opportunity_difference", max=0.1, by="sex"))


def test_one_group_is_refused_as_by_the_gate():
    with pytest.raises(MLGatesError, match="has one"):
        planned(
            groups(0, {"a": 50}, 0.5),
            gate("fairness", "demographic_parity_difference", max=0.1, by="sex"),
        )


def test_exact_gates_need_no_rows_and_say_so():
    for kind, args in (("data_schema", ([],)), ("reproducibility", ())):
        found = gate_kind(kind)
        one = Gate(id="g", kind=found, parameters=parse(found, args, {}))
        assert not needs_subject(one)
        assert plan_of(one, None, Context()).notes[0].startswith("exact:")


def test_a_private_table_gives_no_small_count_away():
    table = groups(0, {"secret": 4, "known": 3000}, 0.3)
    one = gate("fairness", "demographic_parity_difference", max=0.1, by="sex")
    bounds = planned(table, one, private=True).bounds[0]
    assert bounds.bottleneck.hidden
    assert bounds.bottleneck.where.startswith("group ")
    assert (bounds.bottleneck.n, bounds.bottleneck.value, bounds.chance) == (None, None, None)
    assert bounds.rows == ()
    sliced = gate("metric", "accuracy", min=0.2, by="sex")
    found = planned(table, sliced, private=True).bounds[0]
    assert (found.bottleneck.hidden, found.chance, found.rows) == (True, None, ())
    whole = planned(rows(995, 5), gate("metric", "accuracy", min=0.9), private=True).bounds[0]
    assert (whole.settles.hidden, whole.chance, whole.rows) == (True, None, ())


@pytest.mark.parametrize(
    ("metric", "bound"), [("mae", {"max": 1.0}), ("rmse", {"max": 1.3}), ("r2", {"min": 0.3})]
)
def test_numbers_are_planned_and_a_single_row_settles_nothing(metric, bound):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=800) * 2
    table = pd.DataFrame({"y_true": truth, "y_pred": truth + rng.normal(size=800)})
    found = planned(table, gate("metric", metric, **bound))
    assert found.useful
    assert found.provable
    if metric != "r2":  # R2 of one row is undefined, and refused
        alone = planned(table.head(1), gate("metric", metric, **bound))
        assert not alone.useful
        assert not alone.provable
        assert alone.to_dict()["bounds"][0]["settles"]["value"] is None


def test_a_plan_of_many_groups_is_a_matter_of_seconds():
    sizes = {f"g{k:03}": 60 + k for k in range(300)}
    one = gate("fairness", "demographic_parity_difference", max=0.1, by="sex")
    bounds = planned(groups(0, sizes, 0.3), one).bounds[0]
    assert bounds.chance == 0
    assert bounds.rows[0].count > 1000
