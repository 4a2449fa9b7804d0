"""One expectation on its way to an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_mlgates.gates.data_schema.plan import Scope

if TYPE_CHECKING:
    from collections.abc import Hashable

    from pytest_mlgates.gates.data_schema.results import Pending, Result
    from pytest_mlgates.gates.data_schema.suite import Expectation


@dataclass
class Work:
    """One expectation: answered, answerable after the scans, or another engine's.

    Attributes:
        expectation: What is expected.
        result: The answer, once there is one.
        pending: Makes the answer of a native one.
        scope: The rows that it is about.
        present: For another engine: the slot of each judged column's values that are there.
        rows: For another engine: the slot of the rows of its scope.
    """

    expectation: Expectation
    result: Result | None = None
    pending: Pending | None = None
    scope: Scope = field(default_factory=Scope)
    present: dict[str, Hashable] = field(default_factory=dict)
    rows: Hashable = None
