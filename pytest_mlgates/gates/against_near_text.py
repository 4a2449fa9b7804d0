"""What a reproducibility gate says of a stored run that a tolerance decides about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.core.text import plural
from pytest_mlgates.gates.against_text import extent, listed, reworded
from pytest_mlgates.gates.reproducibility_tolerance import Nearness, wanted

if TYPE_CHECKING:
    from pytest_mlgates.engines.closeness import Part
    from pytest_mlgates.gates.against_text import Compared

_MOST_SHOWN = 5


def summary(found: Compared, near: Nearness) -> str:
    """One line for the table of a run."""
    head = f"tolerance, against {found.reference}: "
    far = _far(near)
    if not far:
        return f"{head}proven"
    more = f" and {len(far) - 1:,} more" if len(far) > 1 else ""
    return f"{head}disproven, {far[0].path} is beyond{more}"


def message(found: Compared, near: Nearness, level: str) -> str:
    """What, where and by how much, want, why, fix, in the template of the house.

    Args:
        found: The first run beside the stored one.
        near: How far it is from it.
        level: The level that was asked for; limits beside bitwise decide in another environment.
    """
    report, far = found.report, _far(near)
    expected = f"bitwise is not to be expected: {listed(found.deciding)}" if found.deciding else ""
    if not far:
        text = (
            f"{report.name} repeats the stored run {found.reference} within its tolerance (level "
            f"tolerance proven): {plural(len(report.runs), 'run')} in {report.processes}, "
            f"{extent(report.runs[0].fingerprint)}; {_apart(near)}; allowed: "
            f"{wanted(near.allowed)}"
        )
        return f"{text}; {expected}" if expected else text
    what = f"{report.name} does not repeat the stored run {found.reference} within its tolerance "
    what += f"(level tolerance disproven): it is beyond it in {plural(len(far), 'part')} of "
    lines = [f"{what}{len(found.stored.fingerprint.leaves):,}"]
    lines += [f"  - {part.path}: {reworded(part.text)}" for part in far[:_MOST_SHOWN]]
    if len(far) > _MOST_SHOWN:
        lines.append(f"  - and {plural(len(far) - _MOST_SHOWN, 'more part')}")
    if found.divergence is not None:
        lines.append(f"  - first stage that differs: {found.divergence.label!r}")
    if expected:
        lines.append(f"  - {expected}")
    why = "the code, its data or a seed changed since, or a training like this one turns rounding "
    why += "into other results"
    beside = " (beside bitwise, for other environments)" if level == "bitwise" else ""
    lines += [
        f"  want:  {wanted(near.allowed)}{beside}",
        f"  why:   {why}",
        f"  fix:   find the change; if it was meant, {found.command}",
    ]
    return "\n".join(lines)


def _far(near: Nearness) -> list[Part]:
    return [part for part in near.parts[0] if not part.within]


def _apart(near: Nearness) -> str:
    if not near.parts[0]:
        return "equal bit for bit"
    texts = []
    if near.floats:
        ulp = near.most("max_ulp")
        texts.append(f"floats are at most {near.most('max_abs'):.3g} apart")
        texts[0] += f" ({ulp:,} ULP)" if ulp else ""
    if near.flips:
        texts.append(f"at most {float(100 * near.flips):.3g} % of the labels of a part flipped")
    return ", ".join(texts) or "nothing differs"
