"""Regular expressions mean ``re.search``: proven by the parse, searched by the engine."""

from __future__ import annotations

import re
import warnings

import narwhals.stable.v2 as nw
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.engines.text import can_search, contains
from pytest_mlgates.gates.data_schema.regex import NOT_ASCII, native_form

pl = pytest.importorskip("polars")
duckdb = pytest.importorskip("duckdb")
pd = pytest.importorskip("pandas")

BACKENDS = {
    "polars": lambda frame: frame,
    "lazy": lambda frame: frame.lazy(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}
if pd.Series(["a"]).dtype == "str":  # from pandas 3 on, where texts are Arrow's and go to RE2
    BACKENDS["pandas"] = lambda frame: frame.to_pandas()
    BACKENDS["pandas arrow"] = lambda frame: frame.to_pandas(use_pyarrow_extension_array=True)
# Letters whose case, digits and spaces whose kind, and line ends on which engines differ.
LETTERS = (
    "aAbkK\u212asS\u017fiI\u0130\u0131\u00e9\u00df19\u0663\u0e52_-.@&~#^]\\$ \t\n\r"
    "\x0b\x1c\x85\u00a0\u2028\x00\U0001f600"
)
texts = st.lists(st.text(LETTERS, max_size=6), min_size=1, max_size=8)
characters = st.sampled_from(LETTERS).map(re.escape)
ranges = st.tuples(st.sampled_from("aA1\u00e9\u0600"), st.sampled_from("cZ9\u00ff\uffff")).map(
    lambda ends: "-".join(sorted(ends))
)
kinds = st.sampled_from([r"\d", r"\D", r"\w", r"\W", r"\s", r"\S"])
classes = st.tuples(
    st.sampled_from(["", "^"]), st.lists(characters | ranges | kinds, min_size=1, max_size=4)
).map(lambda parts: f"[{parts[0]}{''.join(parts[1])}]")
anchors = st.sampled_from(["^", "$", r"\A", r"\Z", r"\b", r"\B"])
times = st.sampled_from(
    ["*", "+", "?", "{2}", "{1,3}", "{,2}", "{2,}", "*?", "+?", "??", "{0}", "{1}"]
)


def compound(inner):
    group = st.sampled_from(
        ["(?:{})", "({})", "(?i:{})", "(?s:{})", "(?a:{})", "(?m:{})", "(?={})"]
    )
    repeated = st.tuples(inner, times).map(lambda parts: f"(?:{parts[0]}){parts[1]}")
    joined = st.lists(inner, min_size=1, max_size=4).map("".join)
    either = st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})")
    grouped = st.tuples(group, inner).map(lambda parts: parts[0].format(parts[1]))
    return joined | repeated | either | grouped


bodies = st.recursive(characters | classes | kinds | st.just(".") | anchors, compound, max_leaves=8)
patterns = st.tuples(
    st.sampled_from(["", "", "", "(?i)", "(?s)", "(?a)", "(?m)", "(?ia)", "(?x)"]), bodies
).map("".join)


def is_read(pattern):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            re.compile(pattern)
        except (re.error, Warning):
            return False
    return True


def found(frame, form, convert):
    """The row numbers where the engine finds *form*, and those of which it says nothing."""
    table = to_table(convert(frame))
    assert can_search(table, "s", None)
    odd = contains(table, nw.col("s"), NOT_ASCII) if form.ascii_only else nw.lit(value=False)
    asked = table.frame.select("s", hit=contains(table, nw.col("s"), form.text), odd=odd)
    return [(bool(hit), bool(unknown)) for _, hit, unknown in table.rows(asked)]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example("a$", ["a\n", "a\n\n", "a", "ba\r"])
@example("(?:a$|^b)", ["a\n", "a\nb"])
@example(r"[\]\\^-]", ["]", "\\", "^", "-", "a"])
@example(r"[&&a]", ["&", "a", "b"])
@example("(?i)k", ["K", "k", "\u212a"])
@example("(?i)[\u00e9]", ["\u00c9"])
@example("[^a]", ["\n", "", "\u2028"])
@example(".", ["\n", "\r", "\x85", "\u2028", "\U0001f600"])
@example("^.$", ["\U0001f600", "e\u0301"])
@example(r"\s", ["\x0b", "\x1c", "\x85", "\u00a0"])
@example("\x00", ["a\x00", "0"])
@example("(?:a|)b{2}?", ["bb", "b"])
@given(pattern=patterns.filter(is_read), values=texts)
def test_a_native_form_finds_what_python_finds(pattern, values):
    form = native_form(pattern)
    if form is None:
        return
    search = re.compile(pattern).search
    wanted = [search(value) is not None for value in values]
    frame = pl.DataFrame({"s": values})
    for name, convert in BACKENDS.items():
        for value, want, (hit, unknown) in zip(
            values, wanted, found(frame, form, convert), strict=True
        ):
            assert unknown == (form.ascii_only and not value.isascii()), (name, value)
            assert unknown or hit == want, (name, pattern, form.text, value, want)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pattern=patterns.filter(is_read), data=st.data())
def test_a_native_form_finds_texts_made_of_its_pattern(pattern, data):
    form = native_form(pattern)
    if form is None:
        return
    try:
        value = data.draw(st.from_regex(pattern))
    except Exception:  # a pattern that nothing matches
        return
    test_a_native_form_finds_what_python_finds.hypothesis.inner_test(
        pattern, [value[:200], value[:200].swapcase()]
    )


@pytest.mark.parametrize(
    ("pattern", "ascii_only"),
    [
        (r"^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$", False),
        (r"^[\w.+-]+@[\w-]+\.[\w.]+$", True),
        (r"^\d{5}(-\d{4})?$", True),
        (r"^(\d{1,3}\.){3}\d{1,3}$", True),
        (r"(?i)^(yes|no)$", True),
        (r"\bfoo\b", True),
        ("^[A-Z][a-zà-ü]+$", False),
        (r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\Z", False),
        ("(a+)+$", False),
        (".*", False),
    ],
)
def test_common_patterns_are_native(pattern, ascii_only):
    form = native_form(pattern)
    assert form is not None
    assert form.ascii_only is ascii_only


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\w)\1",
        "(?=a)b",
        "(?<!a)b",
        "(?>a+)b",
        "a++b",
        r"\Ba",
        "(?m)^a",
        "a$b",
        "(a?)*",
        "(a)?(?(1)b|c)",
        "(?i)\u00df",
        "a{1001}",
        "(a{40}){40}",
        "\ud800",
        "(" * 60 + "a" + ")" * 60,
    ],
)
def test_what_engines_read_otherwise_is_left_to_python(pattern):
    assert native_form(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    ["[^\n]{200}x", "(?:[a-z]{1,30}[.@]){30}", "[\u4e00-\u9fff\u0400-\u04ff]{150}", "a{1000}"],
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_engine_reads_the_largest_native_forms(pattern, backend):
    form = native_form(pattern)
    assert form is not None
    assert found(pl.DataFrame({"s": ["a"]}), form, BACKENDS[backend]) == [(False, False)]
