"""The key that signs a run's evidence: read before anything is collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_mlgates.runner.signing import Signer

_SIGNER = pytest.StashKey["Signer | None"]()


def keep_signer(config: pytest.Config) -> None:
    """Read the key of a run that writes evidence, so that a bad one ends the run at once.

    Raises:
        pytest.UsageError: for a key that cannot be used, or that would sign nothing.
    """
    if hasattr(config, "workerinput"):  # the controller writes the evidence
        return
    option = config.option
    if not (option.mlgates or option.mlgates_evidence):
        if option.mlgates_sign_key:
            raise pytest.UsageError(
                "mlgates: --mlgates-sign-key signs evidence, and this run writes none\n"
                "  fix:   --mlgates-evidence evidence.json"
            )
        return
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.runner.signing import signer_of

    try:
        found = signer_of(option.mlgates_sign_key, option="--mlgates-sign-key")
    except MLGatesError as error:
        raise pytest.UsageError(f"mlgates: {error}") from None
    config.stash[_SIGNER] = found


def signer_of_run(config: pytest.Config) -> Signer | None:
    """The key that signs the evidence of this run, None where none was given."""
    return config.stash.get(_SIGNER, None)
