"""A search finds the weak slice that was planted, and nothing where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import EvaluationParameters
from pytest_mlgates.gates.privacy import Display
from pytest_mlgates.gates.slices import Search, search
from pytest_mlgates.gates.slices.columns import band_edges


def drawn(seed: int, n: int, weak: float | None = None) -> pd.DataFrame:
    """Rows of which 92 % are right; of 3 % of them, two attributes together, *weak* are."""
    rng = np.random.default_rng(seed)
    region, channel = rng.integers(0, 5, n), rng.integers(0, 6, n)
    right = np.full(n, 0.92)
    if weak is not None:
        right[(region == 2) & (channel == 3)] = weak
    truth = rng.integers(0, 2, n)
    return pd.DataFrame(
        {
            "y_true": truth,
            "y_pred": np.where(rng.random(n) < right, truth, 1 - truth),
            "region": [f"r{k}" for k in region],
            "channel": [f"c{k}" for k in channel],
            "age": rng.integers(18, 90, n),
            "income": rng.lognormal(size=n),
            "device": rng.choice(["phone", "desk", "pad"], n),
        }
    )


def found_in(
    table: pd.DataFrame,
    metric: str = "accuracy",
    *,
    private: bool = False,
    columns: tuple[str, ...] = ("region", "channel", "age", "income", "device"),
    depth: int = 2,
    min_rows: int = 30,
    **roles: object,
) -> Search:
    return search(
        to_table(table, name="holdout", private=private),
        EvaluationParameters(**roles),
        metric,
        Display(private=private),
        columns=columns,
        depth=depth,
        min_rows=min_rows,
        confidence=0.95,
    )


@pytest.mark.slow
def test_without_weak_slices_a_search_finds_one_in_at_most_one_of_twenty():
    """200 seeded tables of 2,000 rows: nominal .05, tolerated half as much again."""
    wrong = sum(bool(found_in(drawn(seed, 2000)).slices) for seed in range(200))
    assert wrong / 200 <= 0.075


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["balanced_accuracy", "recall", "f1", "brier", "mae"])
def test_no_metric_finds_a_weak_slice_where_there_is_none(metric):
    """100 seeded tables: nominal .05, tolerated as much again for so few."""
    wrong = 0
    for seed in range(100):
        table, rng = drawn(seed, 2000), np.random.default_rng(seed + 10_000)
        if metric == "brier":
            chance = rng.beta(0.5, 0.5, len(table)).clip(0.001, 0.999)
            table["y_score"], table["y_true"] = chance, (rng.random(len(table)) < chance) * 1
        if metric == "mae":
            table["y_true"] = rng.normal(size=len(table))
            table["y_pred"] = table.y_true + rng.standard_t(5, size=len(table))
        wrong += bool(found_in(table, metric).slices)
    assert wrong / 100 <= 0.1


@pytest.mark.slow
def test_a_planted_slice_is_found_first():
    """About 330 of 10,000 rows at .80 among .92, in 40 seeded tables."""
    firsts = 0
    for seed in range(40):
        slices = found_in(drawn(seed, 10_000, weak=0.8)).slices
        firsts += bool(slices) and slices[0].name == "region=r2, channel=c3"
    assert firsts >= 32


def test_a_slice_says_its_rows_its_value_the_rest_and_by_how_much_at_least():
    table = drawn(1, 10_000, weak=0.7)
    found = found_in(table)
    first = found.slices[0]
    inside = (table.region == "r2") & (table.channel == "c3")
    right = table.y_true == table.y_pred
    assert first.n == inside.sum()
    assert first.worse.value == pytest.approx(right[inside].mean())
    assert first.worse.other == pytest.approx(right[~inside].mean())
    assert 0 < first.worse.at_least < first.worse.by
    assert found.each == pytest.approx(1 - 0.05 / found.looks)


def test_every_slice_with_enough_rows_was_looked_at():
    table = drawn(1, 3000)
    found = found_in(table, columns=("region", "channel"))
    singles = table.region.nunique() + table.channel.nunique()
    pairs = (table.groupby(["region", "channel"]).size() >= 30).sum()
    assert found.looks == singles + pairs
    assert found_in(table, columns=("region", "channel"), depth=1).looks == singles
    assert found_in(table, columns=("region", "channel"), min_rows=10_000).looks == 0


def test_a_slice_inside_a_weak_one_that_is_no_worse_is_not_listed():
    table = drawn(2, 20_000)
    weak = table.region == "r1"
    flipped = weak & (np.random.default_rng(0).random(len(table)) < 0.3)
    table.loc[flipped, "y_pred"] = 1 - table.loc[flipped, "y_pred"]
    found = found_in(table)
    assert [one.name for one in found.slices] == ["region=r1"]
    assert found.redundant > 5


def test_three_columns_at_once_find_what_two_do_not_name():
    table = drawn(3, 20_000)
    weak = (table.region == "r1") & (table.channel == "c1") & (table.device == "phone")
    table.loc[weak, "y_pred"] = 1 - table.loc[weak, "y_true"]
    found = found_in(table, columns=("region", "channel", "device"), depth=3)
    assert found.slices[0].name == "region=r1, channel=c1, device=phone"


def test_the_order_of_rows_changes_nothing():
    table = drawn(4, 5000, weak=0.6)
    one, other = found_in(table), found_in(table.sample(frac=1, random_state=1))
    assert one.slices == other.slices
    assert one.looks == other.looks


@pytest.mark.parametrize("metric", ["recall", "precision", "f1", "balanced_accuracy"])
def test_other_metrics_of_classes_are_searched(metric):
    found = found_in(drawn(5, 10_000, weak=0.5), metric)
    assert found.slices[0].name == "region=r2, channel=c3"


def test_losses_are_searched_and_the_highest_is_the_worst():
    table = drawn(6, 10_000, weak=0.5)
    table["y_score"] = 0.1 + 0.8 * table.y_pred + np.random.default_rng(0).random(10_000) * 0.05
    for metric in ("brier", "log_loss"):
        first = found_in(table, metric).slices[0]
        assert first.name == "region=r2, channel=c3"
        assert first.worse.value > first.worse.other
    table["y_pred"] = table.y_score
    assert found_in(table, "mae").slices[0].name == "region=r2, channel=c3"
    assert found_in(table, "mse").slices[0].name == "region=r2, channel=c3"


def test_numbers_are_cut_into_bands_and_a_weak_band_is_found():
    table = drawn(7, 10_000)
    old = table.age > 75
    flipped = old & (np.random.default_rng(0).random(len(table)) < 0.3)
    table.loc[flipped, "y_pred"] = 1 - table.loc[flipped, "y_pred"]
    found = found_in(table, depth=1)
    assert found.slices[0].name.startswith("age over 7")
    (age,) = [one for one in found.attributes if one.name == "age"]
    assert len(age.edges) == 4


def test_bands_hold_about_as_many_rows_and_are_never_empty():
    assert band_edges(np.arange(1, 101)) == [20, 40, 60, 80]
    assert band_edges(np.sort(np.r_[np.zeros(90), np.arange(1, 11)])) == [0]
    assert band_edges(np.sort(np.r_[np.arange(10), np.full(90, 50)])) == []


def test_a_number_that_most_rows_have_as_their_greatest_is_a_band_of_its_own():
    table = drawn(7, 3000)
    table["capped"] = np.where(np.arange(3000) % 10 == 0, np.arange(3000) % 200 // 10, 100)
    found = found_in(table, columns=("capped",))
    (capped,) = found.attributes
    assert capped.edges == (19.0,)
    table["huge"] = np.arange(3000) + 2**62
    (why,) = found_in(table, columns=("region", "huge")).left_out or [None]
    assert why is None or "floats do not tell apart" in why.why


def test_missing_values_are_a_slice_of_their_own():
    table = drawn(8, 10_000)
    rng = np.random.default_rng(0)
    table["age"] = table.age.astype(float)
    gone = rng.random(len(table)) < 0.1
    table.loc[gone, "age"] = np.nan
    table.loc[gone, "y_pred"] = 1 - table.loc[gone, "y_true"]
    found = found_in(table, depth=1)
    assert found.slices[0].name == "age=missing"
    table["age"] = table.age.map(lambda v: None if np.isnan(v) else f"{v // 10}")
    assert found_in(table, depth=1).slices[0].name == "age=missing"


def test_columns_that_are_no_groups_are_left_out_and_said():
    table = drawn(9, 1000).assign(
        id=[f"u{k}" for k in range(1000)],
        day=pd.Timestamp("2024-01-01"),
        one="same",
        tags=[["a"]] * 1000,
    )
    found = found_in(table, columns=("region", "id", "day", "one", "tags"))
    why = {one.name: one.why for one in found.left_out}
    assert why["id"] == "1,000 values, over 50"
    assert why["day"].startswith("holds times")
    assert why["one"] == "holds one value"
    assert set(why) == {"id", "day", "one", "tags"}
    assert [one.name for one in found.attributes] == ["region"]


def test_no_column_to_cut_by_is_misuse():
    with pytest.raises(MLGatesError, match="no column to cut by"):
        found_in(drawn(9, 100).assign(one="same"), columns=("one",))


def test_a_private_table_shows_pseudonyms_and_no_value_that_gives_a_small_count_away():
    table = drawn(10, 10_000, weak=0.5)
    found = found_in(table, private=True)
    assert found.slices[0].name == "region=group 3, channel=group 4"
    assert found.slices[0].worse is not None
    bands = [one.shown for one in found.attributes if one.edges is not None]
    assert all(text.startswith("band ") for shown in bands for text in shown)
    few = drawn(10, 400)
    few.loc[few.region == "r0", "y_pred"] = 1 - few.loc[few.region == "r0", "y_true"]
    few.loc[few.index[few.region == "r0"][:3], "y_pred"] = few.y_true  # 3 of them right
    hidden = found_in(few, private=True, columns=("region",)).slices[0]
    assert (hidden.n, hidden.worse) == (None, None)
