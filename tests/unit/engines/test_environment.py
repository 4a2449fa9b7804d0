"""What decides the bits of a result is recorded as plain values, and compared in words."""

from __future__ import annotations

import getpass
import json
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pytest_mlgates.engines import environment as module
from pytest_mlgates.engines.environment import changes, environment

HERE = environment()


def test_it_is_plain_and_names_neither_machine_nor_user_nor_folder():
    text = json.dumps(HERE)
    for secret in (platform.node(), getpass.getuser(), str(Path.cwd()), str(Path.home())):
        assert secret not in text.split('"')
    assert "/" not in text
    assert HERE["packages"]["numpy"] == np.__version__
    assert HERE["byte_order"] == sys.byteorder
    assert HERE["python"] == platform.python_version()


def test_it_is_the_same_in_another_process_and_imports_no_library():
    code = (
        "import json, sys; from pytest_mlgates.engines.environment import environment; "
        "before = set(sys.modules); found = environment(); "
        "print(json.dumps([found, sorted(set(sys.modules) - before)]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    found, imported = json.loads(out.stdout)
    assert changes(HERE, found) == []
    heavy = {"pandas", "torch", "scipy", "sklearn", "polars"}
    assert not {name.partition(".")[0] for name in imported} & heavy


def test_equal_environments_do_not_differ():
    assert changes(HERE, dict(HERE)) == []


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("cpu", "CentaurHauls family 6 model 15", "CPU class"),
        ("simd", "AVX", "CPU class"),
        ("machine", "aarch64", "machine"),
        ("system", "Linux glibc 2.17", "operating system"),
        ("blas", "accelerate", "BLAS"),
        ("threads", 997, "threads"),
        ("packages", {"numpy": "1.0"}, "numpy"),
        ("settings", {**HERE["settings"], "OMP_NUM_THREADS": "61"}, "OMP_NUM_THREADS"),
        ("gpu", "A100, CUDA 12.4, cuDNN 9", "GPU"),
        ("python", "2.7.18", "Python"),
    ],
)
def test_what_decides_bits_is_named(key, value, name):
    (found,) = changes({**HERE, key: value}, HERE)
    assert found.decides
    assert found.name == name
    assert found.text.startswith(f"{name} differs (stored ")


def test_the_patch_release_of_python_is_told_and_decides_nothing():
    other = ".".join([*HERE["python"].split(".")[:2], "99"])
    (found,) = changes({**HERE, "python": other}, HERE)
    assert not found.decides


def test_a_package_that_one_process_alone_imported_is_no_difference():
    packages = {**HERE["packages"], "torch": "2.9.0"}
    assert changes({**HERE, "packages": packages}, HERE) == []


def test_model_and_instructions_of_a_cpu_are_one_change():
    (found,) = changes({**HERE, "cpu": "GenuineIntel family 6 model 1", "simd": "AVX"}, HERE)
    assert found.stored == "GenuineIntel family 6 model 1, AVX"


def test_threads_are_those_that_are_asked_for(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    found = environment()
    assert found["threads"] == 3
    assert found["settings"]["OMP_NUM_THREADS"] == "3"


INTEL = "processor: 0\nvendor_id: GenuineIntel\ncpu family: 6\nmodel: 85\nflags: sse4_2 avx avx2\n"
ARM = "processor: 0\nFeatures: fp asimd sve\nCPU implementer: 0x41\nCPU part: 0xd40\n"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (INTEL, ("GenuineIntel family 6 model 85", "AVX2")),
        (f"{INTEL}\n{ARM}", ("GenuineIntel family 6 model 85", "AVX2")),
        (ARM, ("ARM implementer 0x41 part 0xd40", "SVE")),
    ],
)
def test_the_cpu_is_read_from_what_the_kernel_says(text, want, monkeypatch, tmp_path):
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(module, "Path", lambda _: tmp_path / "cpuinfo")
    assert module._cpu() == want


def test_where_the_kernel_says_nothing_the_platform_is_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "Path", lambda _: tmp_path / "none")
    assert module._cpu() == (platform.processor(), "")
