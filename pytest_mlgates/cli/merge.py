"""``mlgates report merge``: the evidence of several shards as one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.runner.signing import Verifier

HELP = "make one evidence of the evidence of several shards"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("evidence", nargs="+", metavar="EVIDENCE", help="what each shard wrote")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="where it goes")
    parser.add_argument(
        "--key", metavar="FILE", help="public key (PEM, Ed25519) that must have signed every shard"
    )
    parser.add_argument(
        "--sign-key",
        metavar="FILE",
        help="private key (PEM, Ed25519) that signs the whole (default: MLGATES_SIGN_KEY)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Read, merge, write, and exit as the whole run would have."""
    from pytest_mlgates.core.boundary import write
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.reports.text import degrade, render_evidence
    from pytest_mlgates.runner.check import exit_code
    from pytest_mlgates.runner.evidence import write as write_evidence
    from pytest_mlgates.runner.merging import merge
    from pytest_mlgates.runner.signing import signer_of, verifier_of

    verifier = verifier_of(arguments.key) if arguments.key else None
    signer = signer_of(arguments.sign_key, option="--sign-key")
    evidence = merge([(name, _read(name, verifier)) for name in arguments.evidence])
    try:
        write_evidence(Path(arguments.output), evidence, signer=signer)
    except OSError as error:
        raise MLGatesError(
            f"{arguments.output!r} cannot be written",
            where="--output",
            got=str(error.strerror or error),
        ) from None
    lines = render_evidence(evidence, written=arguments.output)
    write(sys.stdout, "".join(degrade(one, sys.stdout.encoding) + "\n" for one in lines))
    return exit_code(evidence)


def _read(name: str, verifier: Verifier | None) -> Evidence:
    """The evidence of one shard, signed by the key where one is given.

    Raises:
        MLGatesError: if there is none, or it is not signed by that key.
    """
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.runner.evidence import read_stored

    stored = read_stored(Path(name))
    if verifier is None:
        if stored.envelope is not None:
            sys.stderr.write(f"note: {name} is signed, and its signature was not checked (--key)\n")
        return stored.evidence
    told = "not signed" if stored.envelope is None else verifier.complaint(stored.envelope)
    if told is not None:
        raise MLGatesError(f"{name!r} cannot be merged", where="--key", got=told)
    return stored.evidence
