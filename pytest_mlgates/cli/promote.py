"""``mlgates promote``: a model version gets an alias, on evidence about that very version."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgates.cli.argument_types import commit, span

if TYPE_CHECKING:
    import argparse

    from pytest_mlgates.runner.promotion import Promotion
    from pytest_mlgates.runner.signing import Verifier

HELP = "give a model version an alias in the MLflow registry, if its evidence may be trusted"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("model", metavar="MODEL", help="models:/NAME/VERSION")
    parser.add_argument("--alias", required=True, metavar="NAME", help="champion, say")
    parser.add_argument(
        "--evidence",
        metavar="FILE",
        help="what the run that judged it wrote (default: .mlgates/evidence.json)",
    )
    parser.add_argument(
        "--policy",
        metavar="FILE",
        help="the configuration of the protected branch (default: the one of this folder)",
    )
    signature = parser.add_mutually_exclusive_group()
    signature.add_argument(
        "--key", metavar="FILE", help="public key that must have signed it (default: `public_key`)"
    )
    signature.add_argument(
        "--unsigned", action="store_true", help="trust evidence whose signature nobody checks"
    )
    parser.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="IDS",
        help="gates that must be proven beside those of the policy, separated by commas",
    )
    parser.add_argument(
        "--max-age", type=span, default="7d", metavar="AGE", help="how old it may be (default: 7d)"
    )
    parser.add_argument(
        "--commit", type=commit, metavar="SHA", help="the commit that it must be of"
    )
    parser.add_argument("--dry-run", action="store_true", help="verify, and change nothing")


def run(arguments: argparse.Namespace) -> int:
    """Verify, then move the alias; 1 and no change if anything speaks against it."""
    from pytest_mlgates.cli.output import policy_of
    from pytest_mlgates.config.find import find
    from pytest_mlgates.core.files import FOLDER
    from pytest_mlgates.integrations.mlflow_registry import MLflowRegistry
    from pytest_mlgates.runner.evidence import content_of
    from pytest_mlgates.runner.promotion import promote
    from pytest_mlgates.runner.verify import Demands

    policy = policy_of(arguments.policy)
    configuration = policy[0]
    here = find(Path.cwd())
    base = configuration.base if here is None else here.resolve().parent
    path = Path(arguments.evidence) if arguments.evidence else base / FOLDER / "evidence.json"
    demands = Demands(
        verifier=_verifier(arguments, configuration.base, configuration.settings.public_key),
        commit=arguments.commit,
        required=[
            one for ids in arguments.require for part in ids.split(",") if (one := part.strip())
        ],
        max_age=arguments.max_age,
        policy=policy,
    )
    promotion = promote(
        MLflowRegistry(base),
        arguments.model,
        arguments.alias,
        path.name,
        content_of(path),
        demands,
        now=dt.datetime.now(tz=dt.UTC),
        dry_run=arguments.dry_run,
    )
    _show(promotion, arguments.alias, dry_run=arguments.dry_run)
    return 1 if promotion.refusals else 0


def _verifier(arguments: argparse.Namespace, base: Path, configured: str | None) -> Verifier | None:
    """The key that must have signed.

    Raises:
        MLGatesError: if there is none, and nobody said that it may be so.
    """
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.runner.signing import verifier_of

    if arguments.unsigned:
        return None
    key = arguments.key or (None if configured is None else str(base / configured))
    if key is None:
        raise MLGatesError(
            "no key says who made the evidence: anybody could have",
            want='--key public.pem, or public_key = "public.pem" in the configuration',
            fix="--unsigned promotes on evidence whose signature nobody checks",
        )
    return verifier_of(key)


def _show(promotion: Promotion, alias: str, *, dry_run: bool) -> None:
    from pytest_mlgates.core.boundary import write
    from pytest_mlgates.core.text import plural
    from pytest_mlgates.reports.text import degrade

    version, evidence = promotion.version, promotion.evidence
    lines = [f"note: {note}" for note in promotion.notes]
    before = "no version" if promotion.before is None else f"v{promotion.before}"
    if promotion.refusals:
        lines.append(f"{version} was not promoted, for {plural(len(promotion.refusals), 'reason')}")
        lines += [f"  - {refusal}" for refusal in promotion.refusals]
        after = "no version" if promotion.after is None else f"v{promotion.after}"
        lines.append(
            f"{alias!r} was {before} and this run left it so"
            if promotion.after == promotion.before and not promotion.moved
            else f"{alias!r} was {before} and is {after} now"
        )
    else:
        assert evidence is not None  # noqa: S101
        done = f"would be {alias!r}" if dry_run else f"is {alias!r} now"
        same = promotion.before == version.number
        lines.append(f"{version} {done} ({'as before' if same else f'before: {before}'})")
        commit_id = str(evidence.commit.get("sha", ""))[:12] or "unknown"
        lines.append(f"evidence {promotion.digest}, {evidence.result}, commit {commit_id}")
    write(sys.stdout, "".join(degrade(line, sys.stdout.encoding) + "\n" for line in lines))
