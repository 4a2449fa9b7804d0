"""DSSE: a signature over bytes and their type (https://github.com/secure-systems-lab/dsse, v1.0.2).

The signatures themselves are made and checked by functions that are handed in.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.strict_json import NotStrictError

if TYPE_CHECKING:
    from collections.abc import Callable

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_MOST_SIGNATURES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature: its bytes, and which key is said to have made it (nothing signs that)."""

    keyid: str
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A payload with its signatures, decoded; nothing is verified yet."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """What is signed: ``DSSEv1 <length> <type> <length> <payload>``, lengths in bytes."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, keyid: str, sign: Callable[[bytes], bytes]) -> str:
    """The envelope of *payload* as JSON, signed by *sign*."""
    signature = sign(pae(PAYLOAD_TYPE, payload))
    envelope = {
        "payload": base64.b64encode(payload).decode("ascii"),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": keyid, "sig": base64.b64encode(signature).decode("ascii")}],
    }
    return json.dumps(envelope, indent=2) + "\n"


def is_envelope(data: Any) -> bool:
    """Whether parsed JSON claims to be one."""
    return isinstance(data, dict) and ("payload" in data or "signatures" in data)


def opened(data: Any) -> Envelope:
    """The envelope in parsed JSON.

    Raises:
        NotStrictError: for one that is no envelope, of another type, or not in canonical base64.
    """
    if set(data) != {"payload", "payloadType", "signatures"}:
        raise NotStrictError(
            "its envelope does not have the keys payload, payloadType and signatures, and no other"
        )
    if data["payloadType"] != PAYLOAD_TYPE:
        raise NotStrictError(f"its payloadType is {data['payloadType']!r}, not {PAYLOAD_TYPE!r}")
    given = data["signatures"]
    if not isinstance(given, list) or not given:
        raise NotStrictError("its envelope has no signature")
    if len(given) > _MOST_SIGNATURES:
        raise NotStrictError(f"its envelope has more than {_MOST_SIGNATURES} signatures")
    found = []
    for one in given:
        if not isinstance(one, dict) or not {"sig"} <= set(one) <= {"sig", "keyid"}:
            raise NotStrictError("a signature of its envelope does not have the keys keyid and sig")
        keyid = one.get("keyid", "")
        if not isinstance(keyid, str):
            raise NotStrictError("the keyid of a signature is no text")
        found.append(Signature(keyid=keyid, value=_decoded(one["sig"], "a signature")))
    return Envelope(
        payload=_decoded(data["payload"], "the payload"),
        payload_type=PAYLOAD_TYPE,
        signatures=tuple(found),
    )


def _decoded(text: Any, what: str) -> bytes:
    """Standard base64 with its padding; one text for each content, and no other."""
    try:
        found = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        found = None
    if found is None or base64.b64encode(found).decode("ascii") != text:
        raise NotStrictError(f"{what} is not in canonical base64")
    return found
