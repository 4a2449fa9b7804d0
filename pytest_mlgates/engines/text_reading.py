"""Files that write values as text: parsed once, the type of each column checked in every row.

A sample says what a column seems to be; the one pass over the files checks it and keeps the values
in DuckDB, which spills what does not fit into memory. Files that are too large to be kept are
checked in one pass, and every query parses them again.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import memory, sql
from pytest_mlgates.engines.interrupts import interruptible
from pytest_mlgates.engines.text_types import Grammar, Kind, misfit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlgates.core.errors import TableError
    from pytest_mlgates.engines.wanted import Wanted

_KEPT_SHARE = 0.5  # of the memory limit
_PLENTY = 1 << 30  # what is kept where no limit is known
_SMALL = 4 << 20
_FEW, _SOME = 200, 2000  # rows of the sample of a small file, and of any other
# What other tools write for a missing value.
_MARKERS = ("NA", "N/A", "n/a", "null", "NULL", "None", "none", "-", "?", ".", "nil", "unknown")


class Source(Protocol):
    """Files of text.

    Attributes:
        columns: Their columns, those of folders included.
        grammar: How their values are written.
        typed: Columns whose type the files say: numbers of JSON, parts of folder names.
        size: Their bytes, unpacked (about).
        private: Whether no value of them may be shown.
    """

    columns: tuple[str, ...]
    grammar: Grammar
    typed: frozenset[str]
    size: int
    private: bool

    def query(self, columns: Sequence[str], *, text: frozenset[str]) -> str:
        """The ``select`` of *columns*; text, but for those that are typed and not in *text*."""

    def first_text(self, column: str) -> str:
        """Where *column* first holds text, in a format that tells it from numbers; else empty."""

    def error(self, error: Exception) -> TableError:
        """What an engine's *error* means to the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNumbers:
    """What a column of text holds beside numbers.

    Attributes:
        present: Its values.
        count: Those that are no numbers.
        hint: The option that would read them, empty if none would.
        quoted: Whether the format tells text from numbers: what is written as text is none.
        first: Where it first holds text (``line 3``), empty where nobody knows.
    """

    present: int
    count: int
    hint: str = ""
    quoted: bool = False
    first: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """Columns whose kinds are known to hold in every row.

    Attributes:
        source: Where they are: a table of DuckDB, or a query of the files.
        kinds: What each is, None for one whose type the files say.
        casts: Those that are still text there.
        text: Those that were wanted as text.
    """

    source: str
    kinds: Mapping[str, Kind | None]
    casts: frozenset[str]
    text: frozenset[str]

    def serves(self, wanted: Wanted, columns: Sequence[str]) -> bool:
        """Whether it has *columns* as they are *wanted*."""
        return all(
            column in self.kinds
            and (
                (column in wanted.text) == (column in self.text)
                or (column not in self.text and self.kinds[column] is Kind.TEXT)
            )
            for column in columns
        )


class TextReading:
    """The columns of *source*, with types.

    Args:
        source: The files.
        link: The DuckDB connection that reads them.
    """

    def __init__(self, source: Source, link: Any) -> None:
        self.source, self.link = source, link
        self._stages: list[_Stage] = []
        self._unreadable: list[tuple[set[str], MLGatesError]] = []

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the files, whether they are read or not."""
        return self.source.columns

    @property
    def is_ordered(self) -> bool:
        """Whether every query returns the rows in one order: that of the files."""
        return True

    def relation(self, wanted: Wanted) -> Any:
        """The columns that are *wanted*, in the order of the files.

        Raises:
            TableError: if the files cannot be read.
        """
        columns = self._named(wanted)
        if not columns:  # nothing but the number of rows is asked
            everything = frozenset(self.columns)
            return self.link.sql(self.source.query(self.columns, text=everything))
        stage = self._stage(wanted, columns) or self._make(columns, wanted.text)
        parts = (f"{self._expression(c, stage, wanted)} as {sql.name(c)}" for c in columns)
        return self.link.sql(f"select {', '.join(parts)} from {stage.source}")

    def serves(self, had: Wanted, wanted: Wanted) -> bool:
        """Whether the relation made for *had* has all that is *wanted*, as it is wanted."""
        columns = self._named(wanted)
        stage = self._stage(had, self._named(had))
        return not columns or (
            stage is not None
            and all(had.names(column) for column in columns)
            and stage.serves(wanted, columns)
            and all(
                self._expression(c, stage, had) == self._expression(c, stage, wanted)
                for c in columns
            )
        )

    def not_numbers(self, column: str, wanted: Wanted) -> NotNumbers | None:
        """What the text *column* holds beside numbers, None if no relation was made of it as text.

        Raises:
            TableError: if the files cannot be read.
        """
        stage = self._stage(wanted, [column])
        if stage is None or stage.kinds[column] is not Kind.TEXT:
            return None
        name, grammar = sql.name(column), self.source.grammar
        bad = f"({name} is not null and not {grammar.matches(name, grammar.number)})"
        other = Grammar(decimal="." if grammar.decimal == "," else ",")
        markers = ", ".join(sql.text(marker) for marker in _MARKERS)
        query = (
            f"select count({name}), count(*) filter ({bad}), "
            f"count(*) filter ({bad} and {grammar.matches(name, other.number)}), "
            f"count(*) filter ({bad} and {name} in ({markers})), "
            f"list(distinct {name}) filter ({bad} and {name} in ({markers})) from {stage.source}"
        )
        try:
            present, count, marked, missing, found = self._run(query)[0]
        except Exception as error:
            raise self.error(error) from None
        hint = ""
        if count and missing == count:
            hint = f"null_values = {json.dumps(sorted(found))}"
        elif count and marked == count:
            hint = f'decimal = "{other.decimal}"'
        quoted = not grammar.numeric
        first = self.source.first_text(column) if quoted and not self.source.private else ""
        return NotNumbers(present=present, count=count, hint=hint, quoted=quoted, first=first)

    def error(self, error: Exception) -> TableError:
        """What an engine's *error* while reading means to the user."""
        return self.source.error(error)

    def as_private(self) -> TextReading:
        """The same, of which no value may be shown."""
        source = copy.copy(self.source)
        source.private = True
        return TextReading(source, self.link)

    def _named(self, wanted: Wanted) -> list[str]:
        return [column for column in self.columns if wanted.names(column)]

    def _stage(self, wanted: Wanted, columns: Sequence[str]) -> _Stage | None:
        return next((s for s in self._stages if s.serves(wanted, columns)), None)

    def _expression(self, column: str, stage: _Stage, wanted: Wanted) -> str:
        name, kind = sql.name(column), stage.kinds[column]
        if kind is None:
            return name
        found = self.source.grammar.cast(name, kind) if column in stage.casts else name
        if kind in (Kind.WHOLE, Kind.UNSIGNED) and column in wanted.floats:
            return f"cast({found} as {Kind.NUMBER})"
        if kind is Kind.DATE and column in wanted.times:
            return f"cast({found} as {Kind.TIME})"
        if kind is Kind.EMPTY and column in wanted.numbers:
            return f"cast({found} as {Kind.NUMBER})"
        return found

    def _make(self, columns: Sequence[str], text: frozenset[str]) -> _Stage:
        for read, error in self._unreadable:
            if read <= set(columns):  # it is not read again for every gate
                raise error
        try:
            stage = self._read(columns, text)
        except Exception as error:
            found = error if isinstance(error, MLGatesError) else self.error(error)
            self._unreadable.append((set(columns), found))
            raise found from None
        self._stages.append(stage)
        return stage

    def _read(self, columns: Sequence[str], text: frozenset[str]) -> _Stage:
        """Read *columns*: once if the sample was right, at most three times if it was not."""
        query = self.source.query(columns, text=text)
        kinds = self._guesses(query, columns, text)
        wrong = 0
        while True:
            try:
                return self._attempt(query, columns, kinds, text)
            except Exception as error:
                place = misfit(error)
                if place is None:
                    raise
                wrong += 1
                for i, column in enumerate(columns):
                    if i == place or (wrong > 1 and kinds[column] is not Kind.TEXT):
                        kinds[column] = None

    def _guesses(
        self, query: str, columns: Sequence[str], text: frozenset[str]
    ) -> dict[str, Kind | None]:
        """What each column seems to be, None where it is open."""
        open_ = [c for c in columns if c not in text and c not in self.source.typed]
        rows: list[Any] = []
        if open_:
            most = _FEW if self.source.size < _SMALL else _SOME
            names = ", ".join(sql.name(column) for column in open_)
            rows = self._run(f"select {names} from ({query}) limit {most}")
        guess = self.source.grammar.guess
        found = {c: guess([row[i] for row in rows]) for i, c in enumerate(open_)}
        return {column: found.get(column, Kind.TEXT) for column in columns}

    def _attempt(
        self,
        query: str,
        columns: Sequence[str],
        kinds: Mapping[str, Kind | None],
        text: frozenset[str],
    ) -> _Stage:
        grammar = self.source.grammar
        checked = [grammar.checked(sql.name(c), kinds[c], i) for i, c in enumerate(columns)]
        unknown = [c for c in columns if kinds[c] is None]
        survey = [part for c in unknown for part in grammar.survey(sql.name(c))]
        if self._is_kept():
            source = f"kept_{len(self._stages)}"
            parts = (f"{e} as {sql.name(c)}" for e, c in zip(checked, columns, strict=True))
            self._run(f"create table {source} as select {', '.join(parts)} from ({query})")
            counts = self._run(f"select {', '.join(survey)} from {source}")[0] if survey else ()
        else:
            source = f"({query})"
            there = [f"count({expression})" for expression in checked]
            counts = self._run(f"select {', '.join([*survey, *there])} from {source}")[0]
        size = len(survey) // len(unknown) if unknown else 0
        decided = {
            c: grammar.decide(counts[i * size : (i + 1) * size]) for i, c in enumerate(unknown)
        }
        typed = self.source.typed - text
        return _Stage(
            source=source,
            kinds={c: None if c in typed else decided.get(c, kinds[c]) for c in columns},
            casts=frozenset(unknown if self._is_kept() else columns),
            text=text,
        )

    def _is_kept(self) -> bool:
        limit = memory.limit()
        return self.source.size <= (_PLENTY if limit is None else limit * _KEPT_SHARE)

    def _run(self, query: str) -> list[Any]:
        found: list[Any] = interruptible(lambda: self.link.execute(query).fetchall(), self.link)
        return found
