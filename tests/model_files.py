"""Model files, harmless and hostile, each of which would leave a canary if it ran."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections import OrderedDict
from typing import Any

TORCH_MAGIC = 0x1950A86A20F9469CFC6C
LFS_POINTER = (
    b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"
)


class Calls:
    """An object that calls *function* when it is unpickled."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._made = function, arguments

    def __reduce__(self) -> Any:
        return self._made


def touching(canary: str) -> dict[str, bytes]:
    """Pickles that write *canary*, in many ways, by what they call."""
    command = f"echo x > {canary}"
    source = f"open({canary!r}, 'w').close()"
    text = canary.encode()

    def called(module: str, name: str, *arguments: str) -> bytes:
        """Protocol 0, so that nothing has to be importable here."""
        quoted = b"".join(b"V" + one.encode() + b"\n" for one in arguments)
        return b"c" + module.encode() + b"\n" + name.encode() + b"\n(" + quoted + b"tR."

    def stacked(module: str, name: str, *arguments: str) -> bytes:
        """Protocol 4, with the name put together on the stack."""
        texts = [b"\x8c" + bytes([len(t)]) + t for t in (module.encode(), name.encode())]
        quoted = b"".join(b"X" + struct.pack("<I", len(a)) + a.encode() for a in arguments)
        return b"\x80\x04" + texts[0] + b"\x94" + texts[1] + b"\x94\x93(" + quoted + b"tR."

    return {
        "os.system": called("os", "system", command),
        "posix.system": stacked("posix", "system", command),
        "subprocess": called("subprocess", "getoutput", command),
        "eval": called("builtins", "eval", source),
        "exec": called("builtins", "exec", source),
        "__import__": called("builtins", "__import__", "antigravity"),
        "python2": called("__builtin__", "eval", source),
        "runpy": called("runpy", "run_path", canary),
        "open": b"cbuiltins\nopen\n(V" + text + b"\nVw\ntR.",
        "_io": b"c_io\nopen\n(V" + text + b"\nVw\ntR.",
        "INST": b"(V" + command.encode() + b"\nios\nsystem\n.",
        "OBJ": b"(cos\nsystem\nV" + command.encode() + b"\no.",
        "numpy.load": called("numpy", "load", canary),
        "joblib.load": called("joblib", "load", canary),
        "pandas.read_pickle": called("pandas.io.pickle", "read_pickle", canary),
        "torch.hub": called("torch.hub", "load", canary),
        "torch.storage": called("torch.storage", "_load_from_bytes", canary),
        "f2py": called("numpy.f2py.crackfortran", "getlincoef", source),
        "ufunc": called("numpy._core", "_ufunc_reconstruct", "os", "system"),
        "gzip of sklearn": b"csklearn.datasets._openml\nGzipFile\n(V" + text + b"\nVw\ntR.",
        "joblib's loky": called("joblib.externals.loky.backend.popen_loky_posix", "Popen", canary),
        "memmap": b"cnumpy\nmemmap\n(V" + text + b"\nVu1\nVw+\ntR.",
        "scipy": called("scipy.stats._distn_infrastructure", "rv_continuous", source),
        "NDArrayWrapper": b"cjoblib.numpy_pickle_compat\nNDArrayWrapper\n(V" + text + b"\ntR.",
        "getattr": stacked("builtins", "getattr", "os", "system"),
        "pickle in pickle": pickle.dumps(Calls(pickle.loads, called("os", "system", command)), 4),
        "bytes that are a pickle": pickle.dumps({"weights": called("os", "system", command)}, 4),
        "bytes of protocol 2": pickle.dumps([stacked("os", "system", command)], 2),
        "computed name": b"\x80\x04\x8c\x02os]\x93.",
        "name from the memo": b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94000h\x00h\x01\x93("
        b"X" + struct.pack("<I", len(command)) + command.encode() + b"tR.",
        "dotted name": stacked("collections", "abc.sys.modules", "os"),
        "registry": b"\x80\x02\x82\x01.",
        "runs before it breaks": called("os", "system", command)[:-1] + b"\xff\xff\xff",
        "runs before it ends": called("os", "system", command)[:-1],
        "changes a class": b"csklearn.base\nBaseEstimator\n(N}V__setstate__\ncsklearn.base\n"
        b"BaseEstimator\nstb.",
        "codec": called("_codecs", "encode", "x", "rot13"),
        "second pickle": pickle.dumps(1) + called("os", "system", command),
    }


def zipped(
    files: dict[str, bytes], *, method: int = zipfile.ZIP_STORED, prefix: bytes = b""
) -> bytes:
    made = io.BytesIO(prefix)
    made.seek(0, io.SEEK_END)
    with zipfile.ZipFile(made, "a" if prefix else "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w:") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def torch_zip(data: bytes) -> bytes:
    """As ``torch.save`` writes since 1.6."""
    return zipped(
        {
            "net/data.pkl": data,
            "net/version": b"3\n",
            "net/byteorder": b"little",
            "net/data/0": b"\x78\x9c\x00\x01" * 4,  # numbers that look like zlib
        }
    )


def torch_legacy(*pickles: bytes) -> bytes:
    """As ``torch.save`` wrote before: a magic number, a version, the system, the object, keys."""
    system = {"protocol_version": 1001, "little_endian": True}
    start = [pickle.dumps(one, 2) for one in (TORCH_MAGIC, 1001, system)]
    return b"".join([*start, *pickles]) + struct.pack("<q4f", 4, 1, 2, 3, 4)


def state_dict() -> bytes:
    """The pickle of an ordered mapping of one tensor, as torch writes it (without torch)."""
    return (
        b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x06\x00\x00\x00weightq\x02"
        b"ctorch._utils\n_rebuild_tensor_v2\nq\x03((X\x07\x00\x00\x00storageq\x04"
        b"ctorch\nFloatStorage\nq\x05X\x01\x00\x00\x000q\x06X\x03\x00\x00\x00cpuq\x07K\x04tq\x08Q"
        b"K\x00K\x04\x85q\x09K\x01\x85q\x0a\x89ccollections\nOrderedDict\nq\x0b)Rq\x0ctq\x0dRq\x0es."
    )


def npy(descr: str, payload: bytes, shape: str = "(1,)") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + payload


def safetensors(payload: bytes = b"\0" * 8) -> bytes:
    header = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, len(payload)]}}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + payload


def onnx() -> bytes:
    """``ModelProto``: ir_version 8, producer "x", an empty graph, one opset."""
    return b"\x08\x08\x12\x01x\x3a\x00\x42\x02\x10\x11"


def keras(*layers: dict[str, Any]) -> bytes:
    config = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "m", "layers": list(layers)},
        "registered_name": None,
    }
    return zipped(
        {
            "metadata.json": b'{"keras_version": "3.3.3"}',
            "config.json": json.dumps(config).encode(),
            "model.weights.h5": b"\x89HDF\r\n\x1a\n" + b"\0" * 40,
        }
    )


def layer(name: str, module: str = "keras.layers", **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def harmless() -> dict[str, bytes]:
    """Files that may be loaded."""
    plain = pickle.dumps(OrderedDict(a=[1, 2.5, "x", None, True, (b"y", {3}, frozenset({4}))]))
    relu = {
        "module": "builtins",
        "class_name": "function",
        "config": "relu",
        "registered_name": "function",
    }
    return {
        **{f"protocol{n}.pkl": pickle.dumps(OrderedDict(a=[1, "x"]), n) for n in range(6)},
        "text.pkl": pickle.dumps("cos\nsystem\n"),
        "config.pkl": pickle.dumps(b"config\nvalue\n"),
        "numbers.pkl": pickle.dumps(b"\x80\x04\xff\xff"),
        "two.pkl": plain + plain,
        "plain.pkl.gz": gzip.compress(plain),
        "plain.joblib": zlib.compress(plain),
        "plain.pkl.bz2": bz2.compress(plain),
        "plain.pkl.xz": lzma.compress(plain),
        "plain.pkl.lzma": lzma.compress(plain, lzma.FORMAT_ALONE),
        "several.pkl.gz": gzip.compress(plain[:5]) + gzip.compress(plain[5:]),
        "net.pt": torch_zip(state_dict()),
        "old.pth": torch_legacy(state_dict(), pickle.dumps(["0"], 2)),
        "numbers.npy": npy("'<f8'", b"\0" * 8),
        "fields.npy": npy("[('Outcome', '<f8'), ('x', '<i4', (2,))]", b"\0" * 16),
        "objects.npy": npy("'|O'", pickle.dumps(["x"])),
        "arrays.npz": zipped({"a.npy": npy("'<f8'", b"\0" * 8)}),
        "w.safetensors": safetensors(),
        "m.onnx": onnx(),
        "xgb.json": b'{"learner": {"objective": {}}, "version": [3, 0, 0]}',
        "xgb.ubj": b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner{}}",
        "lgb.model": b"tree\nversion=v4\nnum_class=1\n",
        "m.skops": zipped(
            {"schema.json": b'{"__class__": "Ridge"}', "1.npy": npy("'<f8'", b"\0" * 8)}
        ),
        "m.keras": keras(layer("Dense", units=1, activation=relu), layer("Flatten")),
        "all.tar": tarred({"a.pkl": plain, "readme": b"hello"}),
        "all.tar.gz": tarred({"a.pkl": plain}, "w:gz"),
        "outer.zip": zipped({"inner.zip": zipped({"a.pkl": plain}, method=zipfile.ZIP_DEFLATED)}),
        "pointer.pkl": LFS_POINTER,
    }


def hostile(canary: str) -> dict[str, tuple[bytes, str]]:
    """Files that must be refused, each with a text that the reason must have."""
    calls = touching(canary)
    system = calls["os.system"]
    binary = calls["posix.system"]
    broken_crc = bytearray(zipped({"a.pkl": system}))
    broken_crc[14] ^= 0xFF
    at = bytes(broken_crc).index(b"PK\x01\x02")
    broken_crc[at + 16] ^= 0xFF
    encrypted = bytearray(zipped({"a.pkl": system}))
    encrypted[6] |= 1
    encrypted[bytes(encrypted).index(b"PK\x01\x02") + 8] |= 1
    lambda_layer = layer(
        "Lambda", function={"class_name": "__lambda__", "config": {"code": "4wAA"}}
    )
    utf16 = json.dumps({"class_name": "Lambda", "config": {}}).encode("utf-16")
    return {
        "in.zip": (zipped({"model.pkl": system}), "os.system"),
        "noname.zip": (zipped({"model": system}), "os.system"),
        "deep.zip": (zipped({"a.zip": zipped({"b.bin": binary})}), "posix.system"),
        "bomb.zip": (_bomb(), "unpacks to more than"),
        "crc.zip": (bytes(broken_crc), "cannot be read"),
        "encrypted.zip": (bytes(encrypted), "is encrypted"),
        "cut.zip": (zipped({"a.pkl": system})[:-30], "cannot be read"),
        "twice.zip": (_twice(system), "two files of one name"),
        "prefix.pt": (zipped({"net/data.pkl": state_dict()}, prefix=system), "os.system"),
        "behind.pkl": (pickle.dumps(1) + zipped({"a.pkl": system}), "broken pickle"),
        "net.pt": (torch_zip(system), "os.system"),
        "script.pt": (
            zipped({"n/data.pkl": state_dict(), "n/code/__torch__.py": b"class N(Module):"}),
            "TorchScript",
        ),
        "old.pth": (torch_legacy(binary, pickle.dumps([])), "posix.system"),
        "magic.pth": (system + torch_legacy(state_dict()), "os.system"),
        "keys.pth": (torch_legacy(state_dict(), system), "os.system"),
        "objects.npy": (npy("'|O'", binary), "posix.system"),
        "words.npy": (npy("'object'", binary), "unusual type"),
        "fields.npy": (npy("[('a', '<f8'), ('b', [('c', '|O')])]", binary), "posix.system"),
        "objects.npz": (zipped({"a.npy": npy("'|O'", binary)}), "posix.system"),
        "cut.npy": (npy("'<f8'", b"\0"), "cut off"),
        "model.safetensors": (binary, "posix.system"),
        "model.onnx": (system, "os.system"),
        "model.json": (binary, "posix.system"),
        "model.h5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 40, "HDF5"),
        "model.skops": (zipped({"schema.json": b"{}", "x.pkl": system}), "os.system"),
        "system.pkl.gz": (gzip.compress(system), "os.system"),
        "cut.pkl.gz": (gzip.compress(system + b"0" * 9000)[:-9], "os.system"),
        "system.joblib": (zlib.compress(system), "os.system"),
        "own.joblib": (zlib.compress(b"cmine\nNet\n)R\xff"), "mine.Net"),
        "system.pkl.xz": (lzma.compress(system), "os.system"),
        "bomb.pkl.gz": (gzip.compress(b"\0" * (300 << 20), 1), "unpacks to more than"),
        "model.pkl.zst": (b"\x28\xb5\x2f\xfd" + b"\0" * 20, "Zstandard"),
        "model.7z": (b"7z\xbc\xaf\x27\x1c" + b"\0" * 20, "7z"),
        "system.tar": (tarred({"readme": b"hello", "m": system}), "os.system"),
        "system.tar.gz": (tarred({"m.pkl": system}, "w:gz"), "os.system"),
        "name.tar": (tarred({system[:90].decode(): b""}), "os.system"),
        "cut.tar": (tarred({"m.pkl": pickle.dumps(1)})[:515], "tar archive"),
        "behind.tar": (tarred({"m": b"x"}) + system, "something behind"),
        "lambda.keras": (keras(lambda_layer), "keras.layers.Lambda"),
        "utf16.keras": (zipped({"config.json": utf16}), "Lambda"),
        "module.keras": (keras(layer("system", module="os", command="x")), "os.system"),
        "helper.keras": (keras(layer("get_file", module="keras.utils")), "keras.utils.get_file"),
        "loads.keras": (keras(layer("load_model", module="keras.models")), "load_model"),
        "broken.keras": (zipped({"config.json": b'{"class_name":'}), "no whole JSON"),
        "own.pkl": (b"cmine\nNet\n)R.", "mine.Net"),
        "empty.pkl": (b"", "holds nothing"),
        "noise.pkl": (b"\xff\x00noise", "is no pickle"),
        "noise.onnx": (b"\xff\x00noise", "no format"),
        "cut.pkl": (pickle.dumps([1] * 9)[:-3], "broken pickle"),
        "pointer.pkl": (LFS_POINTER + system, "is no pickle"),
        **{f"{name}.pkl": (content, "") for name, content in calls.items()},
    }


def _twice(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.pkl", pickle.dumps(1))
        archive.filelist[0].filename, kept = "b.pkl", archive.filelist[0].filename
        archive.NameToInfo.clear()
        archive.writestr(kept, content)
        archive.filelist[0].filename = archive.filelist[0].orig_filename = "a.pkl"
    return made.getvalue()


def _bomb() -> bytes:
    """A megabyte that says, and unpacks to, three hundred."""
    return zipped({f"{n}.pkl": b"\0" * (100 << 20) for n in range(3)}, method=zipfile.ZIP_DEFLATED)
