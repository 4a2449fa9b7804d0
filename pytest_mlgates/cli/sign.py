"""``mlgates sign``: put a signature on evidence."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "sign evidence with an Ed25519 key (DSSE)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("evidence", metavar="EVIDENCE", help="what a run wrote (--evidence)")
    parser.add_argument(
        "--key", metavar="FILE", help="private key (PEM, Ed25519; default: MLGATES_SIGN_KEY)"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where it goes (default: in the place of EVIDENCE)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Read strictly, sign, write."""
    from pytest_mlgates.core.boundary import write
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.core.files import write_atomically
    from pytest_mlgates.runner.evidence import read_stored
    from pytest_mlgates.runner.signing import MAKE_A_KEY, VARIABLE, signer_of

    signer = signer_of(arguments.key, option="--key")
    if signer is None:
        raise MLGatesError(
            "there is no key to sign with", want=f"--key FILE, or {VARIABLE}", fix=MAKE_A_KEY
        )
    stored = read_stored(Path(arguments.evidence))
    if stored.envelope is not None:
        raise MLGatesError(f"{arguments.evidence!r} is signed already")
    if stored.statement is None:
        raise MLGatesError(
            f"{arguments.evidence!r} is a plain record (--json)",
            want="what mlgates check --evidence or pytest --mlgates-evidence wrote",
        )
    target = Path(arguments.output or arguments.evidence)
    payload = json.dumps(stored.statement, allow_nan=False).encode()
    try:
        write_atomically(target, signer.seal(payload))
    except OSError as error:
        raise MLGatesError(
            f"{str(target)!r} cannot be written", got=str(error.strerror or error)
        ) from None
    write(sys.stdout, f"{target}: signed (key {signer.keyid[:16]})\n")
    return 0
