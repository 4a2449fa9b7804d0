"""Whether a GPU is here is asked of the system, and the environment may say otherwise."""

from __future__ import annotations

import pytest

from pytest_mlgates.core import gpu
from pytest_mlgates.core.errors import MLGatesError

LINUX, APPLE = ("Linux", "x86_64"), ("Darwin", "arm64")


@pytest.mark.parametrize("name", ["nvidia0", "nvidia12", "kfd", "dxg"])
def test_a_device_is_a_gpu(tmp_path, name):
    assert not gpu.is_here({}, tmp_path, LINUX)
    (tmp_path / name).touch()
    assert gpu.is_here({}, tmp_path, LINUX)


def test_what_only_controls_a_device_is_none(tmp_path):
    (tmp_path / "nvidiactl").touch()
    assert not gpu.is_here({}, tmp_path, LINUX)


def test_apple_silicon_has_one(tmp_path):
    assert gpu.is_here({}, tmp_path, APPLE)
    assert not gpu.is_here({}, tmp_path, ("Darwin", "x86_64"))


@pytest.mark.parametrize("hidden", ["", "-1", " -1 "])
def test_devices_that_are_hidden_are_not_here(tmp_path, hidden):
    (tmp_path / "nvidia0").touch()
    assert not gpu.is_here({"CUDA_VISIBLE_DEVICES": hidden}, tmp_path, LINUX)
    assert gpu.is_here({"CUDA_VISIBLE_DEVICES": "0"}, tmp_path, LINUX)


def test_the_environment_has_the_last_word(tmp_path):
    assert gpu.is_here({"MLGATES_GPU": "1", "CUDA_VISIBLE_DEVICES": ""}, tmp_path, LINUX)
    assert not gpu.is_here({"MLGATES_GPU": "0"}, tmp_path, APPLE)
    assert gpu.is_here({"MLGATES_GPU": ""}, tmp_path, APPLE)
    with pytest.raises(MLGatesError, match="MLGATES_GPU is not usable"):
        gpu.is_here({"MLGATES_GPU": "yes"}, tmp_path, LINUX)
