"""Reports of evidence that is unusual: what names hold, how much there is, what is not known."""

from __future__ import annotations

import json
import re

import pytest

from pytest_mlgates.core.evidence import Evidence
from pytest_mlgates.core.verdict import Bound, Finding, GroupValue, Outcome, Verdict
from pytest_mlgates.reports import github, gitlab, html, markdown, sarif
from pytest_mlgates.reports.plots import plots_of
from pytest_mlgates.reports.rows import row
from pytest_mlgates.reports.text import render_evidence

# An escape, a return, the override that turns the words behind it around, and a line of its own.
TURNED = "a\x1b[31mb\r::error::c\u202egpj.x\u2028d\x85"
GAP = Verdict(
    id="gap",
    kind="fairness",
    finding=Finding.DISPROVEN,
    outcome=Outcome.FAILED,
    message="too wide",
    metric="demographic_parity_difference",
    by=("city",),
    estimate=0.3,
    lower=0.2,
    lower_confidence=0.95,
    bound=Bound(max=0.1),
    n=10_000,
)


def evidence(*verdicts, **more):
    return Evidence(verdicts=verdicts, complete=True, created="2026-01-01T00:00:00+00:00", **more)


def nowhere(_verdict):
    return None


def all_of(one):
    return {
        "html": html.render(one),
        "markdown": markdown.render(one),
        "sarif": sarif.render(one, nowhere, "pyproject.toml"),
        "gitlab": gitlab.render(one, nowhere, "pyproject.toml"),
        "github": github.render(one, nowhere, "pyproject.toml"),
        "terminal": "\n".join(render_evidence(one)),
    }


def group(name, value, n=100):
    bounds = {} if value is None else {"lower": value - 0.1, "upper": value + 0.1}
    return GroupValue(group=(name,), n=n, value=value, rate="selection_rate", **bounds)


def test_no_name_moves_a_cursor_or_turns_words_around():
    odd = GAP.replace(
        id=TURNED,
        message=f"group {TURNED}",
        by=(TURNED,),
        groups=(group(TURNED, 0.5),),
        warnings=(TURNED,),
    )
    for name, text in all_of(evidence(odd, problems=(TURNED,), notes=(TURNED,))).items():
        shown = text
        if name in {"sarif", "gitlab"}:  # ids are data there; what people read is not
            texts = re.findall(r'"(?:text|description)": "((?:[^"\\]|\\.)*)"', text)
            shown = "".join(json.loads(f'"{one}"') for one in texts if "failed" in one)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", shown), name


def test_an_annotation_is_one_command_whatever_its_id_and_path_hold():
    odd = GAP.replace(id="100%, a::b:c\n::error::d", message="x\n::warning::y")
    text = github.render(evidence(odd), lambda _: ("a,b/c:d%.toml", 3), "pyproject.toml")
    (line,) = text.splitlines()
    assert line.startswith("::error file=a%2Cb/c%3Ad%25.toml,line=3,title=gate '100%25%2C a%3A%3Ab")
    properties, _, _ = line.removeprefix("::error ").partition("::")
    assert [one.partition("=")[0] for one in properties.split(",")] == ["file", "line", "title"]


def test_very_long_names_are_shortened_where_hosts_cut_them_off():
    odd = GAP.replace(id="x" * 100_000, message="y" * 100_000)
    line = github.render(evidence(odd), nowhere, "pyproject.toml")
    assert len(line) < 20_000
    assert "(200,017 characters)" in line


def test_of_a_thousand_groups_the_extremes_are_drawn_and_the_rest_counted():
    values = [i / 2000 for i in range(1000)]
    many = GAP.replace(
        groups=(*(group(f"city {i}", v) for i, v in enumerate(values)), group("empty", None, n=0))
    )
    _, plot = plots_of(many)
    labels = [one.label for one in plot.intervals]
    assert labels[:1] + labels[-1:] == ["city=city 0", "city=city 999"]
    assert len(labels) == 40
    assert plot.more == (
        "960 more groups between these and 1 without a value: the evidence has them all"
    )
    page = html.render(evidence(many))
    assert plot.more in page
    assert len(page) < 60_000


def test_a_long_contract_does_not_make_a_long_page():
    detail = {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "a", "value_set": list(range(10_000))},
        "success": False,
        "unexpected_count": 3,
        "element_count": None,
        "observed_value": ["v" * 10_000],
    }
    many = GAP.replace(kind="data_schema", metric=None, estimate=None, details=(detail,) * 300)
    page = html.render(evidence(many))
    assert "200 more failed: the evidence has them all" in page
    assert len(page) < 200_000


def test_groups_without_a_value_say_whether_they_have_none_or_may_not_show_it():
    found = GAP.replace(groups=(group("A", None, n=0), group("B", None, n=None), group("C", 0.5)))
    _, plot = plots_of(found)
    texts = {one.label: (one.text, one.rows, one.dot) for one in plot.intervals}
    assert texts["city=A"] == ("undefined", "0", None)
    assert texts["city=B"] == ("not shown: few rows", "", None)
    assert texts["city=C"][0] == "0.500, at least 0.400, at most 0.600"


def test_groups_that_all_have_no_value_are_still_told():
    _, plot = plots_of(GAP.replace(groups=(group("A", None), group("B", None))))
    assert [one.width for one in plot.intervals] == [0, 0]
    page = html.render(evidence(GAP.replace(groups=(group("A", None),), estimate=None)))
    assert "undefined" in page


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1.7e308, 5e-324, 0.0])
def test_every_number_has_a_place_on_the_page(value):
    found = GAP.replace(estimate=value, lower=-value, upper=float("inf"))
    for plot in plots_of(found):
        for one in plot.intervals:
            assert 0 <= one.start <= 100
            assert 0 <= one.start + one.width <= 100.001
            assert one.dot is None or 0 <= one.dot <= 100
    page = html.render(evidence(found))
    assert not re.search(r"(left|width):-?(nan|inf)", page)
    assert "inf" not in row(found.replace(finding=Finding.INCONCLUSIVE)).deciding


LOSS = GAP.replace(kind="metric", metric="mse", by=(), method="hall on paired differences")
QUALITY = LOSS.replace(metric="accuracy")
AGAINST = Bound(no_worse_than="models:/c@champion", margin=0.02)


@pytest.mark.parametrize(
    ("verdict", "side"), [(LOSS, 0.02), (QUALITY, -0.02), (GAP, 0.02)], ids=["loss", "share", "gap"]
)
def test_the_margin_is_drawn_on_the_side_that_is_worse(verdict, side):
    found = verdict.replace(bound=AGAINST, estimate=0.0, lower=-0.1, upper=0.1)
    plot = plots_of(found)[0]
    ((at, text),) = plot.limits
    assert text == "margin 0.02"
    assert plot.title.endswith(" against the champion")
    # The axis reaches as far to the left of 0 as to the right of it.
    assert (at - 50) * side > 0


def test_a_gate_with_two_claims_is_drawn_on_the_axis_of_its_estimate():
    bound = Bound(min=0.5, no_worse_than="models:/c@champion", margin=0.02)
    comparison = QUALITY.replace(bound=bound, estimate=-0.01, lower=-0.03)
    absolute = comparison.replace(estimate=0.8, lower=0.7, method="wilson")
    assert [text for _, text in plots_of(comparison)[0].limits] == ["margin 0.02"]
    assert [text for _, text in plots_of(absolute)[0].limits] == ["min 0.50"]
    assert row(comparison).claim == "accuracy vs champion"
    assert row(absolute).claim == "accuracy"
    assert "paired" not in row(absolute).finding


def test_a_gate_that_could_not_be_evaluated_is_told_in_every_format():
    broken = Verdict(
        id="broken",
        kind="metric",
        finding=None,
        outcome=Outcome.ERROR,
        message="no file matches 'x.csv'",
        summary="no file matches 'x.csv'",
        metric="accuracy",
        bound=Bound(min=0.5),
    )
    texts = all_of(evidence(broken))
    assert {name for name, text in texts.items() if "no file matches" not in text} == set()
    assert json.loads(texts["gitlab"])[0]["severity"] == "blocker"
    assert not json.loads(texts["sarif"])["runs"][0]["invocations"][0]["executionSuccessful"]
    assert texts["github"].startswith("::error ")
