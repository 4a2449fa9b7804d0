"""Of a private table no count of 1 to 9 rows is shown, and nothing that gives one back."""

from __future__ import annotations

import json
import logging
import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates import fairness, metric
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.data_schema import kind as data_schema
from pytest_mlgates.gates.models import Predictions
from pytest_mlgates.gates.privacy import Display, label
from pytest_mlgates.runner.answers import ask

if TYPE_CHECKING:
    from pytest_mlgates.core.verdict import Verdict

SMALL = range(1, 10)
# (right, wrong) predictions of each slice; what is under ten must not be found again.
SLICES = (
    {"a": (4, 2), "b": (60, 50), "c": (70, 55)},
    {"a": (2, 1), "b": (40, 30), "c": (90, 60), "d": (210, 100)},
    {"a": (700, 3), "b": (300, 40), "c": (310, 45)},
    {"a": (2, 5), "b": (3, 1), "c": (500, 200), "d": (80, 70)},
)


def rows(slices: dict[str, tuple[int, int]]) -> pl.DataFrame:
    """Half of each slice's labels positive."""
    part, truth, predicted = [], [], []
    for name, (right, wrong) in slices.items():
        for i in range(right + wrong):
            part.append(name)
            truth.append(i % 2)
            predicted.append(i % 2 if i < right else 1 - i % 2)
    return pl.DataFrame({"part": part, "y_true": truth, "y_pred": predicted})


def judged(
    kind: Any, arguments: tuple[Any, ...], table: pl.DataFrame, champion: Any = None, **given: Any
) -> Verdict:
    gate = Gate(id="gate", kind=kind, parameters=parse(kind, arguments, given))
    return evaluate(gate, to_table(table, name="people", private=True), Context(champion=champion))


def numbers(value: Any) -> set[float]:
    """Every number that stands in a record."""
    if isinstance(value, dict):
        return set().union(*(numbers(v) for k, v in value.items() if k not in SKIPPED), set())
    if isinstance(value, list):
        return set().union(*(numbers(v) for v in value), set())
    return {float(value)} if isinstance(value, int | float) and value is not True else set()


SKIPPED = ("duration_s", "version", "kwargs", "bound", "success")


def said(verdict: Verdict) -> str:
    """The words of a verdict without names and confidence levels."""
    text = " ".join((verdict.message, verdict.summary, *verdict.warnings))
    return re.sub(
        r"group \d+|<10|under 10|9[05] %|f1|\d+ (values?|rates?)|\d+ of \d+ expectations", "", text
    )


def assert_hides(verdict: Verdict, *counts: int, rates: tuple[float, ...] = ()) -> None:
    record = json.loads(json.dumps(verdict.to_dict()))
    found = numbers(record)
    for count in counts:
        assert float(count) not in found, (count, record)
        assert not re.search(rf"(?<![\d.,]){count}(?![\d.,])", said(verdict)), said(verdict)
    for rate in rates:
        assert not any(abs(rate - one) < 1e-9 for one in found), (rate, record)
        assert f"{rate:.3f}" not in said(verdict)


@pytest.mark.parametrize("slices", SLICES)
@pytest.mark.parametrize("inconclusive", ["estimate", "pass"])
@pytest.mark.parametrize("bound", [{"min": 0.1}, {"min": 0.6}, {"min": 0.99}])
def test_slices_of_a_metric(
    slices: dict[str, tuple[int, int]], bound: dict[str, float], inconclusive: str
) -> None:
    verdict = judged(
        metric.KIND, ("accuracy",), rows(slices), by="part", inconclusive=inconclusive, **bound
    )
    small = [(r, w) for r, w in slices.values() if min(r, w, r + w) < 10]
    assert small
    assert_hides(
        verdict,
        *(n for pair in small for n in (*pair, sum(pair)) if n in SMALL),
        rates=tuple(r / (r + w) for r, w in small if 0 < r / (r + w) < 1),
    )
    shown = sum(group.n or 0 for group in verdict.groups)
    total = sum(map(sum, slices.values()))
    assert total - shown not in SMALL
    if verdict.groups[0].n is None:
        assert sum(group.n is None for group in verdict.groups) > 1


@pytest.mark.parametrize("name", ["precision", "recall", "f1", "balanced_accuracy"])
def test_a_metric_with_a_small_cell_is_withheld(name: str) -> None:
    table = rows({"a": (500, 3)})
    verdict = judged(metric.KIND, (name,), table, min=0.5)
    assert verdict.passed
    assert (verdict.estimate, verdict.lower, verdict.upper) == (None, None, None)
    assert "withheld" in verdict.message
    assert "1 value not shown" in verdict.warnings[-1]


@pytest.mark.parametrize("slices", SLICES)
@pytest.mark.parametrize("name", ["demographic_parity_difference", "equalized_odds_difference"])
def test_groups_of_fairness(slices: dict[str, tuple[int, int]], name: str) -> None:
    table = rows(slices)
    verdict = judged(fairness.KIND, (name,), table, by="part", max=0.2)
    counted = table.group_by("part").agg(pl.len(), pl.col("y_pred").sum())
    cells = [(n, k) for _, n, k in counted.iter_rows()]
    if name.startswith("demographic"):
        small = [(n, k) for n, k in cells if min(k, n - k) < 10]
        rates = [k / n for n, k in cells]
        hidden = {k / n for n, k in small}
        gaps = {abs(a - b) for a in rates for b in rates if (a in hidden or b in hidden) and a != b}
        assert_hides(
            verdict,
            *(c for n, k in small for c in (n, k) if c in SMALL),
            rates=tuple({r for r in hidden | gaps if 0 < r < 1} - set(rates).difference(hidden)),
        )
        total = sum(n for n, _ in cells)
        assert total - sum(group.n or 0 for group in verdict.groups) not in SMALL
    unsized = [group for group in verdict.groups if group.n is None]
    assert len(unsized) != 1
    for group in unsized:
        assert (group.value, group.lower, group.upper, group.successes) == (None,) * 4


def test_expectations() -> None:
    few = pl.DataFrame({"sex": ["F"] * 3 + ["M"] * 40, "age": [None] * 3 + list(range(40))})

    def expect(kind: str, **kwargs: Any) -> dict[str, Any]:
        return {"type": f"expect_{kind}", "kwargs": kwargs}

    only = 'col("sex") == "F"'
    rest = 'col("sex") == "M"'
    verdict = judged(
        data_schema.KIND,
        (
            [
                expect("table_row_count_to_equal", value=11, row_condition=only),
                expect("table_row_count_to_equal", value=11, row_condition=rest),
                expect("column_values_to_not_be_null", column="age"),
                expect("column_values_to_be_null", column="age"),
                expect("column_values_to_be_between", column="age", max_value=30),
                expect("column_values_to_be_between", column="age", min_value=5),
                expect(
                    "column_values_to_be_between", column="age", max_value=30, row_condition=only
                ),
                expect("column_max_to_be_between", column="age", max_value=3, row_condition=only),
                expect("column_values_to_be_in_set", column="sex", value_set=["F"]),
            ],
        ),
        few,
    )
    # 3 F, 3 nulls, 9 over 30, 5 under 5; 40 is all but three of the 43 rows
    assert_hides(verdict.replace(message=verdict.message.split("\n")[0]), 3, 9, 5, 40)
    found = [line.rsplit("   ", 1)[-1] for line in verdict.message.splitlines()[1:]]
    assert found[:2] == ["found <10", "does not hold (the value is private)"]
    assert "no value to judge: null in all rows" in found
    for text in found:
        assert not re.search(r"(?<!<)\b([1-9]|40)\b", text), text


def test_a_small_table() -> None:
    table = rows({"a": (3, 2), "b": (1, 1)})
    for verdict in (
        judged(metric.KIND, ("accuracy",), table, min=0.1),
        judged(fairness.KIND, ("demographic_parity_difference",), table, by="part", max=0.2),
        judged(
            data_schema.KIND,
            ([{"type": "expect_column_to_exist", "kwargs": {"column": "part"}}],),
            table,
        ),
    ):
        assert verdict.n is None
        assert verdict.inputs[0].rows is None
        assert_hides(verdict, 7)


@pytest.mark.parametrize("name", ["accuracy", "recall", "precision", "f1", "balanced_accuracy"])
def test_a_champion_that_differs_on_three_rows(name: str) -> None:
    table = rows({"a": (150, 50)})
    theirs = table["y_pred"].to_numpy().copy()
    theirs[:3] = 1 - theirs[:3]

    def champion(reference: str, *_: Any, **__: Any) -> Predictions:
        return Predictions(name=reference, digest="sha256:c", y_pred=theirs)

    verdict = judged(metric.KIND, (name,), table, champion, no_worse_than="credit", margin=0.02)
    assert_hides(verdict, 1, 2, 3, rates=(0.015, 0.005, 0.02 / 2, 147 / 200))
    details = verdict.details[-1]
    assert details["champion_value"] is None
    assert details["differing_rows"] is None
    assert details.get("mcnemar_mid_p") is None
    assert verdict.estimate is None
    assert "rows only" not in verdict.to_json()


def test_the_one_class_of_an_auc() -> None:
    table = pl.DataFrame(
        {
            "part": ["a"] * 4 + ["b"] * 40,
            "y_true": [1] * 4 + [0, 1] * 20,
            "y_score": np.linspace(0, 1, 44),
        }
    )
    with pytest.raises(MLGatesError) as caught:
        judged(metric.KIND, ("roc_auc",), table, min=0.1, by="part")
    assert "an AUC needs both classes: no negative is there (<10 rows)" in str(caught.value)
    assert not re.search(r"\b4\b", str(caught.value))


def test_missing_labels_of_a_small_table() -> None:
    table = pl.DataFrame({"y_true": [1, None, 0, 1], "y_pred": [1, 1, 0, 1]})
    with pytest.raises(MLGatesError) as caught:
        judged(metric.KIND, ("accuracy",), table, min=0.1)
    assert "missing in <10 of <10 rows" in str(caught.value)


def test_totals_minus_what_is_shown_give_no_small_count() -> None:
    generator = np.random.default_rng(0)
    display = Display(private=True)
    for _ in range(500):
        cells = [tuple(generator.integers(0, 60, 2).tolist()) for _ in range(6)]
        hidden = display.hidden(cells)
        assert all(i in hidden for i, c in enumerate(cells) if any(n in SMALL for n in c))
        assert len(hidden) != 1
        if len(hidden) < len(cells):
            assert not any(sum(cells[i][k] for i in hidden) in SMALL for k in (0, 1))


def test_names_stay_on_their_line_and_move_no_cursor() -> None:
    assert label("Köln") == "Köln"
    assert label("a\nPASS\x1b[2K") == "a\\nPASS\\x1b[2K"
    assert Display().group(("a\nb", None)) == "(a\\nb, missing)"
    table = rows({"a\n PASS  gate\x1b[31m": (40, 3), "b": (40, 30)})
    gate = Gate(id="g", kind=metric.KIND, parameters=parse(metric.KIND, ("accuracy",), BY_PART))
    text = evaluate(gate, to_table(table), Context()).message
    assert "\x1b" not in text
    assert "part=a\\n PASS  gate\\x1b[31m" in text


BY_PART = {"min": 0.5, "by": "part"}


def test_what_a_model_writes_beside_its_answer_is_swallowed(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def model(frame: Any) -> list[int]:
        print("canary")  # noqa: T201
        os.write(1, b"canary")
        os.write(2, b"canary")
        logging.getLogger("model").error("canary")
        return [0] * len(frame)

    table = to_table(pl.DataFrame({"x": [1.0, 2.0]}), name="people", private=True)
    ask(model, table, ["x"], name="model", what="predict")
    out, err = capfd.readouterr()
    assert "canary" not in out + err + caplog.text
    logging.getLogger("model").error("afterwards")
    os.write(1, b"afterwards")
    assert "afterwards" in capfd.readouterr().out
    assert "afterwards" in caplog.text


def test_groups_of_a_private_table_are_called_by_their_pseudonym_once():
    table = pl.DataFrame(
        {
            "part": ["a"] * 49 + ["b"] * 50,
            "y_true": [i % 2 for i in range(99)],
            "y_pred": [i % 2 for i in range(99)],
        }
    )
    arguments = ("demographic_parity_difference",)
    verdict = judged(fairness.KIND, arguments, table, by="part", max=0.05)
    assert "group 1 and group 2 have" in verdict.summary or "group 2 and group 1" in verdict.summary
    assert "group group" not in verdict.message + verdict.summary
    assert "groups group" not in verdict.message + verdict.summary
