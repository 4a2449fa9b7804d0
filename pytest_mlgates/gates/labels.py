"""Labels and predictions as classes: everything doubtful is refused, nothing is dropped.

A metric over "yes"/"no", over probabilities in the place of classes or over a half-empty column has
a value in most libraries, and that value means nothing. Here each of these is misuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import did_you_mean, listing, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import EvaluationParameters
    from pytest_mlgates.gates.privacy import Display

Group = tuple[Any, ...]
Cells = dict[tuple[Any, Any], int]

# Two numbers for two classes, of which 1 is the positive one by the field's convention.
_CODED = ({0, 1}, {-1, 1})
# What a column of Python objects may hold.
_VALUES = {
    *("bool", "number", "str", "bytes", "Decimal", "UUID"),
    *("date", "datetime", "time", "timedelta", "Period", "Interval"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that plays a role, for messages: ``y_pred 'decision' of table 'holdout'``."""

    role: str
    name: str
    table: str

    def __str__(self) -> str:
        own = self.role if self.role == self.name else f"{self.role} {self.name!r}"
        return f"{own} of table {self.table!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """The labels that occur, sorted, and the positive one where there are two."""

    labels: tuple[Any, ...]
    positive: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """How many rows have which label and which prediction, by group.

    Attributes:
        groups: For each group (values in the order of ``by``) its rows by (label, prediction).
        classes: The labels that occur anywhere in the table.
    """

    groups: Mapping[Group, Cells]
    classes: Classes

    @property
    def total(self) -> Cells:
        """The cells of all groups together."""
        return merged(self.groups.values())


def merged(parts: Iterable[Cells]) -> Cells:
    """The cells of several *parts* together."""
    out: Cells = {}
    for cells in parts:
        for key, n in cells.items():
            out[key] = out.get(key, 0) + n
    return out


# More distinct values than this are a measurement or an id, not groups.
MOST_GROUPS = 1000


def refuse_many_groups(count: int, by: str, table: Table) -> None:
    """Groups must be few enough to be groups.

    Raises:
        MLGatesError: if they are not.
    """
    if count > MOST_GROUPS:
        raise MLGatesError(
            f"by {by} of table {table.name!r} has {count:,} groups",
            want=f"at most {MOST_GROUPS:,}: so many values are a measurement or an id",
            fix="divide the values into bands where the table is made",
        )


def confusion(
    table: Table,
    parameters: EvaluationParameters,
    *,
    metric: str,
    binary: bool,
    display: Display,
    by: Sequence[str] = (),
) -> Confusion:
    """Labels against predictions, from one group-by.

    Args:
        table: The evaluation table.
        parameters: Roles, ``pos_label`` and ``missing``.
        metric: Who asks, for messages.
        binary: Whether exactly two classes are wanted, one of them positive.
        display: What may be shown of the table.
        by: Columns whose values divide the rows into groups.

    Raises:
        MLGatesError: for a column that is missing, incomplete or of the wrong kind.
    """
    truth = role_column(table, parameters, "y_true")
    predicted = role_column(table, parameters, "y_pred")
    refuse_non_groups(table, by)
    for column in (truth, predicted):
        refuse_non_classes(table, column, metric, display)
    counts = table.counts([*by, truth.name, predicted.name])
    table.require_rows()  # which the counts have told: no scan of its own
    refuse_missing(truth, sum(n for key, n in counts if key[-2] is None), table, display)
    refuse_missing(predicted, sum(n for key, n in counts if key[-1] is None), table, display)
    refuse_missing_groups(by, counts, parameters.missing, table, display)
    groups: dict[Group, Cells] = {}
    for key, n in counts:
        groups.setdefault(key[: len(by)], {})[key[-2], key[-1]] = n
    classes = classes_of(
        {key[-2] for key, _ in counts},
        {key[-1] for key, _ in counts},
        columns=(truth, predicted),
        metric=metric,
        pos_label=parameters.pos_label,
        binary=binary,
        display=display,
    )
    return Confusion(groups=groups, classes=classes)


def role_column(table: Table, parameters: EvaluationParameters, role: str) -> Column:
    """The column that plays *role*, which the table must have."""
    name = getattr(parameters, role)
    table.require(name, role=role)
    return Column(role=role, name=name, table=table.name)


def _nulls(count: str) -> str:
    return "1 null" if count == "1" else f"{count} nulls"


def refuse_missing(column: Column, missing: int, table: Table, display: Display) -> None:
    """Raise misuse if *missing* rows of *column* are empty."""
    if missing:
        count = display.count(missing)
        raise MLGatesError(
            f"{column} is missing in {count} of {display.rows(table.n_rows)}",
            got=_nulls(count),
            want="a value in every row: a gate never drops rows",
            fix="fill them, or leave those rows out where the table is made",
        )


def refuse_missing_groups(
    by: Sequence[str],
    counts: Iterable[tuple[Group, int]],
    missing: str,
    table: Table,
    display: Display,
) -> None:
    """Raise misuse if a column of *by* is empty in some row, unless missing is a group itself."""
    if missing == "group":
        return
    rows = list(counts)
    for place, name in enumerate(by):
        empty = sum(n for key, n in rows if key[place] is None)
        if empty:
            raise MLGatesError(
                f"by {name!r} of table {table.name!r} is missing in {display.count(empty)} of "
                f"{display.rows(table.n_rows)}",
                got=_nulls(display.count(empty)),
                want="a value in every row: no group is ever dropped",
                fix='`missing = "group"` judges the rows without a value as a group of their own',
            )


def refuse_non_groups(table: Table, by: Sequence[str]) -> None:
    """Raise misuse for a column of *by* whose values cannot name groups: lists, or of any kinds."""
    for name in by:
        table.require(name, role="by")
        column = Column(role="by", name=name, table=table.name)
        dtype = table.schema[name]
        kinds = table.kinds(name)
        if dtype.is_nested() or not kinds_are_values(kinds):
            raise MLGatesError(
                f"by needs one plain value per row, and {column} holds "
                f"{listing(kinds) if kinds else dtype}",
                got=str(dtype),
                want="text, numbers, truth values or times",
                fix="write the field that divides the rows into a column of its own",
            )
        _refuse_mixed(kinds, column, "by")


def kinds_are_values(kinds: Sequence[str]) -> bool:
    """Whether values of these *kinds* can be told apart and sorted: no lists, no mere objects."""
    return set(kinds) <= _VALUES


def _refuse_mixed(kinds: Sequence[str], column: Column, asks: str) -> None:
    if len(kinds) > 1:
        raise MLGatesError(
            f"{asks} needs values of one kind, and {column} mixes {listing(kinds)}",
            got=listing(kinds),
            want="one kind of value in the whole column: True, 1 and '1' are three values or one "
            "depending on who compares them",
            fix="convert the column where the table is made",
        )


def refuse_non_classes(table: Table, column: Column, metric: str, display: Display) -> None:
    """Raise misuse for a column of fractions, lists or times: these are not class labels."""
    dtype = table.schema[column.name]
    wanted = "class labels: 0/1, booleans, -1/1, or text with `pos_label`"
    if dtype.is_nested() or dtype.is_temporal():
        raise MLGatesError(
            f"{metric} needs classes, and {column} holds {dtype}", got=str(dtype), want=wanted
        )
    kinds = table.kinds(column.name)
    if not kinds_are_values(kinds):
        raise MLGatesError(
            f"{metric} needs classes, and {column} holds {listing(kinds)}",
            got=listing(kinds),
            want=wanted,
        )
    _refuse_mixed(kinds, column, metric)
    if not (dtype.is_float() or dtype.is_decimal()):
        return
    value = nw.col(column.name)
    fraction = ((value - value.round(0)) != 0) & ~value.is_null()
    found = table.aggregate(
        {"fractions": fraction.cast(nw.Int64).sum(), "low": value.min(), "high": value.max()}
    )
    if not found["fractions"]:
        return
    unit = found["low"] is not None and found["low"] >= 0 and found["high"] <= 1
    what = "probabilities" if unit else "fractions"
    got = f"{display.count(int(found['fractions']))} of {display.rows(table.n_rows)}"
    if not display.private:
        got += f" between {found['low']:.6g} and {found['high']:.6g}"
    raise MLGatesError(
        f"{metric} needs classes, and {column} holds {what}",
        got=got,
        want=wanted,
        fix="name the column of the decisions (`y_pred = …`), or a metric of scores (roc_auc, "
        "log_loss, brier)"
        if unit and column.role == "y_pred"
        else "a regression metric (mae, mse, rmse, r2) takes numbers",
    )


def classes_of(
    truths: Collection[Any],
    predictions: Collection[Any],
    *,
    columns: tuple[Column, Column],
    metric: str,
    pos_label: Any,
    binary: bool,
    display: Display,
) -> Classes:
    """The classes that *truths* and *predictions* share, refused where they cannot be compared.

    Raises:
        MLGatesError: for labels of different kinds or codings, and for ``binary`` metrics if there
            are more than two or it is open which one is positive.
    """
    truth, predicted = columns
    kinds = {kind_of(value) for value in truths}, {kind_of(value) for value in predictions}
    for column, found in zip(columns, kinds, strict=True):
        if len(found) > 1 or "other" in found:
            raise MLGatesError(
                f"{metric} needs classes, and {column} holds values of another kind",
                got=", ".join(sorted(found)),
                want="class labels of one kind: integers, booleans or text",
            )
    if kinds[0] != kinds[1]:
        raise MLGatesError(
            f"labels and predictions are of different kinds: {truth} holds {min(kinds[0])}, "
            f"{predicted} holds {min(kinds[1])}",
            got=f"{shown(truths, display)} against {shown(predictions, display)}",
            want="the same labels in both",
            fix="map one to the other where the table is made",
        )
    _refuse_other_coding(set(truths), set(predictions), columns, metric, display)
    labels = tuple(sorted({*truths, *predictions}))
    if not binary:
        return Classes(labels=labels)
    positive = positive_label(labels, pos_label, metric=metric, column=truth, display=display)
    return Classes(labels=labels, positive=positive)


def positive_label(
    labels: Collection[Any],
    pos_label: Any,
    *,
    metric: str,
    column: Column | str,
    display: Display,
) -> Any:
    """The positive one of at most two *labels*: *pos_label*, or 1 of 0/1, booleans and -1/1.

    Raises:
        MLGatesError: if there are more, or it cannot be told.
    """
    found = set(labels)
    if len(found) > 2:
        raise MLGatesError(
            f"{metric} is for two classes for now, and {column} with its predictions has "
            f"{len(found)}",
            got=shown(labels, display),
            want="two classes",
            fix="accuracy and balanced_accuracy take any number of classes",
        )
    coded = any(found <= pair for pair in _CODED)
    if pos_label is None:
        if coded:
            return 1
        raise MLGatesError(
            f"{metric} needs to know which label of {column} is the positive one",
            got=shown(labels, display),
            want="`pos_label`, unless the labels are 0/1, booleans or -1/1",
            fix=""
            if display.private
            else f"`pos_label = {max(found)!r}` if that is the event to be found",
        )
    in_code = any({*found, pos_label} <= pair for pair in _CODED if coded)
    if pos_label not in found and not in_code:
        written = [str(v) for v in labels]
        near = "" if display.private else did_you_mean(str(pos_label), written)
        if not display.private and str(pos_label) in written:  # 1 and "1" are two labels
            same = next(label for label in labels if str(label) == str(pos_label))
            near = f"`pos_label = {same!r}`"
        raise MLGatesError(
            f"pos_label {pos_label!r} does not occur in {column}",
            got=shown(labels, display) + f" ({', '.join(sorted({kind_of(v) for v in found}))})",
            want=f"one of the labels (pos_label is {kind_of(pos_label)})",
            fix=near,
        )
    return pos_label


def kind_of(value: Any) -> str:
    """``numbers``, ``text``, or ``other``: labels of different kinds never match."""
    if isinstance(value, str):
        return "text"
    return "numbers" if isinstance(value, bool | int | float | Decimal) else "other"


def shown(values: Collection[Any], display: Display) -> str:
    """The distinct *values*, or only how many there are of a private table."""
    if display.private:
        return plural(len(set(values)), "distinct value")
    return listing(sorted(set(values), key=lambda value: (kind_of(value), value)))


def _refuse_other_coding(
    truths: set[Any],
    predictions: set[Any],
    columns: tuple[Column, Column],
    metric: str,
    display: Display,
) -> None:
    """Refuse 0/1 against -1/1, and predictions of which none is a label: nothing can match."""
    everything = truths | predictions
    disjoint = len(everything) > 2 and not truths & predictions
    mixed = everything == {-1, 0, 1} and any(
        truths <= one and predictions <= other for one, other in (_CODED, _CODED[::-1])
    )
    if disjoint or mixed:
        raise MLGatesError(
            f"{metric} compares labels, and {columns[1]} is coded unlike {columns[0]}",
            got=f"{shown(truths, display)} against {shown(predictions, display)}",
            want="the same labels in both",
            fix="map one to the other where the table is made",
        )
