"""What a file is, by its first bytes. Standard library only."""

from __future__ import annotations

import re
from enum import Enum

_LFS = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[\x20-\x7e]+\n)*"
    rb"oid sha256:[0-9a-f]{64}\nsize [0-9]+\n?"
)
_POINTER_BYTES = 1024
_LONGEST_HEADER = 100 << 20  # as safetensors itself allows
_ONNX_FIELDS = {1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26}
_ONNX_GRAPH = 7


class Form(Enum):
    """A format, called as people call it."""

    PICKLE = "a pickle"
    ZIP = "a zip archive"
    TAR = "a tar archive"
    GZIP = "gzip"
    ZLIB = "zlib"
    BZIP2 = "bzip2"
    XZ = "xz"
    LZMA = "lzma"
    LZ4 = "lz4"
    ZSTANDARD = "Zstandard"
    SEVEN_ZIP = "7z"
    RAR = "RAR"
    NPY = "an array of numpy's"
    HDF5 = "HDF5"
    JSON = "JSON"
    SAFETENSORS = "safetensors"
    ONNX = "ONNX"
    LIGHTGBM = "a model of LightGBM's (text)"
    CATBOOST = "a model of CatBoost's"
    XGBOOST = "a model of XGBoost's (UBJSON)"
    XML = "XML"

    @property
    def is_compressed(self) -> bool:
        """Whether one file stands in it, smaller."""
        return self in _COMPRESSED

    @property
    def is_weak(self) -> bool:
        """Whether numbers start like this by accident every now and then."""
        return self in (Form.ZLIB, Form.LZMA)

    @property
    def is_embedded(self) -> bool:
        """Whether bytes that start like this are most likely such a file."""
        return self in _EMBEDDED


_COMPRESSED = {
    *(Form.GZIP, Form.ZLIB, Form.BZIP2, Form.XZ, Form.LZMA, Form.LZ4),
    *(Form.ZSTANDARD, Form.SEVEN_ZIP, Form.RAR),
}
_EMBEDDED = {Form.ZIP, Form.TAR, Form.GZIP, Form.BZIP2, Form.XZ, Form.NPY, Form.HDF5}
_SIGNS = (
    (b"PK\x03\x04", Form.ZIP),
    (b"PK\x05\x06", Form.ZIP),
    (b"\x1f\x8b\x08", Form.GZIP),
    (b"\xfd7zXZ\x00", Form.XZ),
    (b"\x5d\x00\x00", Form.LZMA),
    (b"\x04\x22\x4d\x18", Form.LZ4),
    (b"\x28\xb5\x2f\xfd", Form.ZSTANDARD),
    (b"7z\xbc\xaf\x27\x1c", Form.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Form.RAR),
    (b"\x93NUMPY", Form.NPY),
    (b"\x89HDF\r\n\x1a\n", Form.HDF5),
    (b"tree\n", Form.LIGHTGBM),
    (b"CBM1", Form.CATBOOST),
    (b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner", Form.XGBOOST),
    (b"{L\x00\x00\x00\x00\x00\x00\x00\x06Config", Form.XGBOOST),
    (b"<?xml", Form.XML),
    (b"<PMML", Form.XML),
)
_ZLIB = re.compile(rb"[\x08\x18\x28\x38\x48\x58\x68\x78].", re.DOTALL)


def form_of(data: bytes) -> Form | None:
    """The format that the content of *data* shows; None if it shows none."""
    for sign, form in _SIGNS:
        if data.startswith(sign):
            return form
    if re.match(rb"BZh[1-9]1AY&SY", data):
        return Form.BZIP2
    if re.match(rb"\x80[\x00-\x05]", data):
        return Form.PICKLE
    if data[257:262] == b"ustar":
        return Form.TAR
    if _ZLIB.match(data) and int.from_bytes(data[:2], "big") % 31 == 0:
        return Form.ZLIB
    if is_safetensors(data):
        return Form.SAFETENSORS
    if _is_json(data):
        return Form.JSON
    if is_onnx(data):
        return Form.ONNX
    return None


def is_lfs_pointer(data: bytes) -> bool:
    """Whether *data* is text that stands for a file in Git LFS."""
    return len(data) <= _POINTER_BYTES and _LFS.fullmatch(data) is not None


def is_safetensors(data: bytes) -> bool:
    """Eight bytes with the length of a header, and the header: JSON that says where tensors are."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 10 or not 2 <= length <= min(len(data) - 8, _LONGEST_HEADER):
        return False
    if not data.startswith(b"{", 8):
        return False
    import json

    try:
        header = json.loads(data[8 : 8 + length])
    except ValueError:
        return False
    tensors = [value for key, value in header.items() if key != "__metadata__"]
    ends = [one["data_offsets"][1] for one in tensors if _is_tensor(one)]
    return len(ends) == len(tensors) and max(ends, default=0) == len(data) - 8 - length


def _is_tensor(one: object) -> bool:
    return (
        isinstance(one, dict)
        and {"dtype", "shape", "data_offsets"} <= set(one)
        and isinstance(one["data_offsets"], list)
        and len(one["data_offsets"]) == 2
        and all(type(n) is int for n in one["data_offsets"])
    )


def _is_json(data: bytes) -> bool:
    """Whether *data* is whole JSON with a table or a list outside."""
    start = data[:64].lstrip()
    if start[:1] not in (b"{", b"[") or data[-64:].rstrip()[-1:] not in (b"}", b"]"):
        return False
    import json

    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def is_onnx(data: bytes) -> bool:
    """Whether *data* is, to its last byte, a message with the fields of ONNX's ``ModelProto``."""
    position, seen = 0, set()
    while position < len(data):
        key, position = _varint(data, position)
        field, wire = key >> 3, key & 7
        if field not in _ONNX_FIELDS or wire not in (0, 2):
            return False
        seen.add(field)
        value, position = _varint(data, position)
        if wire == 2:
            position += value
    return position == len(data) and {1, _ONNX_GRAPH} <= seen


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data) and shift < 64:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    return 0, len(data) + 1
