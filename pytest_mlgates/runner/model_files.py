"""Whether a model file may be loaded: by its digest, or by what is found in it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import plural, printable
from pytest_mlgates.engines.model_files.judge import judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.config.model_files import ModelFiles
    from pytest_mlgates.engines.model_files.found import Judgement, Trouble

_MOST_SHOWN = 6
# What the kinds of files start with that are opened as pickles, or were not judged at all.
PICKLED = ("a pickle", "a joblib file", "allowed")
SAFE_FORMS = "safetensors, ONNX, skops, XGBoost's JSON"


class Judged(NamedTuple):
    """What is to be said about a file.

    Attributes:
        digest: ``sha256:…`` of the bytes that were judged.
        kind: What the file is, for people.
        reason: Why it is allowed whatever is in it; empty where that was not needed.
        refusal: Why it is not to be loaded; None if it may be.
        pointer: Whether it is a pointer of Git LFS, and nothing was judged.
    """

    digest: str
    kind: str
    reason: str = ""
    refusal: MLGatesError | None = None
    pointer: bool = False


def judged(data: bytes, name: str, settings: ModelFiles) -> Judged:
    """Judge the file *name* with the bytes *data*, which are the ones to be loaded then."""
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if digest in settings.allow:
        return Judged(digest, "allowed by its digest", reason=settings.allow[digest])
    found = judge(data, name, allowed=settings.allow_globals)
    refusal = None if found.is_safe else _refusal(found, name, digest, settings)
    return Judged(digest, found.kind, refusal=refusal, pointer=found.pointer)


def _refusal(found: Judgement, name: str, digest: str, settings: ModelFiles) -> MLGatesError:
    shown = [f"{printable(one.where)}: {printable(one.what)}" for one in found.troubles]
    more = [f"and {plural(len(shown) - _MOST_SHOWN, 'more')}"] if len(shown) > _MOST_SHOWN else []
    return MLGatesError(
        f"model file {name!r} is not safe to load",
        where=name,
        got=("\n" + " " * 9).join([*shown[:_MOST_SHOWN], *more]),
        want=f"a format that runs nothing ({SAFE_FORMS}), or a pickle that imports only what is "
        "known to be harmless",
        fix=_fix(found.troubles, digest, settings),
    )


def _fix(troubles: Sequence[Trouble], digest: str, settings: ModelFiles) -> str:
    if any(one.unread for one in troubles):
        return (
            "it could not be read to its end, so that nobody can say here what loading it would "
            "run: is it the whole file, and a model at all? Write it anew, in one of these formats"
        )
    names = sorted({one.name for one in troubles})
    if names and all(one.name and not one.listed for one in troubles):
        quoted = ", ".join(f'"{name}"' for name in names[:_MOST_SHOWN])
        return (
            "if you know that these do no harm, whatever they are given: "
            f"allow_globals = [{quoted}] in {settings.section}"
        )
    return (
        "write it in one of these formats; or, if you know who made this very file, in "
        f'{settings.section}: allow = [{{ sha256 = "{digest.removeprefix("sha256:")}", '
        'reason = "…" }]'
    )
