"""What was found in a model file. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A reason not to load a file.

    Attributes:
        where: The part of the file: ``data.pkl in model.zip``, with the byte where that helps.
        what: What is wrong, as the end of a sentence about that part.
        name: The global that would be imported, ``posix.system``; empty where there is none.
        listed: Whether the scanner's own list has that global as dangerous.
        unread: Whether that part could not be read, or not to its end: nobody knows what is in it.
    """

    where: str
    what: str
    name: str = ""
    listed: bool = False
    unread: bool = False


@dataclass(slots=True)
class Judgement:
    """All that was found in one file.

    Attributes:
        kind: What the file is, for people: ``a pickle``, ``safetensors``.
        troubles: Reasons not to load it, worst first where it matters; none if it is safe.
        pointer: Whether it is a pointer of Git LFS: there is nothing to load here.
    """

    kind: str
    troubles: list[Trouble] = field(default_factory=list)
    pointer: bool = False

    @property
    def is_safe(self) -> bool:
        """Whether nothing speaks against loading it."""
        return not self.troubles


class UnreadableError(Exception):
    """A part of a file is broken, encrypted, too large, or of a form that is not understood."""
