"""What the benchmarks of metric and fairness gates have in common: turns, medians, a report."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import budgets
import measure

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from measure import Sample

    Samples = dict[str, list[Sample]]


def arguments(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """What every benchmark takes, beside the options of *parser*."""
    parser.add_argument("--repeat", type=int, default=5, help="runs of each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all samples and verdicts")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(tempfile.gettempdir()) / "mlgates-benchmarks",
        metavar="FOLDER",
        help="where the tables are made and kept",
    )
    found = parser.parse_args()
    found.data.mkdir(parents=True, exist_ok=True)
    return found


def in_turn(wanted: Mapping[str, str], path: Path, repeat: int, title: str) -> Samples:
    """*repeat* runs of each `module:function` on *path*, one after the other."""
    found: Samples = {name: [] for name in wanted}
    for turn in range(repeat):
        for name, function in wanted.items():
            sys.stderr.write(f"\r\033[K{title}: run {turn + 1} of {repeat}: {name}")
            found[name].append(measure.engine(function, path))
    sys.stderr.write("\r\033[K")
    return found


def median(samples: Mapping[str, list[Sample]], name: str, field: str = "inside") -> float:
    """The median of one figure."""
    return statistics.median(getattr(sample, field) for sample in samples[name])


def times(samples: Mapping[str, list[Sample]], name: str, other: str, field: str) -> float:
    """How often *other* goes into *name*: the median of what each turn says.

    Both of a turn ran within a second or so: a host that is slow for a while is slow for both.
    """
    turns = zip(samples[name], samples[other], strict=True)
    return statistics.median(getattr(one, field) / getattr(two, field) for one, two in turns)


def same_answers(samples: Mapping[str, list[Sample]]) -> None:
    """All who answer the same question answer alike.

    Raises:
        AssertionError: if not.
    """
    answers: dict[str, tuple[str, float]] = {}
    for name, runs in samples.items():
        for question, value in runs[0].answers:
            first, expected = answers.setdefault(question, (name, value))
            assert abs(value - expected) <= 1e-9, (
                f"{name} answers {value} to {question}, {first} {expected}"
            )


def report(
    found: Mapping[str, Samples], verdicts: list[budgets.Verdict], record: Path | None
) -> None:
    """Print all figures and budgets; write them to *record* too, where one is wanted."""
    for title, samples in found.items():
        lines = [f"{title:<38} {'inside ms':>10} {'CPU ms':>10} {'MB':>7}"]
        for name in samples:
            wall, cpu = (1000 * median(samples, name, f) for f in ("inside", "inside_cpu"))
            lines.append(
                f"{name:<38} {wall:10.1f} {cpu:10.1f} {median(samples, name, 'peak'):7.0f}"
            )
        sys.stdout.write("\n".join([*lines, "", ""]))
    sys.stdout.write(budgets.render(verdicts))
    if record is not None:
        record.write_text(json.dumps(_as_json(found, verdicts), indent=1) + "\n")


def _as_json(found: Mapping[str, Samples], verdicts: Iterable[budgets.Verdict]) -> object:
    return {
        "samples": {
            title: {name: [asdict(run) for run in runs] for name, runs in samples.items()}
            for title, samples in found.items()
        },
        "budgets": [{**asdict(verdict), "met": verdict.met} for verdict in verdicts],
        "machine": measure.machine(),
    }
