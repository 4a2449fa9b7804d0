"""What 20 checks of a table cost here, in other libraries, and at least: the bare decode.

    python benchmarks/data_schema.py [--rows 1000000 10000000] [--json FILE]

Every figure is the median of runs in processes of their own, which take turns, so that a slow
minute of the machine hits all of them alike. Times are only comparable within one run; budgets are
ratios. All engines must give the same 20 answers, on a table that passes and on one that does not.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import budgets
import checks
import gates
import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from measure import Sample

DECODE = {
    "decode, DuckDB": "decode:duckdb",
    "decode, pyarrow": "decode:pyarrow",
    "decode, polars": "decode:polars",
}
FROM_FILE = {
    "pytest-mlgates": "engines:ours",
    budgets.KNOWN: "engines:ours_known",
    "Great Expectations": "engines:great_expectations",
    "pandera, pandas": "peer_pandera:on_pandas",
    "pandera, polars": "peer_pandera:on_polars",
    "pointblank": "peer_polars:pointblank",
    "dataframely": "peer_polars:dataframely",
    "polars by hand": "engines:polars",
    "DuckDB by hand": "engines:duckdb",
}
IN_MEMORY = {
    "pytest-mlgates, a frame of pandas": "engines:ours_on_pandas",
    "pytest-mlgates, a frame of polars": "engines:ours_on_polars",
    "Great Expectations, a frame of pandas": "engines:great_expectations_on_pandas",
}
Samples = dict[str, list["Sample"]]
OUT_OF_MEMORY = ("decode, DuckDB", "pytest-mlgates")


def main() -> int:
    """Measure, print, and say which budgets are met."""
    arguments = _arguments()
    folder = arguments.data
    folder.mkdir(parents=True, exist_ok=True)
    measure.compile_all()
    found: dict[str, Samples] = {}
    for rows in (9_000, 1_000_000):  # large files may be read in other ways
        _verify(measure.table("broken", folder, rows), rows)
    for rows in arguments.rows:
        engines = {**DECODE, **FROM_FILE, **(IN_MEMORY if rows <= 1_000_000 else {})}
        repeat = arguments.repeat if rows <= 1_000_000 else max(1, arguments.repeat // 2)
        if rows > 10_000_000:  # whoever reads all of it into memory needs more than there is
            engines, repeat = {name: engines[name] for name in OUT_OF_MEMORY}, 1
        path = measure.table("parquet", folder, rows)
        wanted = {name: _engine(function, path) for name, function in engines.items()}
        if rows == 1_000_000:
            suite, hook = str(gates.contract(folder)), gates.program("mlgates-data")
            wanted[budgets.HOOK] = _command([hook, "--suite", suite, str(path)], folder)
        found[f"{rows:,} rows"] = _in_turn(wanted, repeat, f"{rows:,} rows")
        _same_answers(found[f"{rows:,} rows"])
    found["hooks"] = _in_turn(_hooks(folder), arguments.repeat, "hooks")
    found["gates"] = _in_turn(_gates(folder), arguments.repeat, "many gates")
    scans = measure.plan(folder / f"gates-{budgets.GATES[1]}")
    verdicts = budgets.judge(found, scans)
    _print(found)
    sys.stdout.write(budgets.render(verdicts))
    if arguments.json:
        _write(arguments.json, found, verdicts)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000, 10_000_000], metavar="N")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each (10M rows: half)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all samples and verdicts")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(tempfile.gettempdir()) / "mlgates-benchmarks",
        metavar="FOLDER",
        help="where the tables are made and kept (1 GB; 7 GB with 100,000,000 rows)",
    )
    return parser.parse_args()


def _engine(function: str, path: Path) -> Callable[[], Sample]:
    return lambda: measure.engine(function, path)


def _command(arguments: Sequence[str], folder: Path) -> Callable[[], Sample]:
    return lambda: measure.command(arguments, folder=folder)


def _hooks(folder: Path) -> dict[str, Callable[[], Sample]]:
    csv, suite, idle = (
        measure.table("csv", folder, 10_000),
        gates.contract(folder),
        gates.idle(folder),
    )
    data, check = gates.program("mlgates-data"), gates.program("mlgates-check")
    nothing_to_do = ([data], [check], [check, "other.csv"])
    return {
        "python -c pass": _command([sys.executable, "-c", "pass"], folder),
        budgets.DATA_HOOK: _command([data, "--suite", str(suite), str(csv)], folder),
        budgets.DATA_HOOK_GX: _engine(FROM_FILE["Great Expectations"], csv),
        **{
            name: _command(arguments, idle)
            for name, arguments in zip(budgets.IDLE_HOOKS, nothing_to_do, strict=True)
        },
    }


def _gates(folder: Path) -> dict[str, Callable[[], Sample]]:
    table = measure.table("parquet", folder, 1_000_000)
    check = [gates.program("mlgates"), "check"]
    return {
        budgets.gates(count): _command(check, gates.many(folder, table, count))
        for count in budgets.GATES
    }


def _in_turn(wanted: dict[str, Callable[[], Sample]], repeat: int, title: str) -> Samples:
    """*repeat* runs of each, one after the other; the first of all warms the file cache."""
    found: Samples = {name: [] for name in wanted}
    next(iter(wanted.values()))()
    for turn in range(repeat):
        for name, run in wanted.items():
            sys.stderr.write(f"\r\033[K{title}: run {turn + 1} of {repeat}: {name}")
            found[name].append(run())
    sys.stderr.write("\r\033[K")
    return found


def _same_answers(found: Samples) -> None:
    """Nobody is timed on doing less.

    Raises:
        AssertionError: if an engine answers otherwise than Great Expectations.
    """
    answered = {name: samples[0].answers for name, samples in found.items() if samples[0].answers}
    reference = answered.get("Great Expectations", next(iter(answered.values())))
    for name, answers in answered.items():
        for check, one, other in zip(checks.NAMES, answers, reference, strict=True):
            same = one[0] == other[0] and (None in (one[1], other[1]) or one[1] == other[1])
            assert same, f"{name} answers {one} to {check!r}, Great Expectations {other}"


def _verify(path: Path, rows: int) -> None:
    """Every engine finds everything that is broken in *path*, which has *rows* rows."""
    unbreakable = checks.UNBREAKABLE | ({"row count"} if rows >= checks.ROWS[0] else set())
    engines = {**FROM_FILE, **IN_MEMORY}
    found = {name: [measure.engine(function, path)] for name, function in engines.items()}
    counting = {name: s for name, s in found.items() if "by hand" not in name}
    _same_answers(counting)  # by hand, uniqueness counts values and not rows
    for name, (sample,) in found.items():
        failed = {c for c, (ok, _) in zip(checks.NAMES, sample.answers, strict=True) if not ok}
        missed = set(checks.NAMES) - unbreakable - failed
        assert not missed, f"{name} misses {missed}"


def _print(found: dict[str, Samples]) -> None:
    for title, samples in found.items():
        lines = [f"{title:<38} {'inside s':>9} {'CPU s':>8} {'whole s':>9} {'CPU s':>8} {'MB':>7}"]
        for name, runs in samples.items():
            inside, inside_cpu, whole, whole_cpu, peak = (
                statistics.median(getattr(run, field) for run in runs)
                for field in ("inside", "inside_cpu", "whole", "whole_cpu", "peak")
            )
            first = f"{inside:9.3f} {inside_cpu:8.3f}" if inside else f"{'':9} {'':8}"
            lines.append(f"{name:<38} {first} {whole:9.3f} {whole_cpu:8.3f} {peak:7.0f}")
        sys.stdout.write("\n".join([*lines, "", ""]))


def _write(path: Path, found: dict[str, Samples], verdicts: Iterable[budgets.Verdict]) -> None:
    record = {
        "samples": {
            title: {name: [asdict(run) for run in runs] for name, runs in samples.items()}
            for title, samples in found.items()
        },
        "budgets": [{**asdict(verdict), "met": verdict.met} for verdict in verdicts],
        "machine": measure.machine(),
    }
    path.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
