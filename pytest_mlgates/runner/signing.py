"""Ed25519 keys in PEM, and what is signed and verified with them (extra ``sign``)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core import dsse
from pytest_mlgates.core.errors import MissingExtraError, MLGatesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

VARIABLE = "MLGATES_SIGN_KEY"
MAKE_A_KEY = "openssl genpkey -algorithm ed25519 -out key.pem"
MAKE_ITS_PUBLIC_KEY = "openssl pkey -in key.pem -pubout -out key.pub.pem"


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A private key: signs, and never shows itself."""

    keyid: str
    sign: Callable[[bytes], bytes]

    def seal(self, payload: bytes) -> str:
        """The signed envelope of *payload*, as JSON."""
        return dsse.seal(payload, self.keyid, self.sign)

    def __repr__(self) -> str:
        """Which key it is, by its public half."""
        return f"Signer(keyid={self.keyid!r})"


@dataclass(frozen=True, kw_only=True)
class Verifier:
    """A public key."""

    keyid: str
    verifies: Callable[[bytes, bytes], bool]

    def complaint(self, envelope: dsse.Envelope) -> str | None:
        """Why *envelope* is not signed by this key; None if it is.

        The key id is a hint that nothing signs: a signature that says another is not this key's,
        one that says none may be.
        """
        signed = dsse.pae(envelope.payload_type, envelope.payload)
        own = [one for one in envelope.signatures if one.keyid in ("", self.keyid)]
        if not own:
            others = ", ".join(sorted({one.keyid[:16] for one in envelope.signatures}))
            return f"signed by another key: {others}… instead of {self.keyid[:16]}…"
        if not all(self.verifies(one.value, signed) for one in own if one.keyid):
            return "the signature does not verify: its contents are not what the key signed"
        if not any(self.verifies(one.value, signed) for one in own):
            return "the signature does not verify: another key, or other contents than it signed"
        return None


def signer_of(file: str | None, *, option: str, base: Path | None = None) -> Signer | None:
    """The key in *file*, else in the variable ``MLGATES_SIGN_KEY``; None where neither is given.

    The variable is taken out of the environment: what the run trains, tests and starts has no
    business with the key.

    Raises:
        MLGatesError: if it cannot be read, or is no Ed25519 private key.
    """
    given = os.environ.pop(VARIABLE, None)
    if file is not None:
        return _signer(_content(file, option, base), where=f"{option} {file}")
    return _signer(given.encode(), where=VARIABLE) if given else None


def verifier_of(file: str, *, option: str = "--key") -> Verifier:
    """The public key in *file*.

    Raises:
        MLGatesError: if it cannot be read, or is no Ed25519 public key.
    """
    where = f"{option} {file}"
    content = _content(file, option)
    ed25519, serialization, invalid = _cryptography("verifying signatures")
    if b"PRIVATE KEY" in content:
        raise MLGatesError(
            "a private key was given to verify with",
            where=where,
            want="the public key, which everybody may have",
            fix=MAKE_ITS_PUBLIC_KEY,
        )
    try:
        key = serialization.load_pem_public_key(content)
    except Exception:  # its text may quote the file
        raise _unusable(where, "public") from None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise _unusable(where, "public")

    def verifies(signature: bytes, data: bytes) -> bool:
        try:
            key.verify(signature, data)
        except invalid:
            return False
        return True

    return Verifier(keyid=_keyid(key, serialization), verifies=verifies)


def _signer(content: bytes, *, where: str) -> Signer:
    ed25519, serialization, _ = _cryptography("signing evidence")
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except TypeError:
        raise MLGatesError(
            "the key is encrypted",
            where=where,
            fix="openssl pkey -in encrypted.pem -out key.pem",
        ) from None
    except Exception:  # its text may quote the key
        raise _unusable(where, "private") from None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise _unusable(where, "private")
    return Signer(keyid=_keyid(key.public_key(), serialization), sign=key.sign)


def _keyid(key: Ed25519PublicKey, serialization: Any) -> str:
    """SHA-256 of the public key (SubjectPublicKeyInfo in DER), in hex."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()


def _content(file: str, option: str, base: Path | None = None) -> bytes:
    try:
        return Path(base or ".", file).read_bytes()
    except OSError as error:
        raise MLGatesError(
            f"the key {file!r} cannot be read", where=option, got=str(error.strerror or error)
        ) from None


def _unusable(where: str, half: str) -> MLGatesError:
    return MLGatesError(
        f"this is no Ed25519 {half} key in PEM",
        where=where,
        fix=MAKE_A_KEY if half == "private" else MAKE_ITS_PUBLIC_KEY,
    )


def _cryptography(why: str) -> tuple[Any, Any, Any]:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise MissingExtraError.of("cryptography", "sign", why=why, error=error) from None
    return ed25519, serialization, InvalidSignature
