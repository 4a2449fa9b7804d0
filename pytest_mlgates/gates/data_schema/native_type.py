"""What a native expectation is made of; the modules of checks each export some of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlgates.gates.data_schema.arguments import Argument
    from pytest_mlgates.gates.data_schema.results import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeType:
    """One native expectation.

    Attributes:
        arguments: What it takes.
        check: How it is evaluated.
        label: What it is called beside its column: ``price between``.
        wants: What it wants of its arguments, in words: ``at least 0``.
        conditioned: Whether it takes a ``row_condition``.
        mistakes: What is wrong with arguments that are each fine by themselves.
    """

    arguments: tuple[Argument, ...]
    check: Check
    label: str
    wants: Callable[[Mapping[str, Any]], str]
    conditioned: bool = True
    mistakes: Callable[[Mapping[str, Any]], list[str]] | None = None
