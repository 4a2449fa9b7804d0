"""Evaluates gates on subjects within one run: shares tables, predictions and counts among them."""

from __future__ import annotations

import contextlib
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgates.config.definitions import definitions
from pytest_mlgates.config.find import read
from pytest_mlgates.config.inputs import data_of, digests_of
from pytest_mlgates.config.load import key_of, prepend_to_path
from pytest_mlgates.core import gpu
from pytest_mlgates.core import lock as locks
from pytest_mlgates.core.ci import is_ci
from pytest_mlgates.core.errors import ConfigurationError, MissingExtraError, MLGatesError
from pytest_mlgates.core.verdict import Outcome, Policy, Verdict
from pytest_mlgates.engines.table import Table
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, combine, evaluate
from pytest_mlgates.runner.changed import absolute, covers
from pytest_mlgates.runner.entries import import_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_mlgates.config.model import Configuration, DeclaredGate, TableSettings
    from pytest_mlgates.core.lock import Lock
    from pytest_mlgates.engines.options import ReadOptions
    from pytest_mlgates.runner.holdouts import Holdouts
    from pytest_mlgates.runner.standing_in import StandIn


_LOOKS = ("metric", "fairness")  # kinds whose verdicts are looks at a holdout


class Evaluator:
    """One run under one configuration.

    Args:
        configuration: What governs it.
        examples: How many example rows messages may show.
        progress: Told what a gate that takes long is at.
        record: Whether gates with a stored run make it instead of comparing with it.
        refresh: Whether champions are those that aliases name now, not those of the lock.
        stand_in: Signed evidence, for declared gates whose data, or GPU, is not here.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        examples: int = 0,
        progress: Callable[[str], None] | None = None,
        record: bool = False,
        refresh: bool = False,
        stand_in: StandIn | None = None,
    ) -> None:
        self.configuration = configuration
        self._stand_in = stand_in
        self._anew = refresh or is_ci()  # where a lock is believed by nobody
        self._judged = ""
        cache: dict[Any, Any] = {}
        self.context = Context(
            base=configuration.base,
            examples=examples,
            min_cell=configuration.settings.min_cell,
            champion=self._champion,
            entry=self._callable,
            cache=cache,
            progress=progress,
            record=record,
        )
        self._tables: dict[str, Table] = {}
        self._digests: dict[tuple[str, ...], dict[str, str]] = {}
        self._coming: dict[str, list[Gate]] = {}
        self._holdouts: Holdouts | None = None

    def expect(self, gates: Iterable[DeclaredGate]) -> None:
        """Tell which declared gates will be evaluated, so that those of a table share its scans."""
        for declared in gates:
            if declared.table is not None and declared.gate.kind.anticipate is not None:
                self._coming.setdefault(declared.table, []).append(declared.gate)

    def release(self) -> None:
        """Let go of the tables and of what is known of them, whoever still holds this evaluator."""
        self._tables.clear()
        self._coming.clear()
        self.context.cache.clear()

    def explain(self, gates: Sequence[DeclaredGate]) -> dict[str, list[str]]:
        """For each table what *gates* will read of it, for each other gate what it calls.

        Raises:
            MLGatesError: if a table cannot be read, or a gate cannot be planned.
        """
        found: dict[str, list[str]] = {}
        for name in dict.fromkeys(d.table for d in gates if d.table is not None):
            own = [d for d in gates if d.table == name]
            self._foresee([d.gate for d in own], self.subject_of(own[0]))
        for declared in gates:
            gate, kind = declared.gate, declared.gate.kind
            if declared.table is None:
                found[gate.id] = [f"{kind.name}: calls {declared.calls}"]
                continue
            table = self.table(declared.table)
            if kind.anticipate is None or kind.explain is None:
                named = f"{kind.name} {gate.id}: reads its columns when it is evaluated"
                found.setdefault(declared.table, []).append(named)
                continue
            try:
                kind.anticipate(gate.parameters, table, self.context)
            except MLGatesError as error:
                raise error.at(gate.where) from None
        for name, table in self._tables.items():
            kinds = {g.gate.kind.name: g.gate.kind for g in gates if g.table == name}
            planned = [kind.explain(table) for kind in kinds.values() if kind.explain is not None]
            found[name] = [*(step for steps in planned for step in steps), *found.get(name, [])]
        return found

    def evaluate(self, gate: Gate, subject: Any) -> Verdict:
        """The verdict of *gate* on a table or callable, under the waivers of its id.

        Raises:
            MLGatesError: misuse.
        """
        self._judged = gate.id
        verdict = self._evaluate(gate, subject)
        if not self.configuration.waivers:
            return verdict
        from pytest_mlgates.runner import waiving  # seldom needed

        def without(groups: Sequence[tuple[str, ...]]) -> Verdict:
            rest = waiving.rest_of(subject, gate.parameters, groups, gate.where)
            if not (verdict.holdout and verdict.holdout["budget"]):
                return evaluate(gate, rest, self.context)
            from pytest_mlgates.runner.holdouts import is_worn, spent

            if is_worn(verdict):  # so is what is left of it
                return verdict
            return evaluate(spent(gate, verdict.holdout["budget"]), rest, self.context)

        return waiving.waived(verdict, self.configuration.waivers, without)

    def _evaluate(self, gate: Gate, subject: Any) -> Verdict:
        """The verdict before waivers; a look at a declared holdout is counted."""
        if gate.kind.name not in _LOOKS or not isinstance(subject, Table):
            return evaluate(gate, subject, self.context)
        name = self._declared_name(subject)
        if name is None:
            return evaluate(gate, subject, self.context)
        if self._holdouts is None:
            from pytest_mlgates.runner.holdouts import Holdouts

            self._holdouts = Holdouts(self.configuration)
        return self._holdouts.evaluate(gate, subject, name, self.context)

    def _declared_name(self, table: Table) -> str | None:
        """The declared table that *table* is, or is read from; None where looks do not count."""
        tables = self.configuration.settings.tables
        if not tables or self.configuration.settings.ledger == "off":
            return None
        named = next((name for name, one in self._tables.items() if one is table), None)
        if named is not None or not table.files:
            return named
        declared = [one for path in table.files for one in self._declared(path)]
        return next((name for name, one in tables.items() if one in declared), None)

    def beside(self, gate: Gate, error: MLGatesError) -> MLGatesError:
        """*error*, for which *gate* has no subject, and what is wrong with the gate itself."""
        if gate.kind.check is None or isinstance(error, MissingExtraError):
            return error
        try:
            gate.kind.check(gate.parameters, self.context)
        except MLGatesError as other:
            return combine([error, other], gate.where)
        return error

    def evaluate_or_error(self, gate: Gate, subject: Callable[[], Any]) -> Verdict:
        """The verdict of *gate*; misuse, also in making the subject, becomes outcome ``error``."""
        try:
            return self.evaluate(gate, subject())
        except MLGatesError as error:
            return error_verdict(gate, error.at(gate.where))

    def evaluate_declared(self, declared: DeclaredGate) -> Verdict:
        """The verdict of a gate of the configuration; misuse becomes outcome ``error``."""
        verdict = self._taken(declared)
        if verdict is None:
            verdict = self.evaluate_or_error(declared.gate, lambda: self._ready(declared))
            if verdict.outcome is not Outcome.ERROR:
                verdict = verdict.replace(files=self._files(declared))
        path = self.configuration.path
        return verdict if path is None else verdict.replace(where=path.name)

    def _ready(self, declared: DeclaredGate) -> Any:
        """Its subject, which may be made by what needs a GPU."""
        gpu.demand(declared.gate.parameters.needs)
        return self.subject_of(declared)

    def _taken(self, declared: DeclaredGate) -> Verdict | None:
        """The verdict of what stands in for data that is not here, or why it may not."""
        if self._stand_in is None:
            return None
        try:
            return self._stand_in.verdict_of(declared)
        except MLGatesError as error:
            return error_verdict(declared.gate, error.at(declared.gate.where))

    def _files(self, declared: DeclaredGate) -> dict[str, str]:
        """The digests of the data files that a declared gate names."""
        definition = self._definitions.get(declared.gate.id)
        if definition is None:
            return {}
        base = self.configuration.base
        files = data_of(definition, base)
        if files not in self._digests:
            table = self._tables.get(declared.table or "")
            known = {}
            if table is not None and len(table.files) == 1 and (digest := table.digest()):
                known[Path(os.path.relpath(table.files[0], base)).as_posix()] = digest
            try:
                self._digests[files] = digests_of(files, base, known)
            except (OSError, MLGatesError):  # gone meanwhile: nothing is said of them
                self._digests[files] = {}
        return self._digests[files]

    @cached_property
    def _definitions(self) -> dict[str, dict[str, Any]]:
        path = self.configuration.path
        return {} if path is None else definitions(read(path))

    def subject_of(self, declared: DeclaredGate) -> Any:
        """The table (read once per run, predictions added) or callable that a declared gate judges.

        Raises:
            MLGatesError: if it cannot be read or imported.
        """
        if declared.command is not None:
            return declared.command
        if declared.table is None:
            return self._callable(str(declared.entry))
        try:
            return self.table(declared.table)
        except MLGatesError as error:
            both = self.beside(declared.gate, error)
            if both is error:
                raise
            raise both from None

    def table(self, name: str) -> Table:
        """The declared table *name* with the predictions of its model."""
        if name not in self._tables:
            settings = self._settings_of(name)
            try:
                table = to_table(
                    settings.path,
                    name=name,
                    base=self.configuration.base,
                    private=settings.private,
                    options=settings.options(),
                )
            except MLGatesError as error:
                path = self.configuration.path or Path(self.configuration.source)
                raise error.at(key_of(path, "tables", name, "path")) from None
            if settings.model is not None:
                from pytest_mlgates.runner import models  # a contract alone needs no models

                table = models.with_predictions(
                    table,
                    settings.model,
                    settings=settings,
                    attributes=self._attributes(name),
                    base=self.configuration.base,
                    cache=self.context.cache,
                )
            self._tables[name] = table
            self._anticipate(name, table)
        return self._tables[name]

    def _anticipate(self, name: str, table: Table) -> None:
        coming = self._coming.pop(name, [])
        self._foresee(coming, table)
        for gate in coming:
            assert gate.kind.anticipate is not None  # noqa: S101
            with contextlib.suppress(MLGatesError):  # told when the gate itself is evaluated
                gate.kind.anticipate(gate.parameters, table, self.context)

    def _foresee(self, gates: Iterable[Gate], table: Table) -> None:
        for gate in gates:
            if gate.kind.foresee is not None:
                with contextlib.suppress(MLGatesError):  # told when the gate itself is evaluated
                    gate.kind.foresee(gate.parameters, table, self.context)

    def _settings_of(self, name: str) -> TableSettings:
        """The table's settings, with the roles of the whole configuration that it leaves open."""
        own = self.configuration.settings.tables[name]
        roles = {**self.configuration.settings.roles(), **own.roles()}
        return msgspec.structs.replace(own, **roles)

    def is_private(self, subject: Any) -> bool:
        """Whether *subject* is a path, or is of files, that the configuration declares private."""
        paths = subject.files if isinstance(subject, Table) else [subject]
        return any(
            settings.private
            for path in paths
            if isinstance(path, str | Path)
            for settings in self._declared(path)
        )

    def options_of(self, path: str | Path) -> ReadOptions | None:
        """How the configuration reads *path*, None if it declares no table of it.

        Raises:
            ConfigurationError: if it declares several that read it in different ways.
        """
        found = list(dict.fromkeys(settings.options() for settings in self._declared(path)))
        if len(found) > 1:
            raise ConfigurationError(
                f"the configuration reads {str(path)!r} in several ways",
                where=self.configuration.source,
                want="one way in all tables of the same file",
            )
        return found[0] if found else None

    def _declared(self, path: str | Path) -> list[TableSettings]:
        """The tables that *path* is a part of, or the whole of."""
        tables = self.configuration.settings.tables.values()
        if not tables:  # resolving a path asks the file system for each of its folders
            return []
        base = self.configuration.base
        names = {absolute(base / path), (base / path).resolve()}
        return [
            settings
            for settings in tables
            if settings.path == str(path) or any(covers(base, settings.path, n) for n in names)
        ]

    def _champion(self, reference: str, *args: Any, **kwargs: Any) -> Any:
        from pytest_mlgates.runner import models, pins

        resolve = models.champion_resolver(self.context.base, self.context.cache)

        def answer(found: str) -> Any:
            return resolve(found, *args, **kwargs)

        locked = self._lock.gates.get(self._judged)
        if locked is None or not pins.is_pinned(reference, locked):
            return answer(reference)
        return pins.champion(answer, reference, locked, anew=self._anew, base=self.context.base)

    @cached_property
    def _lock(self) -> Lock:
        path = self.configuration.path
        found = None if path is None else locks.read(locks.path_of(path))
        return found or locks.Lock()

    def _attributes(self, name: str) -> tuple[str, ...]:
        """Columns that gates of this table group by: never features by default."""
        found: dict[str, None] = {}
        for declared in self.configuration.gates.values():
            if declared.table == name:
                for column in getattr(declared.gate.parameters, "by", None) or ():
                    found[column] = None
        return tuple(found)

    def _callable(self, entry: str) -> Any:
        prepend_to_path(self.configuration.base, self.configuration.settings.pythonpath)
        return import_entry(entry)


def misuse_verdict(name: str, kind: str, error: MLGatesError) -> Verdict:
    """The record of a gate whose parameters may not even parse: never a pass."""
    return Verdict(
        id=name,
        kind=kind,
        finding=None,
        outcome=Outcome.ERROR,
        message=str(error),
        summary=error.summary,
    )


def error_verdict(gate: Gate, error: MLGatesError) -> Verdict:
    """The record of a gate that could not be evaluated: never a pass."""
    parameters = gate.parameters
    return misuse_verdict(gate.id, gate.kind.name, error).replace(
        metric=getattr(parameters, "metric", None),
        by=tuple(getattr(parameters, "by", None) or ()),
        bound=parameters.bound(),
        policy=Policy(parameters.inconclusive),
        replaces=gate.replaces,
    )
