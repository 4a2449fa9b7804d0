"""From an evaluation table to the numbers of every group, in every level of the control columns.

Rates of unweighted, independent rows come from one group-by of confusion counts; everything else
needs the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing, plural
from pytest_mlgates.engines.columns import sort_key
from pytest_mlgates.gates.codes import group_codes
from pytest_mlgates.gates.fairness_champion import champion_values
from pytest_mlgates.gates.fairness_counts import counted_groups
from pytest_mlgates.gates.fairness_rows import row_values, weights_and_clusters
from pytest_mlgates.gates.labels import refuse_many_groups
from pytest_mlgates.statistics.group_champion import PairedFamily
from pytest_mlgates.statistics.group_samples import MeanFamily, Sample, SampledShares
from pytest_mlgates.statistics.means import hardly_there

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_mlgates.core.exact import Number
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.fairness_counts import CountedGroups
    from pytest_mlgates.gates.fairness_metrics import Measure
    from pytest_mlgates.gates.fairness_parameters import FairnessParameters
    from pytest_mlgates.gates.fairness_rows import RowValues, Weighting
    from pytest_mlgates.gates.labels import Group
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.statistics.group_families import Family

TIMES = " \u00d7 "


@dataclass(kw_only=True)
class Grouped:
    """The groups of a table, and their numbers.

    Attributes:
        groups: Values in the order of ``by``.
        levels: Values of the control columns (and the band of the score); one empty one without.
        families: For each level, each number in every group.
        cells: What the number of (family, level, group) gives away: its counts.
        warnings: Why the bounds deserve less trust, and what is not there.
        columns: The columns that were read.
        champion: The champion's number of (family, level, group), where there is one.
        differing: On how many rows the two models are not alike, over all families.
        counts: The confusion counts that all of it comes from, where these say all.
    """

    groups: list[Group]
    levels: list[Group]
    families: list[Family] = field(default_factory=list)
    cells: dict[tuple[str, int, int], tuple[int, ...]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    champion: dict[tuple[str, int, int], Number] = field(default_factory=dict)
    differing: int = 0
    counts: CountedGroups | None = None


def grouped(
    parameters: FairnessParameters,
    table: Table,
    display: Display,
    rival: Predictions | None = None,
) -> Grouped:
    """The groups of *table* and their numbers, beside those of a *rival* on the same rows.

    Raises:
        MLGatesError: for columns that are missing or of the wrong kind, one group alone, and a
            group without a denominator.
    """
    for role, columns in (("by", parameters.by), ("control", parameters.control or ())):
        for column in columns:
            table.require(column, role=role)
    by_rows = (
        parameters.sample_weight is not None
        or parameters.cluster is not None
        or parameters.measures[0].needs != "classes"
        or parameters.measures[0].form == "foreign"
        or rival is not None
    )
    if by_rows:
        found = _from_rows(parameters, table, display, rival)
    else:
        found = _from_counts(parameters, table, display)
    found.columns = (*found.columns, *parameters.by, *(parameters.control or ()))
    return found


def _from_counts(parameters: FairnessParameters, table: Table, display: Display) -> Grouped:
    """One group-by of labels against predictions, which all gates over the same columns share."""
    counted = counted_groups(parameters, table, display)
    found = Grouped(
        groups=list(counted.groups),
        levels=list(counted.levels),
        columns=(parameters.y_true, parameters.y_pred),
        counts=counted,
    )
    _register(found, parameters, table, display, counted.sizes)
    for place in range(len(found.levels)):
        for measure in parameters.measures:
            family, cells = counted.family(measure, place)
            found.families.append(family)
            found.cells.update(cells)
    _refuse_empty(parameters, found, table, display)
    return found


def _from_rows(
    parameters: FairnessParameters, table: Table, display: Display, rival: Predictions | None
) -> Grouped:
    """The rows themselves: for weights, clusters, numbers, scores and rankings."""
    table.require_rows()
    control = parameters.control or ()
    weighting = weights_and_clusters(parameters, table, display)
    values = row_values(parameters, table, display)
    theirs = None if rival is None else champion_values(parameters, table, rival, display)
    both, places = group_codes(table, parameters, [*control, *parameters.by], display)
    keys = [(key[: len(control)], key[len(control) :]) for key in both]
    if values.bands is not None:
        bands = np.unique(values.bands)
        combined, places = np.unique(
            places * (int(bands.max()) + 1) + values.bands, return_inverse=True
        )
        step = int(bands.max()) + 1
        keys = [
            ((*keys[one // step][0], values.band_names[one % step]), keys[one // step][1])
            for one in combined.tolist()
        ]
    found = Grouped(
        groups=list(dict.fromkeys(sorted((group for _, group in keys), key=sort_key))),
        levels=list(dict.fromkeys(sorted((level for level, _ in keys), key=sort_key))),
        warnings=[*weighting.warnings, *values.warnings],
        columns=(*values.columns, *weighting.columns),
    )
    sizes = np.bincount(places, minlength=len(keys)).tolist()
    _register(found, parameters, table, display, dict(zip(keys, sizes, strict=True)))
    group_of = np.array([found.groups.index(group) for _, group in keys], dtype=np.intp)[places]
    level_of = np.array([found.levels.index(level) for level, _ in keys], dtype=np.intp)[places]
    order = _in_order(values, theirs, weighting, group_of)
    for place, level in enumerate(found.levels):
        absent = [g for g, group in enumerate(found.groups) if (level, group) not in keys]
        in_level = level_of == place
        if weighting.weights is not None:
            in_level &= weighting.weights > 0
        for measure in parameters.measures:
            rows = order[(in_level & values.counted[measure.name])[order]]
            sample = Sample(
                values=values.values[measure.name][rows],
                groups=group_of[rows],
                count=len(found.groups),
                weights=None if weighting.weights is None else weighting.weights[rows],
                clusters=None
                if values.clusters is None and weighting.clusters is None
                else (weighting.clusters if values.clusters is None else values.clusters)[rows],  # type: ignore[index]
            )
            _refuse_one_cluster(parameters, measure, sample, found, place, display)
            family = _row_family(measure, sample, values, rows, place, absent)
            if theirs is not None:
                other = replace(sample, values=theirs.values[measure.name][rows])
                family = PairedFamily(
                    family,
                    _row_family(measure, other, values, rows, place, absent),
                    first=sample,
                    second=other,
                    shares=measure.form == "share",
                )
            found.families.append(family)
            _note_cells(found, measure, sample, values, rows if table.private else None, place)
            if isinstance(family, PairedFamily):
                _note_changes(found, family)
            found.warnings.extend(weighting.doubts(sample, share=measure.form == "share"))
            if values.positive is not None and not table.private:
                found.warnings.extend(_hardly_there(measure, sample, values.positive[rows]))
    found.warnings = list(dict.fromkeys(found.warnings))
    _refuse_empty(parameters, found, table, display)
    return found


def _hardly_there(measure: Measure, sample: Sample, positive: Any) -> list[str]:
    """Where a group has hardly any rows of one class, which is where probabilities are wrong."""
    if not len(sample.groups):
        return []
    counts = [
        np.bincount(sample.groups[positive == side], minlength=sample.count)
        for side in (True, False)
    ]
    rarest = np.minimum(*counts)[np.array(sample.sizes) > 0]
    return [f"{measure.name} of a group: {one}" for one in hardly_there(int(rarest.min()))]


def _in_order(
    values: RowValues, theirs: RowValues | None, weighting: Weighting, groups: NDArray[np.intp]
) -> NDArray[np.intp]:
    """The rows by group and contents: sums in this order are the same for any order of rows."""
    clusters = weighting.clusters if values.clusters is None else values.clusters
    keys = [*values.keys, *(() if theirs is None else theirs.values.values())]
    keys += [one for one in (weighting.weights, clusters) if one is not None]
    return np.lexsort([*keys, groups])


def _row_family(
    measure: Measure,
    sample: Sample,
    values: RowValues,
    rows: Any,
    level: int,
    absent: list[int],
) -> Family:
    if measure.form == "share":
        return SampledShares(name=measure.name, sample=sample, level=level, absent=absent)
    if measure.form in ("mean", "root"):
        return MeanFamily(
            name=measure.name,
            sample=sample,
            low=measure.low,
            high=values.high.get(measure.name, measure.high),
            root=measure.form == "root",
            level=level,
            absent=absent,
        )
    if measure.form == "foreign":
        from pytest_mlgates.gates.fairness_foreign import foreign_family

        truth, predicted = values.pairs[measure.name]
        return foreign_family(measure, sample, (truth[rows], predicted[rows]), level, absent)
    from pytest_mlgates.gates.fairness_whole import whole_family

    return whole_family(measure, sample, values.wholes[measure.name], rows, level, absent)


def _note_cells(
    found: Grouped, measure: Measure, sample: Sample, values: RowValues, rows: Any, level: int
) -> None:
    ones = np.bincount(
        sample.groups, weights=sample.values if measure.form == "share" else None,
        minlength=sample.count,
    )  # fmt: skip
    whole = values.wholes.get(measure.name)
    for g, size in enumerate(sample.sizes):
        if not size:
            continue
        k = int(ones[g])
        cells: tuple[int, ...] = (k, size - k) if measure.form == "share" else (size,)
        if whole is not None and rows is not None:  # what a private table must not give away
            cells = whole.answers.cells(rows[sample.groups == g]) or cells
        found.cells[measure.name, level, g] = cells


def _note_changes(found: Grouped, family: PairedFamily) -> None:
    """What the difference of two models gives away: the rows on which they differ."""
    for group in family.present:
        key = family.name, family.level, group
        found.champion[key] = family.champion.value(group)
        differing = family.differing_in(group)
        found.cells[key] += tuple(k for k in differing if k)
    found.differing += family.differing


def _register(
    found: Grouped,
    parameters: FairnessParameters,
    table: Table,
    display: Display,
    sizes: Mapping[tuple[Group, Group], int],
) -> None:
    """Pseudonyms, and the refusals of what is no comparison."""
    display.register(found.groups)
    by = TIMES.join(repr(column) for column in parameters.by)
    if len(found.groups) < 2:
        raise MLGatesError(
            f"{parameters.metric} compares groups, and by {by} of table {table.name!r} has one",
            got="1 group of " + ("all rows" if table.private else plural(table.n_rows, "row")),
            want="at least two groups: one group is equal to itself whatever the model does",
            fix="use rows of all groups, or another sensitive column",
        )
    refuse_many_groups(len(found.groups), by, table)
    if len(found.levels) == 1:
        return
    refuse_many_groups(len(found.levels), "control", table)
    for level in found.levels:
        present = [group for group in found.groups if sizes.get((level, group))]
        if len(present) < 2:
            raise MLGatesError(
                f"{parameters.metric} compares groups within "
                f"{level_name(parameters, found, level, display)}, and by {by} of table "
                f"{table.name!r} has one group there",
                got=display.group(present[0]) if present else "no group",
                want="at least two groups in every level: one group is equal to itself",
                fix="fewer bins, so that every one has several groups"
                if parameters.bins is not None
                else "coarser values in the control column, or rows of the other groups",
            )
        missing = [display.group(group) for group in found.groups if group not in present]
        if missing:
            found.warnings.append(
                f"{level_name(parameters, found, level, display)} has no rows of "
                f"{listing(missing)}: not compared there"
            )


def level_name(
    parameters: FairnessParameters, found: Grouped, level: Group, display: Display
) -> str:
    """``region = North, age = 30``; a pseudonym if private; the band of the score as it is."""
    names = list(parameters.control or ())
    if display.private and names:
        return f"level {found.levels.index(level) + 1}"
    if parameters.bins is not None:
        names.append("score")
    parts = (display.group((value,)) if not display.private else str(value) for value in level)
    return ", ".join(f"{name} = {value}" for name, value in zip(names, parts, strict=True))


def _refuse_empty(
    parameters: FairnessParameters, found: Grouped, table: Table, display: Display
) -> None:
    """A group without a denominator has no rate; Fairlearn would call it 0.0."""
    measures = {measure.name: measure for measure in parameters.measures}
    for family in found.families:
        if not family.empty:
            continue
        of = _wanted(measures[family.name])
        names = [display.group(found.groups[g]) for g in family.empty]
        within = (
            f" within {level_name(parameters, found, found.levels[family.level], display)}"
            if len(found.levels) > 1
            else ""
        )
        raise MLGatesError(
            f"{parameters.metric} needs {of} in every group, and "
            f"{plural(len(names), 'group')} of table {table.name!r} "
            f"{'has' if len(names) == 1 else 'have'} none{within}",
            got=f"0 {of} in {listing(names)}{' of any weight' if of == 'rows' else ''}",
            want=f"a {family.name} for every group: no group is ever dropped",
            fix=f"add {of} of {'this group' if len(names) == 1 else 'these groups'}"
            + (", or gate demographic parity, which needs none" if of != "rows" else ""),
        )


def _refuse_one_cluster(
    parameters: FairnessParameters,
    measure: Measure,
    sample: Sample,
    found: Grouped,
    level: int,
    display: Display,
) -> None:
    """The rows of one cluster say nothing of another: such a group has no bounds at all."""
    if sample.clusters is None:
        return
    cells = np.unique(np.stack([sample.groups, sample.clusters]), axis=1)
    alone = np.flatnonzero(np.bincount(cells[0], minlength=sample.count) == 1).tolist()
    if not alone:
        return
    role = "query" if parameters.query is not None else "cluster"
    names = listing([display.group(found.groups[g]) for g in alone])
    within = ""
    if len(found.levels) > 1:
        within = f" within {level_name(parameters, found, found.levels[level], display)}"
    of = "rows" if measure.form == "whole" else measure.of
    raise MLGatesError(
        f"{parameters.metric} needs {of} of several clusters in every group, and "
        f"{plural(len(alone), 'group')} {'has' if len(alone) == 1 else 'have'} one{within}",
        got=f"one value of {role} {getattr(parameters, role)!r} in {names}",
        want="at least two: what varies between clusters cannot be seen in one",
        fix="add rows of other clusters of these groups, or name the column that tells users, "
        "patients or days apart",
    )


def _wanted(measure: Measure) -> str:
    """What a group has to have for its number to exist."""
    if measure.name in ("balanced_accuracy_score", "roc_auc_score"):
        return "rows of every class"
    if measure.name in ("f1_score", "fbeta_score"):
        return "positives, in truth or predicted,"
    if measure.name == "r2_score":
        return "values that vary"
    return measure.of
