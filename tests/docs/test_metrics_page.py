"""The page of metrics names every metric, with scikit-learn's name and its options."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_mlgates.gates.metric.metrics import METRICS

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
sklearn_metrics = pytest.importorskip("sklearn.metrics")


def rows() -> dict[str, list[str]]:
    found = {}
    for line in PAGE.read_text().splitlines():
        if line.startswith("| `"):
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            found[name.strip("`")] = cells
    return found


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_on_the_page_as_it_is(name: str) -> None:
    sklearn_name, compares, options, _ = rows()[name]
    theirs = sklearn_name.strip("`")
    metric = METRICS[name]
    if theirs:
        assert theirs == name or theirs in metric.aliases
        assert callable(getattr(sklearn_metrics, theirs))
    assert tuple(part.strip("` ") for part in options.split(",") if part) == metric.options
    needs = {"probabilities": "scores", "rankings": "ranking"}.get(compares, compares)
    assert needs == metric.needs
