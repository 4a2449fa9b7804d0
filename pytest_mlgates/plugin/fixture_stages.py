"""What fixtures tell ``trace``: it stands before the stages of every test that uses them.

Registered once a test was collected that may evaluate a reproducibility gate. A fixture is made
once for many tests, so what it told is kept with its definition, for as long as its value lives.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlgates.core.tracing import listening, told_by_fixtures

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pytest_mlgates.engines.stages import Stage

    Definition = pytest.FixtureDef[Any]


class FixtureStages:
    """See the module's docstring."""

    def __init__(self) -> None:
        self._told: weakref.WeakKeyDictionary[Definition, list[Stage]] = weakref.WeakKeyDictionary()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Definition) -> Generator[None, object, object]:
        """Listen while a fixture is made; one that it asks for meanwhile has a listener itself."""
        listener = _Listener()
        self._told.pop(fixturedef, None)  # of another parameter
        with listening(listener):
            result = yield
        if listener.stages:
            self._told[fixturedef] = listener.stages
        return result

    def pytest_fixture_post_finalizer(self, fixturedef: Definition) -> None:
        """A value that is gone has told nothing."""
        self._told.pop(fixturedef, None)

    @contextlib.contextmanager
    def before(self, item: pytest.Item) -> Iterator[None]:
        """Within the block the stages of the fixtures of *item* stand before those of a run."""
        token = told_by_fixtures.set(tuple(self._stages_of(item)))
        try:
            yield
        finally:
            told_by_fixtures.reset(token)

    def _stages_of(self, item: pytest.Item) -> Iterator[Stage]:
        """In the order in which fixtures need one another, whichever test made them first."""
        information = getattr(item, "_fixtureinfo", None)
        request = getattr(item, "_request", None)
        if information is None or request is None or not self._told:
            return
        # Also what `request.getfixturevalue` has asked for by now.
        active: dict[str, Definition] = request._fixture_defs  # noqa: SLF001
        known: dict[str, Any] = information.name2fixturedefs
        seen: set[int] = set()

        def visit(name: str, place: int = -1) -> Iterator[Definition]:
            definitions = known.get(name) or ([active[name]] if name in active else [])
            if -place > len(definitions):
                return
            definition = definitions[place]
            if id(definition) in seen:
                return
            seen.add(id(definition))
            for needed in definition.argnames:
                # A fixture that asks for its own name gets the one that it overrides.
                yield from visit(needed, place - 1 if needed == name else -1)
            yield definition

        for name in dict.fromkeys([*information.names_closure, *active]):
            for definition in visit(name):
                yield from self._told.get(definition, ())


class _Listener:
    """Keeps the fingerprints of what a fixture tells, not the values."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self._lock = threading.Lock()

    def tell(self, name: str, index: int | None, value: Any) -> None:
        """Keep a stage.

        Raises:
            MLGatesError: if its value has no fingerprint.
        """
        from pytest_mlgates.engines.stages import stage_without_value

        with self._lock:
            self.stages.append(stage_without_value(name, index, value))

    def offer(self, name: str, index: int | None, value: Any) -> None:
        """What is found automatically is found in runs alone."""

    def note(self, fact: str, value: Any) -> None:
        """Facts explain differences between runs."""
