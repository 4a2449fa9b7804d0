"""What takes the place of a test that cannot run here: signed evidence, or the error that says why.

Neither its body nor a fixture of it runs: what they would read is not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.plugin.fixture import settle
from pytest_mlgates.runner.standing_in_tests import GatedTest, in_place_of, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.plugin.markers import TestGates
    from pytest_mlgates.plugin.session import GateSession
    from pytest_mlgates.runner.standing_in_tests import InPlace

_REPLACED = pytest.StashKey[bool]()
_METHODS = ("setup", "runtest", "teardown")


def arrange(session: GateSession, item: pytest.Item, gates: TestGates) -> None:
    """Let *item* tell what stands in for it, if it cannot run here; else leave it as it is."""
    if item.stash.get(_REPLACED, None):  # an attempt more
        for name in _METHODS:
            item.__dict__.pop(name, None)
        del item.stash[_REPLACED]
    if _is_skipped(item) or not (gates.gates or gates.requests_fixture):
        return
    try:
        found = _found(session, item, gates)
    except MLGatesError as error:
        found = refused(gates.gates, error.at(item.nodeid))
        if not found:
            _replace(item, _raising(error))
            return
    if found is not None:
        _replace(item, lambda: _tell(session, item, found))


def _found(session: GateSession, item: pytest.Item, gates: TestGates) -> list[InPlace] | None:
    prefix = session.prefix(item)
    configuration = session.configurations.governing(item.path)
    stand_in = session.configurations.stand_in(configuration)
    test = GatedTest(id=prefix, file=prefix.partition("::")[0], gates=gates.gates)
    return in_place_of(test, stand_in)


def _is_skipped(item: pytest.Item) -> bool:
    """Whether ``unittest.skip`` is on it, which its own way of running looks for."""
    owner = getattr(item, "cls", None)
    function = getattr(owner, getattr(item, "originalname", None) or item.name, None)
    return any(getattr(one, "__unittest_skip__", False) for one in (owner, function))


def _replace(item: pytest.Item, run: Callable[[], None]) -> None:
    item.stash[_REPLACED] = True
    item.__dict__.update(zip(_METHODS, (_nothing, run, _nothing), strict=True))


def _nothing() -> None:
    """No fixture was made, so nothing is to be torn down."""


def _raising(error: MLGatesError) -> Callable[[], None]:
    def run() -> None:
        raise error

    return run


def _tell(session: GateSession, item: pytest.Item, found: list[InPlace]) -> None:
    """Record what stands in, then raise for what does not let the change through."""
    attempt = session.attempt(item)
    results: list[Any] = []
    for one in found:
        if one.error is None:
            attempt.record(one.verdict, one.key, where=item.nodeid)
        else:
            attempt.record_error(one.verdict, one.key)
        results.append(one.verdict if one.error is None else one.error)
    settle(results)
