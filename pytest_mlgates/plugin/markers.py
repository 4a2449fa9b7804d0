"""From the markers of a test to its gates: source order, nearest wins, ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlgates.plugin import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from _pytest import nodes

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.gates.base import Gate


@dataclass(frozen=True)
class Marked:
    """One marker of one of our kinds, where it stands; the greater its depth, the nearer."""

    kind: str
    mark: pytest.Mark
    node: nodes.Node
    depth: int

    @property
    def bare(self) -> bool:
        """Without arguments it is a plain label, as many projects use these words."""
        return not self.mark.args and not self.mark.kwargs

    @property
    def key(self) -> tuple[Any, ...]:
        """What a nearer marker must share with this one to replace it."""
        arguments = self.mark.kwargs
        metric = self.mark.args[0] if self.mark.args else arguments.get("metric")
        by = arguments.get("by") or ()
        by = (by,) if isinstance(by, str) else tuple(by) if isinstance(by, list | tuple) else ()
        if self.kind in {"data_schema", "reproducibility"}:
            return (self.kind,)
        return (self.kind, repr(metric), by)

    def text(self) -> str:
        """The marker as it was written, for messages."""
        arguments = [repr(a) for a in self.mark.args]
        arguments += [f"{k}={v!r}" for k, v in self.mark.kwargs.items()]
        text = ", ".join(arguments)
        return f"@pytest.mark.{self.mark.name}({text if len(text) < 120 else text[:117] + '…'})"


@dataclass
class TestGates:
    """What the markers of one test demand.

    Attributes:
        gates: With arguments: to be evaluated by some call.
        labels: Kinds that stand without arguments.
        requests_fixture: Whether the test asks for ``mlgate``.
        inherited: Markers with arguments on its class or module, as the summary names them; they
            bind the tests that ask for ``mlgate``.
    """

    __test__ = False

    gates: list[Gate] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    requests_fixture: bool = False
    inherited: set[str] = field(default_factory=set)

    def may_be_of(self, kind: str) -> bool:
        """Whether the test may evaluate a gate of *kind*: a marker says so, or there is none."""
        kinds = {*self.labels, *(gate.kind.name for gate in self.gates)}
        return kind in kinds or not kinds


def read_markers(
    item: pytest.Item, governing: Callable[[], Configuration], *, requested: bool, short: bool
) -> TestGates:
    """The gates and labels of *item*.

    Args:
        item: A test.
        governing: Reads the configuration of the test; plain labels do not need one.
        requested: Whether the test asks for ``mlgate``.
        short: Whether markers without the prefix are ours.

    Raises:
        MLGatesError: for a misused marker.
    """
    if requested:
        _refuse_near_names(item, short=short)
    found = _in_source_order(item, short=short)
    labels = [m.kind for m in found if m.bare]
    bound = [m for m in found if not m.bare and (requested or m.node is item)]
    result = TestGates(labels=list(dict.fromkeys(labels)), requests_fixture=requested)
    result.inherited = {
        f"{m.text().removeprefix('@pytest.mark.')} on {m.node.nodeid}"
        for m in found
        if not m.bare and m.node is not item
    }
    if requested:
        governing()  # a mistake in it is told before any test runs
    if bound:
        result.gates = _gates(item, bound, governing())
    return result


def test_prefix(item: pytest.Item, configuration: Configuration) -> str:
    """``<path from the configuration>::<test>[params]``: what default ids start with."""
    base = configuration.base if configuration.path is not None else item.config.rootpath
    _, _, rest = item.nodeid.partition("::")
    try:
        path = item.path.relative_to(base).as_posix()
    except ValueError:
        path = item.nodeid.partition("::")[0]
    return f"{path}::{rest}" if rest else path


def with_roles(gate: Gate, roles: dict[str, Any]) -> Gate:
    """*gate* with the roles that a call names; they win over the marker's."""
    import dataclasses

    from pytest_mlgates.gates.base import parse
    from pytest_mlgates.gates.reading import names_of

    names = names_of(gate.kind.parameters)
    known = {k: v for k, v in roles.items() if k in names}
    if not known:
        return gate
    given = {name: getattr(gate.parameters, name) for name in names}
    parameters = parse(gate.kind, (), {**given, **known}, where=gate.where)
    return dataclasses.replace(gate, parameters=parameters)


def _in_source_order(item: pytest.Item, *, short: bool) -> list[Marked]:
    found: list[Marked] = []
    callspec = getattr(item, "callspec", None)
    of_parameters = [] if callspec is None else list(callspec.marks)
    for depth, node in enumerate(item.listchain()):
        marks = [m for m in node.own_markers if _kind(m.name, short=short) is not None]
        # Decorators are stored from the innermost outwards; a `pytestmark` list of a module is not.
        if not isinstance(node, pytest.Module | pytest.Package | pytest.Session):
            marks.reverse()
        for mark in marks:
            nearer = node is item and any(mark is other for other in of_parameters)
            kind = str(_kind(mark.name, short=short))
            found.append(Marked(kind, mark, node, depth + nearer))
    return sorted(found, key=lambda m: m.depth)


def _refuse_near_names(item: pytest.Item, *, short: bool) -> None:
    """A misspelt marker of ours on a test that requests ``mlgate`` would silently demand nothing.

    Raises:
        MLGatesError: naming the marker that was meant.
    """
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.core.text import nearest

    ours = [f"mlgates_{kind}" for kind in KINDS] + (list(KINDS) if short else [])
    lines = item.config.getini("markers")
    registered = {line.partition(":")[0].partition("(")[0].strip() for line in lines}
    for mark in item.iter_markers():
        if mark.name in registered:
            continue
        if meant := nearest(mark.name, ours):
            raise MLGatesError(
                f"unknown marker {mark.name!r} on a test that requests `mlgate`",
                where=item.nodeid,
                want=f"one of {', '.join(ours)}, or a name that your `markers` ini registers",
                fix=f"did you mean @pytest.mark.{meant}?",
            )


def _kind(name: str, *, short: bool) -> str | None:
    if name in KINDS:
        return name if short else None
    bare = name.removeprefix("mlgates_")
    return bare if bare != name and bare in KINDS else None


def _gates(item: pytest.Item, marked: list[Marked], configuration: Configuration) -> list[Gate]:
    from pytest_mlgates.extensions.manager import gate_kind
    from pytest_mlgates.gates.base import Gate, parse

    nearest: dict[tuple[Any, ...], int] = {}
    for m in marked:
        nearest[m.key] = max(m.depth, nearest.get(m.key, -1))
    prefix = test_prefix(item, configuration)
    gates: list[Gate] = []
    for m in marked:
        if m.depth < nearest[m.key]:
            continue
        set_aside = [o for o in marked if o.key == m.key and o.depth < m.depth]
        kind = gate_kind(m.kind)
        where = f"{item.nodeid} {m.text()}"
        arguments = dict(m.mark.kwargs)
        given_id = arguments.pop("id", None)
        parameters = parse(
            kind, m.mark.args, arguments, defaults=configuration.settings.defaults(), where=where
        )
        gates.append(
            Gate(
                id=_id(item, prefix, given_id, kind.name, parameters.id_part()),
                kind=kind,
                parameters=configuration.overriding(parameters),
                where=where,
                replaces="; ".join(f"{o.text()} on {o.node.name}" for o in set_aside) or None,
            )
        )
    _refuse_equal_ids(gates, item)
    return gates


def _id(item: pytest.Item, prefix: str, given: Any, kind: str, part: str) -> str:
    if given is None:
        return f"{prefix}::{':'.join(p for p in (kind, part) if p)}"
    callspec = getattr(item, "callspec", None)  # one id would stand for every parameter otherwise
    return f"{given}[{callspec.id}]" if callspec is not None else str(given)


def _refuse_equal_ids(gates: list[Gate], item: pytest.Item) -> None:
    from pytest_mlgates.core.errors import MLGatesError

    seen: set[str] = set()
    for gate in gates:
        if gate.id in seen:
            raise MLGatesError(
                f"two gates of one test have the id {gate.id!r}",
                where=item.nodeid,
                fix="tell them apart: @pytest.mark." + f'{gate.kind.name}(…, id="…")',
            )
        seen.add(gate.id)
