"""The steps of a pipeline are stages of themselves, and pipelines do what they always did."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pytest
import sklearn.pipeline
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from pytest_mlgates import MLGatesError, reproducibility
from pytest_mlgates.integrations.sklearn_trace import _watching

ROWS = np.random.default_rng(0).normal(size=(60, 4))
LABELS = (ROWS[:, 0] > 0).astype(int)


class Noise(TransformerMixin, BaseEstimator):
    """Jitter, with a generator of its own that nobody seeds."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return X + np.random.default_rng().normal(size=X.shape)


def plain(noise=False, seed=7, memory=None):
    steps = [("scaler", StandardScaler()), ("no", "passthrough")]
    steps += [("noise", Noise())] if noise else []
    # Many trees: two drawings of few may agree in all that they predict.
    model = RandomForestClassifier(40, random_state=seed)
    return Pipeline([*steps, ("model", model)], memory=memory).fit(ROWS, LABELS).predict_proba(ROWS)


def nested():
    branches = [
        ("a", make_pipeline(StandardScaler(), MinMaxScaler()), [0, 1]),
        ("b", StandardScaler(), [2]),
        ("c", "passthrough", [3]),
    ]
    inner = Pipeline([("scaler", StandardScaler()), ("pca", PCA(2))])
    union = FeatureUnion([("one", StandardScaler()), ("none", "drop")])
    steps = [("prepare", ColumnTransformer(branches)), ("inner", inner), ("union", union)]
    return Pipeline([*steps, ("model", LogisticRegression())]).fit(ROWS, LABELS).predict(ROWS)


def stages(function, **options):
    verdict = reproducibility(function, **options)
    assert verdict.passed, verdict.message
    return [one["stage"] for one in verdict.details[0]["stages"]]


def differs(function, **options):
    verdict = reproducibility(function, **options)
    assert not verdict.passed
    return verdict.message


STEPS = ["pipeline.input", "pipeline.scaler", "pipeline.scaler.output", "pipeline.model"]


@pytest.mark.parametrize("fresh", [False, True], ids=["here", "fresh"])
def test_each_step_is_a_stage_with_what_it_hands_on(fresh):
    assert stages(plain, fresh_process=fresh) == STEPS


@pytest.mark.parametrize("fresh", [False, True], ids=["here", "fresh"])
def test_the_step_that_differs_is_named(fresh):
    message = differs(partial(plain, noise=True), fresh_process=fresh)
    assert "from stage 'pipeline.noise.output' on" in message
    message = differs(partial(plain, seed=None), fresh_process=fresh)
    assert "from stage 'pipeline.model' on" in message
    assert "the global generator numpy.random" in message


def test_pipelines_and_column_transformers_within_are_taken_apart():
    assert stages(nested) == [
        "pipeline.input",
        "pipeline.prepare.a.standardscaler",
        "pipeline.prepare.a.minmaxscaler",
        "pipeline.prepare.b",
        *(["pipeline.prepare.c"] if _names_passed_columns() else []),
        "pipeline.prepare.output",
        "pipeline.inner.scaler",
        "pipeline.inner.scaler.output",
        "pipeline.inner.pca",
        "pipeline.inner.output",
        "pipeline.union.one",
        "pipeline.union.output",
        "pipeline.model",
    ]


def _names_passed_columns():
    """Since scikit-learn 1.4 a column transformer puts an estimator where columns pass."""
    fitted = ColumnTransformer([("c", "passthrough", [3])]).fit(ROWS)
    return not isinstance(fitted.transformers_[0][1], str)


def test_several_fits_are_numbered():
    def twice():
        return [plain(), plain()]

    found = [one for one in stages(twice) if "model" in one]
    assert found == ["pipeline.model", "pipeline.model 2"]


@pytest.mark.parametrize("jobs", [None, 2])
def test_a_search_over_pipelines_is_the_same_with_any_number_of_jobs(jobs):
    def search():
        pipe = Pipeline([("scaler", StandardScaler()), ("model", LogisticRegression())])
        return (
            GridSearchCV(pipe, {"model__C": [0.1, 1.0]}, cv=2, n_jobs=jobs)
            .fit(ROWS, LABELS)
            .predict(ROWS)
        )

    assert stages(search)


def test_pipelines_of_other_threads_finish_in_any_order_and_are_no_stages():
    def threaded():
        threads = [threading.Thread(target=plain) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return ROWS * 2

    assert stages(threaded) == []


def test_steps_are_recorded_with_a_memory_and_its_cache_is_used(tmp_path):
    plain(memory=str(tmp_path))  # outside of a run
    written = {file for file in tmp_path.rglob("*") if file.is_file()}
    assert written
    first = stages(partial(plain, memory=str(tmp_path)))
    assert first == stages(plain)
    assert stages(partial(plain, memory=str(tmp_path))) == first
    assert {file for file in tmp_path.rglob("*") if file.is_file()} == written


def test_a_memory_that_one_run_fills_for_the_next_is_refused(tmp_path):
    with pytest.raises(MLGatesError, match="read a file that run 1 had written"):
        stages(partial(plain, memory=str(tmp_path / "new")))


def test_what_differs_in_a_step_alone_is_no_difference_of_the_training():
    """Only the user knows what counts: what is returned, and what is traced by name."""

    def harmless():
        Pipeline([("noise", Noise()), ("model", LogisticRegression())]).fit(ROWS, LABELS)
        return ROWS * 2

    assert "pipeline.noise.output" in stages(harmless)
    warning = "'pipeline.noise.output' differs between the runs, and the result does not show it"
    assert warning in reproducibility(harmless).warnings[0]
    assert reproducibility(plain).warnings == ()


def test_a_search_within_a_pipeline_is_its_best_estimator_and_not_its_times():
    def search(seed):
        model = RandomForestClassifier(15, random_state=seed)  # unseeded, 3 trees were once alike
        found = GridSearchCV(model, {"max_depth": [1, 2]}, cv=2)
        return make_pipeline(StandardScaler(), found).fit(ROWS, LABELS).predict_proba(ROWS)

    assert "pipeline.gridsearchcv" in stages(partial(search, 7))
    message = differs(partial(search, None))
    assert "from stage 'pipeline.gridsearchcv' on" in message
    assert "time" not in message


def test_fit_transform_and_fit_predict_are_recorded_too():
    def transformed():
        return make_pipeline(StandardScaler(), PCA(2)).fit_transform(ROWS)

    def clustered():
        model = KMeans(2, n_init=1, random_state=1)
        return make_pipeline(StandardScaler(), model).fit_predict(ROWS)

    assert stages(transformed)[-1] == "pipeline.pca"
    assert stages(clustered)[-1] == "pipeline.kmeans"


def test_a_step_without_a_fingerprint_is_no_stage_and_no_mistake():
    class Odd(Noise):
        def transform(self, X):
            self.odd_ = object()
            return X

    def odd():
        return make_pipeline(Odd(), LogisticRegression()).fit(ROWS, LABELS).predict(ROWS)

    assert "pipeline.odd" not in stages(odd)
    assert "pipeline.logisticregression" in stages(odd)


def test_an_error_of_a_step_is_that_of_the_step():
    with _watching(), pytest.raises(ValueError, match="inconsistent"):
        make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, LABELS[:3])
    assert plain().shape == (60, 2)


def test_pipelines_are_as_available_documented_and_picklable_as_before():
    pipe = Pipeline([("scaler", StandardScaler()), ("model", LogisticRegression())])
    outside = {
        name: (hasattr(pipe, name), str(inspect.signature(getattr(Pipeline, name))))
        for name in ("fit", "fit_transform", "fit_predict")
    }
    signature = inspect.signature(pipe.fit)
    with _watching():
        assert vars(Pipeline)["fit"] is not sklearn.pipeline.Pipeline.fit
        within = {
            name: (hasattr(pipe, name), str(inspect.signature(getattr(Pipeline, name))))
            for name in outside
        }
        assert within == outside
        assert inspect.signature(pipe.fit) == signature
        assert pickle.loads(pickle.dumps(pipe.fit)) is not None
        jobs = Parallel(n_jobs=2)(delayed(pipe.fit)(ROWS, LABELS) for _ in range(2))
        assert len(jobs) == 2


def test_after_the_run_nothing_is_left():
    before = {name: vars(Pipeline)[name] for name in ("fit", "fit_transform", "fit_predict")}
    check = sklearn.pipeline.check_memory
    with _watching(), _watching():
        assert vars(Pipeline)["fit"] is not before["fit"]
    assert {name: vars(Pipeline)[name] for name in before} == before
    assert sklearn.pipeline.check_memory is check


def test_a_pipeline_that_the_function_imports_is_recorded_and_nothing_imports_it_for_us(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import sys\n"
        "from pytest_mlgates import reproducibility\n"
        "def train():\n"
        "    import numpy as np\n"
        "    from sklearn.pipeline import make_pipeline\n"
        "    from sklearn.preprocessing import StandardScaler\n"
        "    return make_pipeline(StandardScaler()).fit_transform(np.eye(3))\n"
        "def plain():\n"
        "    return [1.0, 2.0]\n"
        "reproducibility(plain)\n"
        "assert 'sklearn' not in sys.modules\n"
        "verdict = reproducibility(train)\n"
        "print(*[one['stage'] for one in verdict.details[0]['stages']], verdict.outcome)\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout.split() == ["pipeline.input", "pipeline.standardscaler", "passed"], (
        done.stderr
    )
