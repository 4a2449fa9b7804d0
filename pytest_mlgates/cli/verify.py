"""``mlgates verify``: whether evidence may be trusted, and every reason why not."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgates.cli.argument_types import commit, span

if TYPE_CHECKING:
    import argparse

    from pytest_mlgates.runner.verify import Verification

HELP = "check evidence before a deployment: signature, model, policy, age, every verdict"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("evidence", metavar="EVIDENCE", help="what a run wrote (--evidence)")
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="PATH",
        help="file or folder that is about to ship: it must be what was judged (repeatable)",
    )
    parser.add_argument(
        "--key", metavar="FILE", help="public key (PEM, Ed25519) that must have signed it"
    )
    parser.add_argument(
        "--policy",
        metavar="FILE",
        help="the configuration of the protected branch: it must be what governed the run, and "
        "says what is required",
    )
    parser.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="IDS",
        help="gates that must be proven, separated by commas (repeatable)",
    )
    parser.add_argument(
        "--max-age", type=span, metavar="AGE", help="how old it may be: 7d, 12h, 30m"
    )
    parser.add_argument(
        "--commit", type=commit, metavar="SHA", help="the commit that it must be of, and clean"
    )


def run(arguments: argparse.Namespace) -> int:
    """Verify, and say everything that was found; 0 if the evidence may be trusted."""
    from pytest_mlgates.cli.output import policy_of
    from pytest_mlgates.core.files import sha256_of_path
    from pytest_mlgates.runner.evidence import content_of
    from pytest_mlgates.runner.verify import Demands, verify

    verifier = None
    if arguments.key:
        from pytest_mlgates.runner.signing import verifier_of

        verifier = verifier_of(arguments.key)
    demands = Demands(
        verifier=verifier,
        models=[(path, sha256_of_path(path, where="--model")) for path in arguments.model],
        commit=arguments.commit,
        required=[one for ids in arguments.require for one in _ids(ids)],
        max_age=arguments.max_age,
        policy=policy_of(arguments.policy) if arguments.policy else None,
    )
    content = content_of(Path(arguments.evidence))
    found = verify(content, demands, now=dt.datetime.now(tz=dt.UTC))
    _show(arguments.evidence, found)
    return 0 if found.trusted else 1


def _show(name: str, found: Verification) -> None:
    from pytest_mlgates.core.boundary import write
    from pytest_mlgates.core.text import plural
    from pytest_mlgates.reports.text import degrade

    lines = [f"note: {note}" for note in found.notes]
    if found.trusted:
        depths = ", ".join(f"{count} {depth}" for depth, count in found.depths.items())
        assert found.evidence is not None  # noqa: S101
        count = plural(len(found.evidence.verdicts), "gate")
        lines.append(f"{name}: trusted ({found.evidence.result}; {count}: {depths})")
    else:
        lines.append(f"{name}: not to be trusted, for {plural(len(found.refusals), 'reason')}")
        lines += [f"  - {refusal}" for refusal in found.refusals]
    write(sys.stdout, "".join(degrade(line, sys.stdout.encoding) + "\n" for line in lines))


def _ids(text: str) -> list[str]:
    return [one for part in text.split(",") if (one := part.strip())]
