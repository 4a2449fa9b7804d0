"""Champions as the lock pins them: an alias may move, what a gate is held to only by a new lock."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError, NoChampionError
from pytest_mlgates.core.lock import NAME
from pytest_mlgates.extensions.manager import manager

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_mlgates.core.lock import LockedGate
    from pytest_mlgates.gates.models import Predictions

_ALIAS = re.compile(r"(models:/+[^/@]+)@([^/@]+)")


def is_pinned(reference: str, locked: LockedGate | None) -> bool:
    """Whether *locked* says to which version the alias in *reference* led."""
    told = {} if locked is None or locked.champion is None else locked.champion
    named = told.get("reference") == reference and _ALIAS.fullmatch(reference) is not None
    return named and str(told.get("version", "")).isdigit()


def champion(
    answer: Callable[[str], Predictions],
    reference: str,
    locked: LockedGate,
    *,
    anew: bool,
    base: Path,
) -> Predictions:
    """What the pinned champion says, or, *anew*, the one that the alias names now.

    Either says so where the two are not the same.

    Args:
        answer: The predictions of a reference.
        reference: ``models:/name@alias``.
        locked: A gate for which it :func:`is_pinned`.
        anew: In CI, and for a new lock.
        base: What relative paths are relative to.

    Raises:
        MLGatesError: as *answer*; if the pinned version is another model than the one locked.
    """
    pin: dict[str, Any] = dict(locked.champion or {})
    version, model = str(pin["version"]), pin.get("model")
    refresh = "mlgates lock --refresh" if locked.test is None else _REFRESH_TESTS
    if anew:
        found = answer(reference)
        note = ""
        if found.version != version:
            note = f"{reference} is version {found.version} now, {version} in {NAME}: {refresh}"
        elif model not in (None, found.model_digest):
            note = f"{found.name} is another model now than in {NAME}: {refresh}"
        return dataclasses.replace(found, note=note)
    match = _ALIAS.fullmatch(reference)
    assert match is not None  # noqa: S101  (is_pinned)
    try:
        found = answer(f"{match[1]}/{version}")
    except NoChampionError as error:  # there was one: `first = true` does not cover this
        raise MLGatesError(
            f"the champion that was locked is gone: {error.what}",
            where=error.where,
            got=error.got,
            fix=f"if that is on purpose: {refresh}",
        ) from None
    if model not in (None, found.model_digest):
        raise MLGatesError(
            f"{found.name} is another model than the champion that was locked",
            where=NAME,
            got=str(found.model_digest),
            want=str(model),
            fix=f"if it was replaced on purpose: {refresh}",
        )
    try:
        now = manager().hook.mlgates_model_version(reference=reference, base=base)
        moved = now is not None and str(now) != version
        led = f"alias {match[2]!r} now points to {now}"
    except NoChampionError:
        moved, led = True, f"alias {match[2]!r} is gone"
    note = f"champion pinned at version {version}; {led}: {refresh}" if moved else ""
    return dataclasses.replace(found, pinned=True, note=note)


_REFRESH_TESTS = "pytest --mlgates-lock --mlgates-refresh"
