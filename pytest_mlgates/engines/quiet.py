"""Silence around the code of users: what it prints and warns of may quote values."""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import os
import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """Nothing that is printed, logged, warned of or written to descriptors 1 and 2 gets out."""
    disabled = logging.root.manager.disable
    with (
        _descriptor_muted(1),
        _descriptor_muted(2),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        logging.disable(sys.maxsize)
        try:
            yield
        finally:
            logging.disable(disabled)


@contextlib.contextmanager
def _descriptor_muted(descriptor: int) -> Iterator[None]:
    """What native code and child processes write goes nowhere; a closed descriptor stays so."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(Exception):  # what is buffered was written before
            if stream is not None:
                stream.flush()
    kept = None
    with contextlib.suppress(OSError):
        kept = os.dup(descriptor)
    if kept is None:
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
        yield
    finally:
        # A stream that buffers must not bring out later what was written to it meanwhile.
        for stream in (sys.__stdout__, sys.__stderr__):
            with contextlib.suppress(Exception):
                if stream is not None:
                    stream.flush()
        with contextlib.suppress(Exception):
            ctypes.CDLL(None).fflush(None)
        os.dup2(kept, descriptor)
        os.close(kept)
