"""Results of Great Expectations in the fields that verdicts hold; what raised is no answer."""

from __future__ import annotations

from typing import Any

_FIELDS = ("unexpected_count", "missing_count", "element_count", "observed_value")
_MOST_SHOWN = 200


def answer(result: Any, *, private: bool) -> dict[str, Any]:
    """One *result* of GX; ``success`` is None where an exception stands in it."""
    raised = _exception(result.exception_info)
    if raised is not None:
        return failed(raised, private=private)
    values = result.result or {}
    return {
        **{name: values.get(name) for name in _FIELDS},
        "success": bool(result.success),
        "engine": "great_expectations",
        "error": None,
        "examples": list(values.get("partial_unexpected_list") or []),
    }


def failed(message: str, *, private: bool) -> dict[str, Any]:
    """The answer of an expectation that raised: none. An exception may quote a value."""
    text = "" if private else f": {one_line(message)}"
    return {
        "success": None,
        "engine": "great_expectations",
        "error": f"Great Expectations could not evaluate this{text}",
    }


def one_line(text: str) -> str:
    """An exception's *text* in one line, shortened (the first of several rarely says enough)."""
    return " ".join(text.split())[:_MOST_SHOWN] or "an exception"


def _exception(info: Any) -> str | None:
    """The first exception's message in GX's report, which is flat or one level deep."""
    if not isinstance(info, dict):
        return None
    if "raised_exception" in info:
        return str(info.get("exception_message") or "") if info["raised_exception"] else None
    messages = [_exception(part) for part in info.values()]
    return next((message for message in messages if message is not None), None)
