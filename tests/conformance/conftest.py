"""Great Expectations on pandas, the oracle of the conformance tests; and a Spark of two cores."""

from __future__ import annotations

import warnings

import pytest


@pytest.fixture(scope="module")
def gx_pandas():
    """``(pandas frame, suite) → results in order``, in one context."""
    from tests.conformance.oracle import fields_of

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        asset = context.data_sources.add_pandas("oracle").add_dataframe_asset("table")
        whole = asset.add_batch_definition_whole_dataframe("whole")

    def evaluate(frame, suite):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            asked = [{**e, "meta": {"at": at}} for at, e in enumerate(suite)]
            found = whole.get_batch(batch_parameters={"dataframe": frame}).validate(
                gx.ExpectationSuite(name="oracle", expectations=asked),
                result_format="BASIC",
            )
        by_place = {r.expectation_config.meta["at"]: r for r in found.results}
        return [fields_of(by_place[at]) for at in range(len(suite))]

    return evaluate


@pytest.fixture(scope="module")
def spark():
    sql = pytest.importorskip("pyspark.sql")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        builder = sql.SparkSession.builder.master("local[2]").appName("mlgates")
        for key, value in {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.driver.bindAddress": "127.0.0.1",
        }.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        yield session
        session.stop()
