"""Misuse and broken gates: two families that are never mixed.

*Misuse* (``MLGatesError``) is a mistake in what was asked: exit code 2, a usage or collection error
under pytest. A *broken gate* (``GateFailure``) is the answer to what was asked: exit code 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pytest_mlgates.core.text import did_you_mean, listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_mlgates.core.verdict import Verdict


class MLGatesError(Exception):
    """Something was asked that cannot be answered: what, where, got, want, fix.

    Args:
        what: One sentence with the offending value.
        where: Where the user wrote it (a file and key, a marker, a call).
        got: What was found.
        want: What would have been right.
        fix: A command or a line to paste.
    """

    parts: tuple[MLGatesError, ...] = ()  # the mistakes, where this error is several

    def __init__(
        self, what: str, *, where: str = "", got: str = "", want: str = "", fix: str = ""
    ) -> None:
        self.what, self.where, self.got, self.want, self.fix = what, where, got, want, fix
        super().__init__(what)

    def __str__(self) -> str:
        """Render the template of the house; a line without content is left out."""
        lines = [self.what]
        lines += [
            f"  {label + ':':<6} {text}"
            for label, text in (
                ("where", self.where),
                ("got", self.got),
                ("want", self.want),
                ("fix", self.fix),
            )
            if text
        ]
        return "\n".join(lines)

    @property
    def summary(self) -> str:
        """The mistake in one line, without its place."""
        if self.parts:
            more = len(self.parts) - 1
            return f"{self.parts[0].summary} (and {plural(more, 'more mistake')})"
        return self.what.partition("\n")[0]

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling (child processes hand misuse back to their parent)."""
        return _rebuild, (type(self), self.what, self.where, self.got, self.want, self.fix)

    @classmethod
    def collect(cls, errors: Sequence[MLGatesError], *, source: str) -> Self:
        """All *errors* of *source* as one."""
        texts = []
        for error in errors:
            kept, error.where = error.where, "" if error.where == source else error.where
            texts.append(str(error))
            error.where = kept
        collected = cls("\n".join([f"{plural(len(errors), 'mistake')} in {source}", *texts]))
        collected.parts = tuple(errors)
        return collected

    def at(self, where: str) -> MLGatesError:
        """The same error with *where* filled in, if it was not yet known."""
        if not self.where and not self.parts:
            self.where = where
        return self


def _rebuild(cls: type[MLGatesError], *parts: str) -> MLGatesError:
    error = cls.__new__(cls)
    MLGatesError.__init__(
        error, parts[0], where=parts[1], got=parts[2], want=parts[3], fix=parts[4]
    )
    return error


class ConfigurationError(MLGatesError):
    """One or several mistakes in ``[tool.mlgates]``, reported together."""


_ROLE_NAMES = frozenset({"y_true", "y_pred", "y_score"})


class ColumnError(MLGatesError):
    """A column that a gate needs is not in the table."""

    @classmethod
    def missing(
        cls,
        wanted: str,
        available: Iterable[str],
        *,
        role: str = "column",
        table: str = "the table",
    ) -> ColumnError:
        """*wanted* is not among *available*; the nearest names are suggested."""
        names = [str(name) for name in available]
        # A label column in the place of predictions would be perfectly accurate: never suggest it.
        others = _ROLE_NAMES if wanted in _ROLE_NAMES else ()
        hint = did_you_mean(wanted, [name for name in names if name not in others])
        return cls(
            f"{role} {wanted!r} is not in {table}",
            got=f"columns {listing(names)}",
            fix=hint,
        )


class TableError(MLGatesError):
    """A table that cannot be read or holds nothing to judge."""


class NoFilesError(TableError):
    """No file of a table is there: a mistake in its path, or data that is kept elsewhere."""


class MissingExtraError(MLGatesError):
    """An optional library is needed and does not import."""

    @classmethod
    def of(cls, module: str, extra: str, *, why: str, error: BaseException) -> MissingExtraError:
        """*module* does not import; name the extra that brings it."""
        return cls(
            f"{why} needs {module}, which does not import here",
            got=f"{type(error).__name__}: {error}",
            fix=f"pip install 'pytest-mlgates[{extra}]'",
        )


class NoChampionError(MLGatesError):
    """The champion of a comparison does not exist; ``first = true`` allows that once."""


class UnreachableError(MLGatesError):
    """A server that is needed does not answer: nothing was judged, which is no verdict either."""


class GateFailure(AssertionError):  # noqa: N818  (a failure is not an error: see the module docstring)
    """One or more gates did not hold. ``verdicts`` has all of the call, in source order."""

    def __init__(self, message: str, verdicts: Sequence[Verdict] = ()) -> None:
        self.message = message
        self.verdicts = tuple(verdicts)
        super().__init__(message)
