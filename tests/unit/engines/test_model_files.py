"""Model files are judged rightly, and nothing in them runs."""

from __future__ import annotations

import io
import pickle
import sys

import pytest

from pytest_mlgates.engines.model_files.judge import judge
from tests.model_files import harmless, hostile, state_dict, touching, zipped

HOSTILE = hostile("canary")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory that stays empty: every payload would write into it."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert list(tmp_path.iterdir()) == []
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize("name", harmless())
def test_a_harmless_file_passes(name, folder):
    found = judge(harmless()[name], name)
    assert found.troubles == []
    assert found.pointer == (name == "pointer.pkl")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_the_reason(name, folder):
    content, words = HOSTILE[name]
    found = judge(content, name)
    assert found.troubles
    assert words in "\n".join(f"{one.where} {one.what}" for one in found.troubles)


@pytest.mark.parametrize("name", touching("canary"))
@pytest.mark.parametrize("called", ["model.onnx", "weights.safetensors", "model.dat"])
def test_another_name_hides_nothing(name, called, folder):
    assert judge(touching("canary")[name], called).troubles


def test_dangerous_globals_come_first_and_are_told_even_where_the_rest_is_broken(folder):
    content = b"cmine\nNet\n0" + touching("canary")["runs before it breaks"]
    first, *others = judge(content, "m.pkl").troubles
    assert (first.name, first.listed) == ("os.system", True)
    assert {one.name for one in others} == {"mine.Net", ""}


def test_the_payloads_would_run_if_they_were_loaded(tmp_path, monkeypatch):
    """Else nothing above would be shown by an empty folder."""
    monkeypatch.chdir(tmp_path)
    pickle.loads(touching("canary")["os.system"])
    assert (tmp_path / "canary").exists()


def test_the_user_allows_a_global_and_none_that_is_listed():
    own, system = b"cmine\nNet\n)R.", touching("canary")["os.system"]
    assert judge(own, "m.pkl", allowed={"mine.Net"}).is_safe
    assert not judge(own, "m.pkl", allowed={"mine", "mine.*", "Net"}).is_safe
    assert not judge(system, "m.pkl", allowed={"os.system"}).is_safe


def test_archives_in_archives_end():
    content = pickle.dumps(1)
    for _ in range(12):
        content = zipped({"a.zip": content})
    assert "archives deep" in judge(content, "a.zip").troubles[-1].what


def test_values_that_share_their_parts_take_no_time():
    """A tuple of a tuple twice, sixty times: nothing may hash, compare or print it."""
    shared = b"N" + b"q\x000h\x00h\x00\x86" * 60 + b"q\x010"
    for use in (
        b"c_codecs\nencode\n(Vx\nh\x01tR.",
        b"h\x01)R.",
        (
            b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(Vshape\n(K\x01tVdtype\n"
            b"cnumpy\ndtype\n(h\x01tRub."
        ),
    ):
        assert not judge(b"\x80\x02" + shared + use, "m.pkl").is_safe


def test_nothing_heavy_is_imported_to_judge_a_file():
    code = (
        "import sys; from pytest_mlgates.engines.model_files.judge import judge\n"
        "from tests.model_files import safetensors, onnx\n"
        "assert judge(safetensors(), 'a').is_safe and judge(onnx(), 'b').is_safe\n"
        "print(sorted({'numpy', 'picklescan', 'duckdb', 'pandas'} & set(sys.modules)))"
    )
    import os
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.strip() == "[]"


class TestJoblib:
    """joblib's files hold the bytes of arrays between the opcodes."""

    joblib = pytest.importorskip("joblib")
    np = pytest.importorskip("numpy")

    def dumped(self, value, **given):
        made = io.BytesIO()
        self.joblib.dump(value, made, **given)
        return made.getvalue()

    @pytest.mark.parametrize(
        "compress", [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)]
    )
    def test_arrays_of_every_kind(self, compress):
        np = self.np
        value = {
            "floats": np.arange(1000.0),
            "texts": np.array(["cos\nsystem\n", "b"]),
            "fields": np.zeros(3, dtype=[("a", "f8"), ("b", "i4", (2,))]),
            "none": np.zeros((0, 4)),
            "objects": np.array(["x", None, np.datetime64("2020-01-01"), slice(1)], dtype=object),
            "days": np.array(["2020-01-01"], dtype="M8[D]"),
            "fortran": np.asfortranarray(np.ones((3, 2))),
            "after": ["x"],
        }
        found = judge(self.dumped(value, compress=compress), "m.joblib")
        assert found.troubles == []
        assert found.kind.startswith("a joblib file")

    def test_every_estimator_of_scikit_learn_passes(self):
        utils = pytest.importorskip("sklearn.utils")
        refused = {}
        for name, kind in utils.all_estimators():
            module = kind.__module__.encode()
            estimator = b"c%b\n%b\n)R." % (module, name.encode())
            found = judge(estimator, "m.joblib")
            if not found.is_safe:
                refused[name] = [one.what for one in found.troubles]
        assert refused == {}

    def test_a_fitted_pipeline_passes(self):
        pytest.importorskip("sklearn")
        pipeline = fitted_pipeline()
        for compress in (0, 3):
            assert judge(self.dumped(pipeline, compress=compress), "m.joblib").troubles == []

    def test_a_pickle_in_an_array_of_objects_is_seen(self):
        np = self.np
        evil = np.array([Evil()], dtype=object)
        found = judge(self.dumped({"a": evil, "b": np.ones(3)}), "m.joblib")
        assert [one.name for one in found.troubles] == ["posix.system"]

    def test_the_bytes_of_an_array_are_opcodes_to_a_plain_reader(self):
        np = self.np
        harmless = self.dumped({"a": np.zeros(160, dtype="u1"), "b": 1})
        pad = harmless.index(b"\xff\x00\x00")
        while harmless[pad] == 0xFF:
            pad -= 1
        # joblib skips the padding, which starts with the byte that says how long it is.
        payload = b"2cmine\nrun\n."  # DUP, GLOBAL
        longer = ord("2") - harmless[pad]
        content = harmless[:pad] + payload + b"\0" * (51 - len(payload)) + bytes(160)
        content += harmless[pad + harmless[pad] + 161 :]
        assert longer > 0
        assert self.joblib.load(io.BytesIO(content))["a"].shape == (160,)
        assert [one.name for one in judge(content, "m.joblib").troubles] == ["mine.run"]

    def test_types_that_share_their_fields_take_no_time(self):
        np = self.np
        kind = np.dtype("f8")
        for _ in range(8):
            kind = np.dtype([(f"f{n}", kind) for n in range(6)])
        assert kind.itemsize == 8 * 6**8
        found = judge(self.dumped(np.zeros(0, dtype=kind)), "m.joblib")
        assert any("too many fields" in one.what for one in found.troubles)

    def test_an_array_that_is_cut_off_is_refused(self):
        assert not judge(self.dumped(self.np.ones(100))[:-200], "m.joblib").is_safe


class Evil:
    def __reduce__(self):
        import os

        return os.system, ("echo x > canary",)


def fitted_pipeline():
    import numpy as np
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        RandomForestClassifier,
        StackingClassifier,
    )
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    rows = np.random.default_rng(0).integers(0, 5, (60, 3)).astype(float)
    return make_pipeline(
        make_column_transformer(
            (StandardScaler(), [0]), (OneHotEncoder(), [1]), (FunctionTransformer(np.log1p), [2])
        ),
        StackingClassifier(
            [
                ("forest", RandomForestClassifier(3, random_state=0)),
                ("boosted", HistGradientBoostingClassifier(max_iter=2, random_state=0)),
            ],
            cv=2,
        ),
    ).fit(rows, rows[:, 0] > 2)


def test_a_tensor_of_torch_is_rebuilt_by_known_functions():
    assert judge(state_dict(), "w.pt").troubles == []
