"""What every kind of gate shares: parameters, context, and the way from a call to a verdict.

Markers, methods of the fixture, plain functions, TOML gates, hooks and the command line all end in
:func:`parse` and :func:`evaluate`: one code path.
"""

from __future__ import annotations

import math
import time
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct

from pytest_mlgates.core import gpu
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import did_you_mean, listing, quoted, without_password
from pytest_mlgates.core.verdict import Bound, Policy, Verdict, plain
from pytest_mlgates.engines import memory
from pytest_mlgates.gates import reading
from pytest_mlgates.gates.privacy import Display, redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Kind = Literal["table", "callable"]

# Which keywords are roles: columns of an evaluation table, or arrays in the place of one.
ROLES = ("y_true", "y_pred", "y_score", "query", "sample_weight", "cluster")


def _finite(value: Any) -> Any:
    item = getattr(value, "item", None)  # numpy scalars are numbers too
    if callable(item) and getattr(value, "ndim", 1) == 0:
        value = item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number")  # noqa: TRY004  (collected)
    if not math.isfinite(value):
        raise ValueError("a finite number")
    return float(value)


def columns(value: Any) -> Any:
    """One name, or several, as a tuple, those of a set sorted; anything else as it is."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    elif callable(tolist := getattr(value, "tolist", None)):
        value = tolist()
    if not isinstance(value, list | tuple):
        return value
    return tuple(str(one) if isinstance(one, str) else one for one in value)  # numpy's text too


def named_once(want: str) -> Callable[[Any], Any]:
    """The reader of one or several :func:`columns`; *want* is said of any other."""

    def read(value: Any) -> Any:
        found = columns(value)
        if isinstance(found, tuple) and (not found or len(set(found)) < len(found)):
            raise ValueError(f"{want}, each named once")
        return found

    return read


def _inputs(value: Any) -> Any:
    named = isinstance(value, list | tuple)
    found = tuple(str(one) if isinstance(one, Path) else one for one in value) if named else ()
    if not named or not all(isinstance(one, str) and one for one in found):
        raise ValueError(
            'a list of files, folders or globs that its code runs and reads: ["jobs/*.py"]'
        )
    return found


def _reference(value: Any) -> Any:
    if isinstance(value, str) and (shown := without_password(value)) != value:
        want = "a name without a password or a query, which would stand in evidence and logs"
        raise reading.WithheldError(f"{want}: credentials come from the environment", shown=shown)
    return value


Number = Annotated[float, reading.reader(_finite)]
Columns = Annotated[tuple[str, ...], reading.reader(columns)]
# A path, a model, or a file of predictions.
Reference = Annotated[str, reading.reader(_reference)]
Confidence = Annotated[float, reading.reader(_finite), Meta(gt=0.5, lt=1.0)]


class GateParameters(Struct, frozen=True, kw_only=True):
    """What every gate takes, under the same name as marker argument, keyword and TOML key.

    A class of a kind of its own names its fields with types; a rule over several of them is a
    ``__post_init__`` that raises ValueError, as ``what is wrong | how to mend it``.

    Attributes:
        inputs: Files, folders or globs of which it is made, beside those that its other keys name.
        needs: What it cannot be evaluated without: "gpu".
    """

    confidence: Confidence = 0.95
    inconclusive: Policy = Policy.ESTIMATE
    inputs: Annotated[tuple[str, ...], reading.reader(_inputs)] = ()
    needs: Literal["gpu"] | None = None

    def bound(self) -> Bound:
        """The bound as the verdict records it."""
        return Bound()

    def id_part(self) -> str:
        """What tells this gate from another of its kind in the same test: ``metric[:by]``."""
        return ""


class EvaluationParameters(GateParameters, frozen=True, kw_only=True):
    """Roles of an evaluation table, shared by ``metric`` and ``fairness``.

    ``y_true``, ``y_pred`` and ``query``, ``sample_weight``, ``cluster`` name a column; ``y_score``
    names a column, or one per class.
    """

    y_true: str = "y_true"
    y_pred: str = "y_pred"
    y_score: Columns = ("y_score",)
    query: str | None = None
    sample_weight: str | None = None
    cluster: str | None = None
    pos_label: Any = None
    missing: Literal["error", "group"] = "error"

    def __post_init__(self) -> None:
        """Refuse roles that contradict each other."""
        if self.pos_label is not None and not isinstance(self.pos_label, Hashable):
            raise ValueError(
                f"pos_label = {self.pos_label!r} is no label | one value of y_true: pos_label = 1"
            )
        given = self.y_pred if self.y_true == self.y_pred else None
        if given is None and self.y_true in self.y_score:
            given = self.y_true
        if given is not None:
            raise ValueError(
                f"{given!r} is named as label and as prediction: it would always be right | "
                "name the column that holds what the model said"
            )


@dataclass(frozen=True, kw_only=True)
class Context:
    """What an evaluation may use beside its subject.

    Attributes:
        base: The folder that relative paths are relative to.
        examples: How many example rows a message may show (0: none, data may be personal).
        min_cell: Counts under this are shown as ``<10`` for a private table.
        champion: Predictions of a champion on the rows of a table; raises misuse where there is
            none. Set by the layer above, which knows models.
        entry: The object that ``package.module:name`` names, imported as the configuration says.
            Set by the layer above.
        cache: Kept for one run, shared by its gates.
        progress: Told what an evaluation that takes long is at: "run 2 of 4". Set by the layer
            above, which knows whether somebody watches.
        record: Whether gates with a stored run make it instead of comparing with it.
        gate: The id of the gate that is being evaluated.
        where: Where the user wrote that gate.
    """

    base: Path = field(default_factory=Path.cwd)
    examples: int = 0
    min_cell: int = 10
    champion: Callable[..., Any] | None = None
    entry: Callable[[str], Any] | None = None
    cache: dict[Any, Any] = field(default_factory=dict)
    progress: Callable[[str], None] | None = None
    record: bool = False
    gate: str = ""
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class GateKind:
    """One kind of gate.

    Attributes:
        name: ``metric``; also the marker's name.
        takes: Whether its subject is a table or a callable.
        positional: Names of the arguments that a marker or call may give by position.
        parameters: Its parameters, validated.
        evaluate: ``(parameters, subject, context) → Verdict`` with an empty id.
        check: Raises what is wrong with the parameters, whatever table they are for.
        foresee: Tells a table what ``evaluate`` will want, so that its files are parsed once.
        anticipate: Asks a table what ``evaluate`` will need: one scan then answers several gates.
        explain: What will be read of a table for all gates that were anticipated, line by line.
    """

    name: str
    takes: Kind
    positional: tuple[str, ...]
    parameters: type[GateParameters]
    evaluate: Callable[[Any, Any, Context], Verdict]
    check: Callable[[Any, Context], None] | None = None
    foresee: Callable[[Any, Any, Context], None] | None = None
    anticipate: Callable[[Any, Any, Context], None] | None = None
    explain: Callable[[Any], list[str]] | None = None


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A kind with its parameters, ready to be evaluated.

    Attributes:
        id: Unique in a run.
        kind: What it is.
        parameters: Validated.
        where: Where the user wrote it.
        replaces: What the nearest-wins rule set aside for it.
    """

    id: str
    kind: GateKind
    parameters: GateParameters
    where: str = ""
    replaces: str | None = None

    def definition(self) -> dict[str, Any]:
        """What it demands, in plain values: its kind, and every parameter that is no default."""
        found = {name: plain(value) for name, value in reading.given(self.parameters).items()}
        return {"kind": self.kind.name, **found}


def parse(
    kind: GateKind,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    defaults: Mapping[str, Any] | None = None,
    where: str = "",
    beside: Sequence[str] | None = None,
) -> GateParameters:
    """Validated parameters of a marker, a call or a TOML table.

    Args:
        kind: The kind of gate.
        args: Positional arguments.
        kwargs: Keyword arguments; they win over *defaults*.
        defaults: From the configuration; keys that this kind does not know are left out.
        where: What the user wrote, for messages.
        beside: For a TOML table: the keys of it that are no parameters. Messages then speak of
            keys, and name the key beside *where*.

    Raises:
        MLGatesError: naming every wrong argument at once, each in its ``parts``.
    """
    if len(args) > len(kind.positional):
        raise MLGatesError(
            f"{kind.name} takes at most {len(kind.positional)} positional arguments",
            where=where,
            got=listing(args),
            want=", ".join(kind.positional) + ", then keywords",
        )
    given = dict(zip(kind.positional, args, strict=False))
    for name in given:
        if name in kwargs:
            raise MLGatesError(f"{name} is given twice", where=where, got=repr(kwargs[name]))
    known = reading.names_of(kind.parameters)
    base = {k: v for k, v in (defaults or {}).items() if k in known}
    found, mistakes = reading.read(kind.parameters, {**base, **given, **kwargs})
    if mistakes:
        raise combine([_misuse(one, known, where, beside) for one in mistakes], where)
    try:
        return kind.parameters(**found)
    except ValueError as error:  # a rule over several arguments speaks for itself
        what, _, fix = str(error).partition(" | ")
        raise MLGatesError(what, where=where, fix=fix) from None


def _misuse(
    mistake: reading.Mistake, known: Sequence[str], where: str, beside: Sequence[str] | None
) -> MLGatesError:
    name = mistake.field
    names = sorted([*known, *(beside or ())])
    if beside is not None:
        where = f"{where} {name}"
    if mistake.kind == "unknown":
        return MLGatesError(
            f"unknown {'argument' if beside is None else 'key'} {name!r}",
            where=where,
            want=f"one of {listing(names, 40)}",
            fix=did_you_mean(name, names),
        )
    if mistake.kind == "missing":
        want, example = _WANTED.get(name, (f"a value for {name!r}", ""))
        equals = "=" if beside is None else " = "
        fix = f"{name}{equals}{quoted(example)}" if example else ""
        return MLGatesError(f"{name} is missing", where=where, want=want, fix=fix)
    return MLGatesError(
        f"{name} is not usable", where=where, got=repr(mistake.got), want=mistake.want
    )


# What is wanted where a required parameter is missing, and an example.
_WANTED = {
    "by": ("a column of the table, or several", "sex"),
    "metric": ("the name of a metric", ""),
    "suite": ("the path of a suite, or its content", "contracts/applications.json"),
}


def combine(errors: list[MLGatesError], where: str) -> MLGatesError:
    """One error of several: all mistakes are told at once."""
    if len(errors) == 1:
        return errors[0]
    return MLGatesError.collect(errors, source=where)


def evaluate(gate: Gate, subject: Any, context: Context) -> Verdict:
    """The verdict of *gate* on *subject*: the one way from parameters to a verdict.

    Raises:
        MLGatesError: misuse, with the gate's place filled in.
    """
    start = time.perf_counter()
    try:
        memory.stated()  # also where no engine asks for it: a limit that is none limits nothing
        gpu.demand(gate.parameters.needs)
        named = replace(context, gate=gate.id, where=gate.where)
        verdict = gate.kind.evaluate(gate.parameters, subject, named)
    except MLGatesError as error:
        error.at(gate.where)
        raise  # as it is: its cause may be an exception of the user's own function
    private = bool(getattr(subject, "private", False))
    verdict = redact(verdict, Display(private=private, min_cell=context.min_cell))
    return verdict.replace(
        id=gate.id,
        replaces=gate.replaces,
        bound=gate.parameters.bound(),
        policy=gate.parameters.inconclusive,
        duration_s=time.perf_counter() - start,
        definition=gate.definition(),
    )
