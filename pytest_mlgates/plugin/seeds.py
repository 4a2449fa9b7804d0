"""The seed of each test, for the fixture ``mlgate_seed``."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.seeding import derived_seed, seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from pytest_mlgates.plugin.session import GateSession


def seed_line(session: GateSession, items: list[pytest.Item]) -> str | None:
    """The seed of *items*, for the head of the report; several where configurations differ."""
    try:
        seeds = dict.fromkeys(session.configurations.seed(item.path) for item in items)
    except MLGatesError:  # each of these tests says so
        return None
    return f"mlgates: seed {', '.join(map(str, seeds))}"


@contextlib.contextmanager
def seeded(session: GateSession, item: pytest.Item) -> Iterator[int]:
    """Seed everything for *item* within the block; the seed, which a failure shows too."""
    start = session.configurations.seed(item.path)
    value = derived_seed(start, item.nodeid)
    item.add_report_section("setup", "mlgate_seed", f"{value} (of --mlgates-seed={start})")
    with seed(value):
        yield value
