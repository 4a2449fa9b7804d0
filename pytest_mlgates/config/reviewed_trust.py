"""What a change weakens in what is believed beside the gates: keys, the ledger, model files.

Standard library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.model_files import KEY, ModelFiles, read_model_files
from pytest_mlgates.config.weakening import joined
from pytest_mlgates.core.holdouts import DEFAULT, OFF

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgates.config.base import Tree


def of_trust(
    base: Tree, folder: str, old: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[str]:
    """What of the settings that no single gate holds is weaker, a line each.

    Args:
        base: What is compared with.
        folder: Of the configuration, which paths are relative to.
        old: What the base has in it.
        now: What the change has.
    """
    yield from _of_key(base, folder, old.get("public_key"), now.get("public_key"))
    yield from _of_ledger(base, folder, old.get("ledger", DEFAULT), now.get("ledger", DEFAULT))
    yield from _of_model_files(old.get(KEY, {}), now.get(KEY, {}))


def _of_key(base: Tree, folder: str, one: Any, other: Any) -> Iterator[str]:
    """A first key is one more who may vouch for a run, as another one is."""
    if one != other:
        yield (
            f"public_key changed from {one!r} to {other!r}: others may vouch for runs than before"
        )
    elif isinstance(one, str):
        path = joined(folder, one)
        if base.read(path) != base.now(path):
            yield f"the key in {path} changed: others may vouch for runs than before"


def _of_ledger(base: Tree, folder: str, one: Any, other: Any) -> Iterator[str]:
    """A ledger elsewhere knows nothing of the looks in this one."""
    if one == OFF:
        return
    if one != other:
        yield f"ledger changed from {one!r} to {other!r}: what was counted is not there"
        return
    path = joined(folder, str(one))
    before = base.read(path)
    if before is not None:
        there = set((base.now(path) or "").splitlines())
        gone = [line for line in before.splitlines() if line.strip() and line not in there]
        if gone:
            yield f"{len(gone)} of the lines that the ledger {path} had are gone"


def _of_model_files(one: Any, other: Any) -> Iterator[str]:
    """What cannot be read is told when the configuration itself is."""
    before = ModelFiles(**read_model_files(one, KEY, []))
    after = ModelFiles(**read_model_files(other, KEY, []))
    if after.max_size > before.max_size:
        yield (
            f"{KEY}.max_size changed from {before.max_size:,} to {after.max_size:,} bytes: weaker"
        )
    for digest in sorted(set(after.allow) - set(before.allow)):
        yield f"{KEY}.allow lets {digest[:23]}… through: weaker"
    for name in sorted(after.allow_globals - before.allow_globals):
        yield f"{KEY}.allow_globals lets {name} through: weaker"
