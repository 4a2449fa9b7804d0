"""What is asked of one table, by however many contracts, and its answers: each read once.

Expressions wait until the first answer is needed; then all of them are one aggregate. A step that
needs a scan of its own (a group-by, a second pass) is done when its answer is first needed, and
kept. ``steps`` is the plan, ``scans`` what was read, both for people.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import plural
from pytest_mlgates.gates.data_schema.second_pass import SecondPass

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    import narwhals.stable.v2 as nw

    from pytest_mlgates.engines.table import Table

# The time in which an engine plans an aggregate grows faster than the aggregate.
_MOST_EXPRESSIONS = 512


class UnansweredError(MLGatesError):
    """The answer is on its way."""


class Answers:
    """The answers of one table.

    Attributes:
        table: The table.
        scans: What was read, in order.
        second: What waits for the aggregate.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.scans: list[str] = []
        self._wanted: dict[Hashable, dict[Hashable, nw.Expr]] = {}
        self._values: dict[Hashable, Any] = {}
        self._kept: dict[Hashable, Any] = {}
        self._views: dict[Hashable, Table] = {None: table}
        self._announced: dict[Hashable, str] = {}
        self._early: list[Callable[[], Any]] = []
        self._reading = False
        self._elsewhere: dict[Hashable, int] = {}
        self.second = SecondPass(self)

    @property
    def steps(self) -> list[str]:
        """What will be read, in order."""
        wanted = len({key for part in self._wanted.values() for key in part})
        others = [
            f"Great Expectations: {plural(count, 'expectation')}"
            for count in self._elsewhere.values()
        ]
        aggregate = [f"aggregate: {plural(wanted, 'expression')}"] if wanted else []
        return [*aggregate, *self._announced.values(), *self.second.steps, *others]

    def announce(self, key: Hashable, scan: str) -> None:
        """Tell the plan of a *scan* of its own that :meth:`once` will make as *key*."""
        self._announced.setdefault(key, scan)

    def early(self, step: Callable[[], Any]) -> None:
        """Let *step* begin as soon as the aggregate told what it needs."""
        self._early.append(step)

    def announce_other(self, condition: Hashable) -> None:
        """Tell the plan of an expectation that another engine evaluates."""
        self._elsewhere[condition] = self._elsewhere.get(condition, 0) + 1

    @classmethod
    def of(cls, table: Table) -> Answers:
        """The answers of *table*: the same ones for every gate that judges it."""
        if "data_schema" not in table.memory:
            table.memory["data_schema"] = cls(table)
        found = table.memory["data_schema"]
        assert isinstance(found, cls)  # noqa: S101
        return found

    def want(self, key: Hashable, expression: nw.Expr, *, of: Hashable) -> None:
        """Want the value of *expression* with the next aggregate, for the contract *of*.

        What has the same *key* is the same value.
        """
        if key not in self._values:
            self._wanted.setdefault(of, {}).setdefault(key, expression)

    def value(self, key: Hashable) -> Any:
        """The value of what was wanted as *key*, every kind of missing as None.

        Raises:
            MLGatesError: if the engine cannot evaluate what its contract wants.
        """
        if key not in self._values:
            if self._reading:
                raise UnansweredError("not known yet")
            self._aggregate()
        value = self._values[key]
        if isinstance(value, MLGatesError):
            raise value
        item = getattr(value, "item", None)
        if callable(item):
            value = item()
        if value is None or type(value).__name__ in {"NAType", "NaTType"}:
            return None
        return None if value != value else value  # noqa: PLR0124  (NaN)

    def _aggregate(self) -> None:
        """Answer all that is wanted: together, or contract by contract if that cannot be done."""
        wanted, self._wanted = self._wanted, {}
        together = {key: one for part in wanted.values() for key, one in part.items()}
        try:
            self._read(together)
        except MLGatesError as error:
            # One contract's mistake is not that of the others, but an unreadable file is.
            failures = [str(error)] if len(wanted) == 1 else []
            for part in wanted.values():
                if failures.count(str(error)) > 1 or len(wanted) == 1:
                    self._values.update(dict.fromkeys(part, error))
                    continue
                try:
                    self._read(part)
                except MLGatesError as own:
                    failures.append(str(own))
                    self._values.update(dict.fromkeys(part, own))
        else:
            self.second.begin()

    def _read(self, wanted: dict[Hashable, nw.Expr]) -> None:
        waiting = iter([(k, e) for k, e in wanted.items() if k not in self._values])
        while part := dict(islice(waiting, _MOST_EXPRESSIONS)):
            self.scans.append(f"aggregate: {plural(len(part), 'expression')}")
            slots = {f"v{place}": key for place, key in enumerate(part)}
            asked = {slot: part[key] for slot, key in slots.items()}
            self._reading = True
            try:
                self._keep(slots, self.table.aggregate(asked, partial(self._meanwhile, slots)))
            finally:
                self._reading = False

    def _keep(self, slots: Mapping[str, Hashable], found: Mapping[str, Any]) -> None:
        self._values.update({slots[slot]: value for slot, value in found.items()})

    def _meanwhile(self, slots: Mapping[str, Hashable], found: Mapping[str, Any]) -> None:
        """Do what *found* allows while the rest of the aggregate is read."""
        self._keep(slots, found)
        self.second.begin()
        steps, self._early = self._early, []
        for step in steps:
            with suppress(MLGatesError):  # told to whoever asks for it
                step()

    def once(self, key: Hashable, scan: str, read: Callable[[], Any]) -> Any:
        """The answer of *read*, which is called once and noted as *scan*."""
        if key not in self._kept:
            self._kept[key] = read()
            self.scans.append(scan)
        return self._kept[key]

    def view(self, condition: Hashable, mask: nw.Expr | None) -> Table:
        """The rows where *mask* holds, as a table of their own."""
        if condition not in self._views:
            from pytest_mlgates.engines.table import Table

            assert mask is not None  # noqa: S101
            self._views[condition] = Table(
                self.table.frame.filter(mask),
                name=self.table.name,
                private=self.table.private,
                files=self.table.files,
            )
        return self._views[condition]
