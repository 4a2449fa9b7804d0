"""Evidence as one HTML file: no script, nothing loaded from elsewhere, light and dark.

The numbers stand in tables, and the drawings beside them repeat those: a screen reader misses
nothing, and neither does a printer without colours.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import number, percent, printable_lines, shortened
from pytest_mlgates.reports.plots import plots_of
from pytest_mlgates.reports.rows import row, status, tally
from pytest_mlgates.reports.text import message, render_holdouts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.core.verdict import Verdict

_WORDS = {
    "PASS": "passed",
    "PASS?": "passed, not decided",
    "FAIL": "failed",
    "WAIVED": "waived",
    "ERROR": "could not be evaluated",
}
# More than this of one thing is read by nobody on a page; the evidence has it all.
_MOST = 100
_LONGEST = 400
_HEAD = ("outcome", "gate", "what", "estimate", "deciding", "bound", "rows", "finding")


@dataclass(frozen=True, slots=True)
class _Gate:
    """What the template shows of one verdict."""

    anchor: str
    verdict: Verdict
    status: str
    word: str
    cells: tuple[str, ...]
    message: str
    plots: list[Any]
    expectations: list[tuple[str, ...]]
    more_expectations: str
    kept: int
    chain: tuple[list[str], list[tuple[str, list[tuple[str, bool]]]]] | None
    facts: list[tuple[str, str]]
    trend: _Trend | None


@dataclass(frozen=True, slots=True)
class _Trend:
    """A gate over its runs, oldest first."""

    points: str
    dots: list[tuple[float, float]]
    text: str
    runs: list[tuple[str, str, str]]


def render(evidence: Evidence, history: Sequence[Evidence] = ()) -> str:
    """The page.

    Args:
        evidence: Of the run that it shows.
        history: Of earlier runs, in any order; their estimates are drawn beside.

    Raises:
        MLGatesError: without jinja2.
    """
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError:
        raise MLGatesError(
            "an HTML report needs jinja2",
            fix="pip install 'pytest-mlgates[report]'",
        ) from None
    runs = sorted({one.to_json(): one for one in (*history, evidence)}.values(), key=_created)
    source = resources.files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    template = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    ).from_string(source)
    gates = [
        _gate(place, verdict, runs) for place, verdict in enumerate(evidence.verdicts, start=1)
    ]
    return template.render(
        evidence=evidence,
        tally=tally(evidence.verdicts),
        gates=gates,
        head=_HEAD,
        facts=_facts_of_run(evidence),
    )


def _visible(value: Any) -> Any:
    """Text as it is, but for what moves a cursor or turns the words around it: that is spelled."""
    return printable_lines(value) if type(value) is str else value


def _created(evidence: Evidence) -> str:
    return evidence.created


def _gate(place: int, verdict: Verdict, runs: Sequence[Evidence]) -> _Gate:
    told = status(verdict)
    expectations = _expectations(verdict)
    rest = len(expectations) - _MOST
    return _Gate(
        anchor=f"gate-{place}",
        verdict=verdict,
        status=told,
        word=_WORDS[told],
        cells=row(verdict).cells()[1:],
        message=message(verdict),
        plots=plots_of(verdict),
        expectations=expectations[:_MOST],
        more_expectations=f"{rest:,} more failed" if rest > 0 else "",
        kept=sum(detail.get("success") is True for detail in verdict.details),
        chain=_chain(verdict),
        facts=_facts_of_gate(verdict),
        trend=_trend(verdict, runs),
    )


def _facts_of_run(evidence: Evidence) -> list[tuple[str, str]]:
    environment = dict(evidence.environment)
    packages: Mapping[str, str] = environment.get("packages", {})
    changed = ", and tracked files differed from it" if evidence.commit.get("dirty") else ""
    commit = f"{evidence.commit['sha']}{changed}" if evidence.commit.get("sha") else ""
    facts = [
        ("created", evidence.created),
        ("commit", commit),
        ("models", "; ".join(f"{one.name} {one.digest}" for one in evidence.models)),
        ("complete", "yes" if evidence.complete else "no: not every required gate was evaluated"),
        ("policy of undecided gates", evidence.policy),
        ("configuration", " ".join(str(v) for v in evidence.configuration.values())),
        ("required", ", ".join(evidence.required) or "none"),
        ("required, not run", ", ".join(evidence.required_not_run)),
        ("holdouts", "; ".join(render_holdouts(evidence))),
        ("Python", f"{environment.get('python', '')} {environment.get('platform', '')}".strip()),
        ("packages", ", ".join(f"{name} {version}" for name, version in packages.items())),
    ]
    return [(name, value) for name, value in facts if value]


def _facts_of_gate(verdict: Verdict) -> list[tuple[str, str]]:
    levels = [
        f"{side} {percent(level)}"
        for side, level in (
            ("lower", verdict.lower_confidence),
            ("upper", verdict.upper_confidence),
        )
        if level is not None
    ]
    facts = [
        ("id", verdict.id),
        ("kind", verdict.kind),
        ("where", verdict.where or ""),
        ("method", verdict.method or ""),
        ("confidence of each bound", ", ".join(levels)),
        ("correction", verdict.correction or ""),
        ("policy", str(verdict.policy)),
        ("replaces", verdict.replaces or ""),
    ]
    facts += [
        (f"input {one.name}", f"{one.digest or 'no digest'}{_rows(one.rows)}")
        for one in verdict.inputs
    ]
    return [(name, value) for name, value in facts if value]


def _rows(count: int | None) -> str:
    return "" if count is None else f", {count:,} rows"


def _expectations(verdict: Verdict) -> list[tuple[str, ...]]:
    """Of those that failed: type, arguments, how many values broke it, what was observed."""
    if verdict.kind != "data_schema":
        return []
    return [
        (
            str(detail.get("type", "")),
            shortened(json.dumps(detail.get("kwargs", {}), ensure_ascii=False), _LONGEST),
            _count(detail),
            _observed(detail),
        )
        for detail in verdict.details
        if detail.get("success") is not True
    ]


def _count(detail: Mapping[str, Any]) -> str:
    found, of = detail.get("unexpected_count"), detail.get("element_count")
    if not isinstance(found, int):
        return ""
    return f"{found:,} of {of:,}" if isinstance(of, int) else f"{found:,}"


def _observed(detail: Mapping[str, Any]) -> str:
    value = detail.get("error") or detail.get("observed_value")
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shortened(text, _LONGEST)


def _chain(
    verdict: Verdict,
) -> tuple[list[str], list[tuple[str, list[tuple[str, bool]]]]] | None:
    """The stages of each run: heads, and rows of digests with whether they differ from run 1's."""
    runs = [detail for detail in verdict.details if detail.get("stages")]
    if verdict.kind != "reproducibility" or not runs:
        return None
    chains = [{one.get("stage"): one.get("digest") for one in d["stages"]} for d in runs]
    names = list(dict.fromkeys(name for chain in chains for name in chain))
    heads = [f"run {detail.get('run', place)}" for place, detail in enumerate(runs, start=1)]
    rows = []
    for name in names:
        first = chains[0].get(name)
        cells = []
        for chain in chains:
            digest = chain.get(name)
            short = "missing" if digest is None else str(digest).removeprefix("sha256:")[:12]
            cells.append((short, digest != first))
        rows.append((str(name), cells))
    return heads, rows


def _trend(verdict: Verdict, runs: Sequence[Evidence]) -> _Trend | None:
    """The gate in all *runs*, where there is more than one of it."""
    found = [(run.created, one) for run in runs for one in run.verdicts if one.id == verdict.id]
    if len(found) < 2:
        return None
    found = found[-_MOST:]
    rows = [(created, status(one), number(one.estimate)) for created, one in found]
    values = [(at, one.estimate) for at, (_, one) in enumerate(found) if one.estimate is not None]
    if len(values) < 2:
        return _Trend("", [], "", rows)
    low, high = min(v for _, v in values), max(v for _, v in values)
    span = high - low or 1.0
    last = len(found) - 1
    dots = [
        (round(4 + 192 * at / last, 2), round(36 - 32 * (v - low) / span, 2)) for at, v in values
    ]
    text = f"estimates over {len(values)} runs: " + ", ".join(number(v) for _, v in values)
    return _Trend(" ".join(f"{x},{y}" for x, y in dots), dots, text, rows)
