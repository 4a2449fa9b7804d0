"""Fingerprints that may not change without a new ``hashing.FORM``.

What is stored with one version is compared by another. Where the canonical form changes on
purpose: raise ``FORM``, write the file anew with

    PYTHONPATH=. python tests/unit/engines/golden_values.py > \
        tests/unit/engines/golden_fingerprints.json

and say so in CHANGELOG.md: stored fingerprints have to be stored again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from pytest_mlgates.engines import hashing
from pytest_mlgates.engines.fingerprint import fingerprint
from tests.unit.engines import golden_values

GOLDEN = json.loads(golden_values.FILE.read_text(encoding="utf-8"))
FIX = f"the canonical form changed; on purpose? {__doc__.partition(chr(10))[2].strip()}"


@pytest.fixture(scope="module")
def here():
    return golden_values.everything()


def test_the_file_is_of_the_form_of_this_version():
    assert GOLDEN["form"] == hashing.FORM.decode(), FIX


@pytest.mark.parametrize("name", GOLDEN["fingerprints"])
def test_a_fingerprint_is_what_it_always_was(here, name):
    library = name.partition(".")[0]
    if name in golden_values.LIBRARIES:
        pytest.importorskip(library)
    assert here["fingerprints"][name] == GOLDEN["fingerprints"][name], FIX


def test_every_value_has_its_place_in_the_file(here):
    assert set(here["fingerprints"]) <= set(GOLDEN["fingerprints"])


@pytest.mark.parametrize("seed", ["0", "12345"])
def test_another_process_with_another_hash_seed_makes_the_same(here, seed):
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    said = subprocess.run(
        [sys.executable, golden_values.__file__],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(said.stdout) == here


@pytest.mark.parametrize(
    "same",
    [
        lambda array: array.astype(">f8"),
        np.asfortranarray,
        lambda array: np.repeat(array, 2, axis=0)[::2],
        lambda array: np.repeat(array, 2, axis=1)[:, ::2],
        lambda array: array[::-1].copy()[::-1],
    ],
    ids=["big-endian", "Fortran", "every other row", "every other column", "reversed"],
)
def test_the_layout_in_memory_is_no_part_of_a_golden_array(same):
    made = fingerprint(same(golden_values.numbers()))
    assert made.digest == GOLDEN["fingerprints"]["floats"]["digest"]
    assert made.identity == GOLDEN["fingerprints"]["floats"]["identity"]
    assert made.sealed().leaves[""].rows == GOLDEN["fingerprints"]["floats"]["rows"][""]
