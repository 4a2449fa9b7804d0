"""What a run's evidence is about, and the key that signs it: read before anything is collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_mlgates.core.verdict import InputDigest
    from pytest_mlgates.runner.signing import Signer

_SIGNER = pytest.StashKey["Signer | None"]()
_SUBJECTS = pytest.StashKey["tuple[InputDigest, ...]"]()


def prepare(config: pytest.Config) -> None:
    """Read the key and the subjects of a run that writes evidence: a bad one ends it at once.

    Raises:
        pytest.UsageError: for one that cannot be used, or where no evidence is written.
    """
    if hasattr(config, "workerinput"):  # the controller writes the evidence
        return
    option = config.option
    if not (option.mlgates or option.mlgates_evidence):
        if option.mlgates_sign_key or option.mlgates_subject:
            name = "--mlgates-sign-key" if option.mlgates_sign_key else "--mlgates-subject"
            raise pytest.UsageError(
                f"mlgates: {name} is for evidence, and this run writes none\n"
                "  fix:   --mlgates-evidence evidence.json"
            )
        return
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.runner.check import named_subjects
    from pytest_mlgates.runner.signing import signer_of

    base = config.invocation_params.dir
    try:
        signer = signer_of(option.mlgates_sign_key, option="--mlgates-sign-key", base=base)
        config.stash[_SIGNER] = signer
        config.stash[_SUBJECTS] = named_subjects(
            option.mlgates_subject, option="--mlgates-subject", base=base
        )
    except MLGatesError as error:
        raise pytest.UsageError(f"mlgates: {error}") from None


def signer_of_run(config: pytest.Config) -> Signer | None:
    """The key that signs the evidence of this run, None where none was given."""
    return config.stash.get(_SIGNER, None)


def subjects_of_run(config: pytest.Config) -> tuple[InputDigest, ...]:
    """What this run was told to be about."""
    return config.stash.get(_SUBJECTS, ())
