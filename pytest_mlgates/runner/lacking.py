"""What a gate cannot be evaluated without, and is not here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.config.pointers import lfs_digest
from pytest_mlgates.core.text import listing

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """What a gate cannot be evaluated without, and is not here.

    Attributes:
        files: Data files, or pointers in their place.
        gpu: Whether a GPU is.
    """

    files: tuple[str, ...] = ()
    gpu: bool = False

    def __bool__(self) -> bool:
        """Whether anything is."""
        return bool(self.files) or self.gpu

    def __str__(self) -> str:
        """In words."""
        told = [f"{listing(self.files, 3)} is not here"] if self.files else []
        return ", ".join([*told, *(["there is no GPU here"] if self.gpu else [])])

    @property
    def wanted(self) -> str:
        """What would do."""
        told = ["the data"] if self.files else []
        return " and ".join([*told, *(["a GPU"] if self.gpu else [])])


def is_away(path: Path) -> bool:
    """Whether a data file is not here, or only a pointer of Git LFS is."""
    return not path.is_file() or lfs_digest(path) is not None
