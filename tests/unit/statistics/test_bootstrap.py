"""Bounds of any statistic by resampling: the same for the same rows, and honest."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
from scipy import stats

from pytest_mlgates.statistics.bootstrap import Bootstrap, bootstrap, difference
from pytest_mlgates.statistics.canonical_rows import canonical_rows
from pytest_mlgates.statistics.interval import Interval, UndefinedError
from pytest_mlgates.statistics.stream import Stream

from .limits import at_most


def mean_of(columns):
    return float(np.mean(columns["x"]))


def macro_f1(columns):
    truth, predicted = columns["y_true"], columns["y_pred"]
    cells = np.bincount(truth * 3 + predicted, minlength=9).reshape(3, 3)
    return float(np.mean(2 * np.diag(cells) / (cells.sum(0) + cells.sum(1))))


def classified(rng, n):
    truth = rng.choice(3, size=n, p=[0.5, 0.3, 0.2])
    wrong = rng.random(n) < 0.25
    return {"y_true": truth, "y_pred": np.where(wrong, rng.integers(0, 3, n), truth)}


def test_the_stream_is_splitmix64():
    """The first numbers that the authors' own program prints for this seed."""
    assert Stream(1234567).numbers(0, 5).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_any_place_of_the_stream_can_be_asked_for():
    stream = Stream(2**64 - 1)
    assert stream.numbers(990, 10).tolist() == stream.numbers(0, 1000)[990:].tolist()


def test_positions_are_the_upper_bits_of_a_product():
    stream = Stream(7)
    for below in (1, 3, 1000, 2**31 + 11):
        expected = [int(x) * below >> 64 for x in stream.numbers(5, 200)]
        assert stream.positions(5, 200, below).tolist() == expected
    many = stream.positions(0, 100_000, 999)
    assert many[70_000:].tolist() == stream.positions(70_000, 30_000, 999).tolist()


def test_positions_are_equally_likely():
    counts = np.bincount(Stream(42).positions(0, 70_000, 7), minlength=7)
    assert stats.chisquare(counts).pvalue > 1e-4


def test_an_order_is_a_permutation():
    assert sorted(Stream(3).order(0, 1000).tolist()) == list(range(1000))


def test_rows_in_any_order_have_the_same_bounds_and_are_handed_over_in_the_same_order():
    rng = np.random.default_rng(5)
    columns = {
        "x": rng.gamma(1.0, size=150).round(2),
        "name": np.array(["a", "ä", "𝄞", "a\0"], dtype=object)[rng.integers(0, 4, 150)],
        "flag": rng.random(150) < 0.5,
    }
    seen = set()
    for _ in range(30):
        order = rng.permutation(150)
        shuffled = {name: array[order] for name, array in columns.items()}
        rows = canonical_rows(shuffled)
        resampled = Bootstrap(shuffled, mean_of, resamples=200)
        found = resampled.measured(0.95)
        seen.add(
            (
                rows.seed,
                tuple(rows.columns["x"].tolist()),
                tuple(rows.columns["name"].tolist()),
                found.value,
                found.interval,
            )
        )
    assert len(seen) == 1


def test_the_seed_tells_contents_and_not_types():
    numbers = np.array([3, 1, 2])
    seed = canonical_rows({"x": numbers}).seed
    for same in (numbers.astype(np.int16), numbers.astype(np.float32), numbers[::-1]):
        assert canonical_rows({"x": same}).seed == seed
    texts = np.array(["3", "1", "2"])
    for other in (numbers + 1, numbers[:2], texts):
        assert canonical_rows({"x": other}).seed != seed
    assert canonical_rows({"z": numbers}).seed != seed
    assert canonical_rows({"x": texts}).seed == canonical_rows({"x": texts.astype(object)}).seed


def test_whole_numbers_beyond_floats_are_told_apart():
    big = np.array([2**53 + 1, 0])
    assert canonical_rows({"x": big}).seed != canonical_rows({"x": big - 1}).seed


def test_a_negative_zero_is_zero():
    rows = canonical_rows({"x": np.array([0.0, -0.0])})
    assert rows.seed == canonical_rows({"x": np.array([-0.0, 0.0])}).seed
    assert not np.signbit(rows.columns["x"]).any()


def test_columns_of_other_things_are_refused():
    with pytest.raises(TypeError):
        canonical_rows({"x": np.array([1, "a", None], dtype=object)})


def test_golden_bounds():
    """Fixed once: a change means that verdicts of users change."""
    found = bootstrap({"x": np.arange(40.0) ** 2}, mean_of, 0.95)
    assert found.value == 513.5
    assert found.interval == Interval(395.15, 644.925)
    assert found.method == "bca bootstrap"


def test_bounds_agree_with_scipy_on_a_skewed_mean():
    rng = np.random.default_rng(8)
    named = "rng" in inspect.signature(stats.bootstrap).parameters  # since scipy 1.15
    drawn = {"rng" if named else "random_state": rng}
    for n in (40, 300):
        sample = rng.lognormal(size=n)
        ours = bootstrap({"x": sample}, mean_of, 0.95).interval
        theirs = stats.bootstrap(
            (sample,), np.mean, confidence_level=0.90, n_resamples=20_000, method="BCa", **drawn
        ).confidence_interval
        tolerance = 0.12 * (theirs.high - theirs.low)  # of 2,000 resamples
        assert ours.lower == pytest.approx(theirs.low, abs=tolerance)
        assert ours.upper == pytest.approx(theirs.high, abs=tolerance)


def test_the_acceleration_is_a_sixth_of_the_skewness_of_the_influence():
    sample = np.random.default_rng(1).exponential(size=400)
    expected = stats.skew(sample) / (6 * math.sqrt(400))
    assert Bootstrap({"x": sample}, mean_of).acceleration == pytest.approx(expected, rel=1e-6)


def test_above_five_thousand_rows_blocks_are_left_out():
    calls = []

    def counted(columns):
        calls.append(len(columns["x"]))
        return float(np.mean(columns["x"]))

    sample = np.random.default_rng(2).exponential(size=20_000)
    resampled = Bootstrap({"x": sample}, counted)
    found = resampled.acceleration
    assert calls == [19_900] * 200
    assert found == pytest.approx(stats.skew(sample) / (6 * math.sqrt(20_000)), abs=0.006)


def test_one_sided_errors_of_a_macro_f1():
    """Three classes, n = 60, nominal .05: about .04 on either side."""
    rng = np.random.default_rng(3)
    truth = macro_f1(classified(rng, 2_000_000))
    below = above = 0
    runs = 200
    for _ in range(runs):
        bounds = Bootstrap(classified(rng, 60), macro_f1, resamples=500).measured(0.95).interval
        below += bounds.upper < truth
        above += bounds.lower > truth
    assert at_most(below, runs, 0.07)
    assert at_most(above, runs, 0.07)
    assert below + above >= 3, "bounds that never err are no bounds at this level"


def test_resamples_that_all_agree_prove_nothing():
    found = bootstrap({"x": np.full(500, 0.7)}, mean_of, 0.95)
    assert found.value == pytest.approx(0.7)
    assert found.interval == Interval(-math.inf, math.inf)
    assert "all resamples agree" in found.warnings[0]


def test_a_statistic_that_resampling_cannot_bound_is_not_bounded():
    def distinct(columns):
        return float(len(np.unique(columns["x"])))

    found = bootstrap({"x": np.arange(100.0)}, distinct, 0.95)
    assert found.interval == Interval(-math.inf, math.inf)
    assert "one side" in found.warnings[0]


def test_undefined_resamples_count_against_both_bounds():
    """One row of the rare class: e^-1 of the resamples have none."""
    flag = np.array([True] + [False] * 49)

    def mean_of_rare(columns):
        if not columns["flag"].any():
            raise UndefinedError("none")
        return float(np.mean(columns["x"][columns["flag"]])) + float(np.mean(columns["x"]))

    found = bootstrap({"x": np.arange(50.0), "flag": flag}, mean_of_rare, 0.95)
    assert found.interval == Interval(-math.inf, math.inf)
    count = int(found.warnings[0].split()[2].replace(",", ""))
    assert count == pytest.approx(2000 * 0.98**50, rel=0.15)


def test_a_few_undefined_resamples_widen_the_bounds():
    rng = np.random.default_rng(4)
    x = rng.normal(size=60)
    rare = np.arange(60) < 5

    def of_rows(columns):
        return float(np.mean(columns["x"])) if columns["rare"].any() else math.nan

    plain = bootstrap({"x": x, "rare": rare}, mean_of, 0.95).interval
    wider = bootstrap({"x": x, "rare": rare}, of_rows, 0.95).interval
    assert wider.lower <= plain.lower
    assert wider.upper >= plain.upper
    assert wider.bounded
    assert wider != plain


def test_a_level_beyond_the_resamples_is_not_bounded_by_the_most_extreme_one():
    resampled = Bootstrap({"x": np.random.default_rng(6).normal(size=80)}, mean_of)
    assert not resampled.measured(1 - 1e-6).interval.bounded
    assert resampled.measured(0.99).interval.bounded


def test_a_value_that_is_undefined_on_all_rows_is_refused():
    with pytest.raises(UndefinedError):
        bootstrap({"x": np.arange(5.0)}, lambda _: math.nan, 0.95)
    with pytest.raises(UndefinedError):
        bootstrap({"x": np.array([])}, mean_of, 0.95)


def test_few_rows_are_told():
    assert "7 rows" in bootstrap({"x": np.arange(7.0)}, mean_of, 0.95).warnings[0]


def test_a_known_range_clips():
    found = Bootstrap({"x": np.array([0.0] * 30 + [1.0] * 30)}, mean_of).measured(
        0.999999, low=0.0, high=1.0
    )
    assert found.interval == Interval(0.0, 1.0)


def test_whole_clusters_are_resampled():
    rng = np.random.default_rng(7)
    users = np.repeat(np.arange(80), 10)
    x = rng.normal(size=80)[users] + 0.1 * rng.normal(size=800)
    by_row = bootstrap({"x": x}, mean_of, 0.95).interval
    found = bootstrap({"x": x}, mean_of, 0.95, clusters=users)
    per_user = x.reshape(80, 10).mean(axis=1)
    by_user = bootstrap({"x": per_user}, mean_of, 0.95).interval
    assert found.n == 80
    assert found.method == "bca bootstrap of clusters"
    width = found.interval.upper - found.interval.lower
    assert width == pytest.approx(by_user.upper - by_user.lower, rel=0.1)
    assert width > 2.5 * (by_row.upper - by_row.lower)


def test_clusters_of_unequal_sizes_and_text_names_in_any_order():
    rng = np.random.default_rng(9)
    names = np.array([f"u{number}" for number in rng.integers(0, 40, 300)], dtype=object)
    x = rng.random(300)

    def rows_seen(columns):
        return float(len(columns["x"]))

    one = Bootstrap({"x": x}, rows_seen, clusters=names)
    sizes = np.unique(names, return_counts=True)[1]
    assert one.value == 300
    assert np.std(one.resampled) == pytest.approx(np.std(sizes) * math.sqrt(len(sizes)), rel=0.1)
    order = rng.permutation(300)
    other = Bootstrap({"x": x[order]}, rows_seen, clusters=names[order])
    assert other.measured(0.95) == one.measured(0.95)


def test_two_models_are_compared_on_the_same_resampled_rows():
    rng = np.random.default_rng(10)
    found = classified(rng, 400)
    champion = np.where(rng.random(400) < 0.05, (found["y_pred"] + 1) % 3, found["y_pred"])
    columns = {**found, "champion": champion}
    of_both = difference(macro_f1, {"y_pred": "champion"})
    paired = bootstrap(columns, of_both, 0.95)
    expected = macro_f1(found) - macro_f1({**found, "y_pred": champion})
    assert paired.value == pytest.approx(expected)
    alone = bootstrap(found, macro_f1, 0.95).interval
    width = paired.interval.upper - paired.interval.lower
    assert width < 0.7 * (alone.upper - alone.lower)


def test_a_statistic_that_sorts_its_arguments_harms_nobody():
    def vandal(columns):
        value = float(np.mean(np.abs(columns["y_true"] - columns["y_pred"])))
        columns["y_true"].sort()
        columns["y_pred"].fill(0)
        return value

    rng = np.random.default_rng(11)
    columns = {"y_true": rng.random(50), "y_pred": rng.random(50), "other": rng.random(50)}
    before = columns["y_true"].copy()
    of_both = difference(vandal, {"y_pred": "other"})
    one = Bootstrap(columns, of_both, resamples=50)
    mine, theirs = (np.mean(np.abs(before - columns[name])) for name in ("y_pred", "other"))
    expected = mine - theirs
    assert one.value == pytest.approx(expected)
    assert one.in_another_order() == pytest.approx(expected)
    assert (columns["y_true"] == before).all()


def test_another_order_shows_a_value_of_the_order():
    one = Bootstrap({"x": np.arange(100.0)}, lambda columns: float(columns["x"][0]))
    assert one.in_another_order() != one.value
