"""``mlgates check``: evaluate the declared gates."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgates.cli.argument_types import span
from pytest_mlgates.cli.output import stdout_to_stderr, step_summary
from pytest_mlgates.cli.progress import progress

if TYPE_CHECKING:
    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.runner.signing import Signer
    from pytest_mlgates.runner.standing_in import StandIn

# Where runner/signing.py reads a key; not imported for a name.
VARIABLE = "MLGATES_SIGN_KEY"
HELP = "evaluate the gates declared in [tool.mlgates]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("gates", nargs="*", metavar="GATE", help="ids to evaluate (default: all)")
    parser.add_argument("--config", metavar="FILE", help="pyproject.toml or mlgates.toml to use")
    parser.add_argument(
        "--json", metavar="FILE", help="write the record of the run as JSON there (-: stdout)"
    )
    parser.add_argument(
        "--evidence",
        metavar="FILE",
        help="where the evidence goes (default: .mlgates/evidence.json)",
    )
    parser.add_argument(
        "--subject",
        action="append",
        default=[],
        metavar="PATH",
        help="file or folder that the evidence is about, beside the models of the tables: what a "
        "callable loads, or made the predictions (repeatable)",
    )
    parser.add_argument(
        "--sign-key",
        metavar="FILE",
        help="private key (PEM, Ed25519) that signs the evidence (default: MLGATES_SIGN_KEY)",
    )
    parser.add_argument(
        "--stand-in",
        metavar="EVIDENCE",
        help="evidence of this commit, signed where the data is: for gates whose data, or the GPU "
        "that they need, is not here",
    )
    parser.add_argument(
        "--key",
        metavar="FILE",
        help="public key that must have signed it (default: `public_key`)",
    )
    parser.add_argument(
        "--max-age", type=span, metavar="AGE", help="how old it may be: 7d (default), 12h, 30m"
    )
    parser.add_argument(
        "--inconclusive",
        choices=("estimate", "pass", "fail"),
        help="what becomes of gates that the rows cannot decide; stands over the configuration",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="show what would be read, in which scans, and evaluate nothing",
    )
    parser.add_argument(
        "--locked",
        action="store_true",
        help="only compare definitions and inputs with mlgates.lock, and evaluate nothing",
    )
    parser.add_argument(
        "--examples",
        type=_count,
        default=0,
        metavar="N",
        help="show up to N example values of what broke a contract (never for private tables)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, print, write the evidence."""
    if arguments.locked:  # in milliseconds: nothing that evaluates is imported
        from pytest_mlgates.cli.locked import check_locked

        return check_locked(arguments.config, arguments.gates)
    from pytest_mlgates.core.boundary import write
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.runner.check import exit_code, named_subjects
    from pytest_mlgates.runner.check import run as evaluate

    configuration = _configuration(arguments)
    if arguments.explain:
        return _explain(configuration, arguments)
    signer = None
    if arguments.sign_key or VARIABLE in os.environ:
        from pytest_mlgates.runner.signing import signer_of

        signer = signer_of(arguments.sign_key, option="--sign-key")
    named = named_subjects(arguments.subject, option="--subject")
    stand_in = _stand_in(configuration, arguments)
    _outdate(configuration, arguments)
    total = len(arguments.gates) or len(configuration.gates)
    only_json = arguments.json == "-"
    with stdout_to_stderr() if only_json else contextlib.nullcontext(), progress(total) as bar:
        evidence = evaluate(
            configuration,
            arguments.gates,
            examples=arguments.examples,
            progress=None if bar is None else bar.gate,
            step=None if bar is None else bar.step,
            named=named,
            stand_in=stand_in,
        )
    unwritten: list[MLGatesError] = []
    written = _write_evidence(configuration, evidence, arguments.evidence, signer, unwritten)
    _show(evidence, written, to_stderr=only_json)
    if only_json:  # in ASCII, whatever the encoding of the pipe
        write(sys.stdout, json.dumps(evidence.to_dict(), indent=2, allow_nan=False) + "\n")
    elif arguments.json:
        _write(Path(arguments.json), evidence.to_json(), "--json", unwritten)
    step_summary(evidence, whole=[written] if written else [])
    if unwritten:
        raise MLGatesError("\n".join(str(error) for error in unwritten))
    return exit_code(evidence)


def _stand_in(configuration: Configuration, arguments: argparse.Namespace) -> StandIn | None:
    """What stands in for data that is not here: read before this run writes anything.

    Raises:
        MLGatesError: if it cannot be read, or no key is known.
    """
    from pytest_mlgates.core.errors import MLGatesError

    if arguments.stand_in is None:
        if given := [name for name in ("key", "max_age") if getattr(arguments, name) is not None]:
            raise MLGatesError(
                f"--{given[0].replace('_', '-')} is for evidence that stands in, and none is given",
                fix="--stand-in evidence.json",
            )
        return None
    import datetime as dt

    from pytest_mlgates.runner.evidence import default_path
    from pytest_mlgates.runner.standing_in import MAX_AGE, stand_in_of

    written = [name for name in (arguments.evidence, arguments.json) if name]
    return stand_in_of(
        Path(arguments.stand_in),
        configuration,
        key=arguments.key,
        options=("--stand-in", "--key"),
        now=dt.datetime.now(tz=dt.UTC),
        max_age=arguments.max_age or MAX_AGE,
        written=[default_path(configuration), *map(Path, written)],
    )


def _explain(configuration: Configuration, arguments: argparse.Namespace) -> int:
    """Print the plan. It is no run: no verdict, no evidence."""
    from pytest_mlgates.core.boundary import write
    from pytest_mlgates.runner.check import explain

    plan = explain(configuration, arguments.gates)
    if arguments.json == "-":
        write(sys.stdout, json.dumps(plan, indent=2) + "\n")
        return 0
    lines = [line for name, steps in plan.items() for line in (name, *(f"  {s}" for s in steps))]
    write(sys.stdout, "\n".join([*lines, "nothing was evaluated"]) + "\n")
    return 0


def _outdate(configuration: Configuration, arguments: argparse.Namespace) -> None:
    """Replace the evidence where this run's will be: cut short, it leaves no old pass there."""
    from pytest_mlgates.runner.evidence import outdate

    files = [Path(arguments.evidence)] if arguments.evidence else []
    plain = Path(arguments.json) if arguments.json and arguments.json != "-" else None
    outdate(configuration, *files, plain=plain)


def _configuration(arguments: argparse.Namespace) -> Configuration:
    from pytest_mlgates.config.load import load, load_for
    from pytest_mlgates.core.errors import ConfigurationError

    if arguments.config:
        return load(Path(arguments.config), inconclusive=arguments.inconclusive)
    found = load_for(Path.cwd(), inconclusive=arguments.inconclusive)
    if found.path is None:
        raise ConfigurationError(
            "no configuration found",
            got=f"looked in {Path.cwd()} and the folders above it",
            want="[tool.mlgates] in pyproject.toml, or mlgates.toml",
            fix="name one: mlgates check --config path/to/pyproject.toml",
        )
    return found


def _show(evidence: Evidence, written: str | None, *, to_stderr: bool) -> None:
    from pytest_mlgates.core.boundary import write
    from pytest_mlgates.reports.text import degrade, render_evidence

    stream = sys.stderr if to_stderr else sys.stdout
    lines = render_evidence(evidence, written=written)
    write(stream, "".join(degrade(line, stream.encoding) + "\n" for line in lines))


def _write_evidence(
    configuration: Configuration,
    evidence: Evidence,
    given: str | None,
    signer: Signer | None,
    unwritten: list[MLGatesError],
) -> str | None:
    from pytest_mlgates.runner.evidence import default_path, text_of, write

    if given is not None:
        text = text_of(evidence, signer)
        return given if _write(Path(given), text, "--evidence", unwritten) else None
    path = default_path(configuration)
    try:
        write(path, evidence, signer=signer)
    except OSError as error:
        if path.is_file():  # what an earlier run found must not be taken for this one's
            unwritten.append(_unwritable(path, "the evidence of an earlier run is there", error))
        else:  # a read-only checkout: nobody asked for this file
            sys.stderr.write(f"evidence was not written: {error}\n")
        return None
    return os.path.relpath(path)


def _unwritable(path: Path, where: str, error: OSError) -> MLGatesError:
    from pytest_mlgates.core.errors import MLGatesError

    return MLGatesError(
        f"{str(path)!r} cannot be written",
        where=where,
        got=str(error.strerror or error),
        want="a file in a folder that can be written",
    )


def _write(path: Path, text: str, option: str, unwritten: list[MLGatesError]) -> bool:
    """Write a file that the user asked for; if that fails, the verdicts are still shown first."""
    from pytest_mlgates.runner.evidence import write_text

    try:
        write_text(path, text)
    except OSError as error:
        unwritten.append(_unwritable(path, option, error))
        return False
    return True


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)
