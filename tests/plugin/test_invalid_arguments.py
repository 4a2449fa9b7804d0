"""Misused markers are collection errors that name their test."""

from __future__ import annotations

import pytest

MISUSES = [
    pytest.param(
        'metric("accuracy", mn=0.8)',
        ["unknown argument 'mn'", "  want:  one of *", "  fix:   did you mean 'min'?"],
        id="unknown argument",
    ),
    pytest.param(
        'metric("acuracy", min=0.8)', ["*'acuracy'*", "*did you mean 'accuracy'?*"], id="metric"
    ),
    pytest.param(
        'metric("accuracy", min=float("nan"))',
        ["min is not usable", "  got:   nan", "  want:  a finite number"],
        id="NaN bound",
    ),
    pytest.param('metric("accuracy", min=80)', ["*80*"], id="bound out of range"),
    pytest.param(
        'metric("accuracy", min="high")', ["min is not usable", "  got:   'high'"], id="text"
    ),
    pytest.param('metric("accuracy", y_true="label")', ["*bound*"], id="no bound"),
    pytest.param("metric(min=0.8)", ["metric is missing"], id="no metric"),
    pytest.param(
        'metric("accuracy", 0.8)',
        ["metric takes at most 1 positional arguments", "  want:  metric, then keywords"],
        id="positional bound",
    ),
    pytest.param(
        'fairness("demographic_parity", max=0.1, by="sex")',
        ["*'demographic_parity'*", "*did you mean 'demographic_parity_*"],
        id="fairness metric",
    ),
    pytest.param(
        'fairness("demographic_parity_difference", max=0.1)',
        ["by is missing", "  want:  a column of the table, or several", '  fix:   by="sex"'],
        id="no by",
    ),
    pytest.param(
        "reproducibility(runs=1)",
        ["runs = 1 compares nothing", "  fix:   runs=2 or more, *"],
        id="one run",
    ),
    pytest.param(
        'mlgates_metric("accuracy", mn=0.8)', ["unknown argument 'mn'"], id="prefixed marker"
    ),
    pytest.param(
        'metrc("accuracy", min=0.8)',
        [
            "unknown marker 'metrc' on a test that requests `mlgate`",
            "  where: *::test_model",
            "  fix:   did you mean @pytest.mark.metric?",
        ],
        id="misspelt marker",
    ),
]


@pytest.mark.parametrize("marker, lines", MISUSES)
def test_a_misused_marker_is_a_collection_error_that_names_its_test(project, marker, lines):
    project.makepyfile(
        test_a=f"""
        import pytest

        @pytest.mark.{marker}
        def test_model(mlgate, good):
            mlgate(**good)

        def test_other():
            pass
    """
    )
    result = project.runpytest_inprocess("-W", "ignore::pytest.PytestUnknownMarkWarning")
    assert result.ret == 2
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ERROR collecting test_a.py*"])
    result.stdout.fnmatch_lines(lines)
    result.stdout.fnmatch_lines(["*test_a.py::test_model*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*site-packages*")


def test_all_misused_markers_of_a_module_are_told_at_once(project):
    project.makepyfile(
        test_a="""
        import pytest

        @pytest.mark.metric("accuracy", mn=0.8)
        def test_one(mlgate): pass

        @pytest.mark.metric("f1", mx=0.8)
        def test_two(mlgate): pass
    """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "unknown argument 'mn'",
            "  where: test_a.py::test_one @pytest.mark.metric(*",
            "unknown argument 'mx'",
            "  where: test_a.py::test_two @pytest.mark.metric(*",
        ]
    )


def test_misused_markers_never_end_with_0_under_xdist(project):
    project.makepyfile(
        test_a="""
        import pytest

        @pytest.mark.metric("accuracy", mn=0.8)
        def test_model(mlgate, good):
            mlgate(**good)

        def test_other(): pass
    """
    )
    result = project.runpytest_subprocess("-n", "2")
    assert result.ret == 1  # pytest-xdist tells of collection errors as of failures
    result.stdout.fnmatch_lines(["unknown argument 'mn'", "  where: test_a.py::test_model *"])


@pytest.mark.parametrize(
    ("test", "arguments", "code"),
    [
        ("test_passes", [], 0),
        ("test_fails", [], 1),
        ("test_misuses", [], 1),
        ("test_has_no_table", [], 1),
        ("test_evaluates_nothing", [], 1),
        ("test_passes", ["--mlgates-examples", "x"], 4),
        ("test_passes", ["--mlgates-config", "none.toml"], 4),
    ],
)
def test_the_exit_code_says_what_went_wrong(project, test, arguments, code):
    project.makepyfile(
        test_a="""
        import pytest

        def test_passes(mlgate, good): mlgate.metric(good, "accuracy", min=0.5)
        def test_fails(mlgate, bad): mlgate.metric(bad, "accuracy", min=0.5)
        def test_misuses(mlgate, good): mlgate.metric(good, "acuracy", min=0.5)
        def test_has_no_table(mlgate): mlgate.metric("none.csv", "accuracy", min=0.5)

        @pytest.mark.metric("accuracy", min=0.5)
        def test_evaluates_nothing(mlgate): pass
    """
    )
    assert project.runpytest_inprocess(f"test_a.py::{test}", *arguments).ret == code


def test_a_misused_marker_lets_other_tests_run_only_on_request(project):
    project.makepyfile(
        test_a="""
        import pytest

        @pytest.mark.metric("acuracy", min=0.5)
        def test_model(mlgate, good): mlgate(**good)
    """,
        test_b="def test_other(): pass",
    )
    result = project.runpytest_inprocess()
    assert result.ret == 2
    result.assert_outcomes(errors=1)
    result = project.runpytest_inprocess("--continue-on-collection-errors")
    assert result.ret == 1
    result.assert_outcomes(errors=1, passed=1)


def test_misuse_in_a_nested_configuration_is_a_collection_error_of_its_tests(project):
    sub = project.mkdir("package")
    (sub / "mlgates.toml").write_text("confidnce = 0.9\n")
    (sub / "test_m.py").write_text("""
import pytest

@pytest.mark.metric("accuracy", min=0.5)
def test_it(mlgate, good):
    mlgate(**good)
""")
    result = project.runpytest_inprocess()
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*unknown key 'confidnce'*", "*did you mean 'confidence'?*"])


def test_a_registered_marker_with_a_similar_name_belongs_to_the_project(project):
    project.makeini("[pytest]\nmarkers =\n    metrics(name): of the business")
    project.makepyfile("""
        import pytest

        @pytest.mark.metrics("revenue")
        def test_model(mlgate, good):
            mlgate.metric(None, "accuracy", min=0.8, **good)
    """)
    project.runpytest_inprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "call, lines",
    [
        ('mlgate.metric(None, "accuracy", **good)', ["*bound*"]),
        ('mlgate.metric("no.csv", "accuracy", min=0.8)', ["*no.csv*"]),
        ('mlgate.fairness(None, "disparate_impact", by="sex", **good)', ["*'sex' is not in *"]),
        (
            'mlgate.metric(None, "accuracy", min=0.8, y_pred=[1, None], y_true=[1, 0])',
            ["*missing*"],
        ),
        (
            'mlgate.data_schema("no.csv", "no.json")',
            ["no file matches 'no.csv'", "suite 'no.json' cannot be read"],
        ),
        ("mlgate.reproducibility(3)", ["*callable*"]),
    ],
)
def test_misuse_in_a_call_fails_the_test_without_our_traceback(project, call, lines):
    project.makepyfile(
        test_a=f"""
        def test_model(mlgate, good):
            {call}
    """
    )
    result = project.runpytest_inprocess("-l", "--tb=long")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(lines)
    place = r"(  where: |2 mistakes in ).*test_a\.py::test_model"
    result.stdout.re_match_lines([place, r"test_a\.py:2: .*Error"])
    result.stdout.fnmatch_lines([" 1 gate: 0 passed, 0 failed, 1 error, 0 waived"])
    for line in result.outlines:
        assert "pytest_mlgates/" not in line
        assert "Traceback" not in line


def test_misuse_keeps_no_table_alive_until_the_process_ends(project):
    """DuckDB's binding would print a page about leaks."""
    project.makepyfile("""
        def test_model(mlgate, good):
            mlgate.metric(None, "accuracy", **good)
    """)
    result = project.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    assert not result.errlines
