"""Ed25519 keys for tests, made from seeds: the same in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def private_key(seed: int):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def private_pem(seed: int = 1) -> bytes:
    from cryptography.hazmat.primitives import serialization as s

    return private_key(seed).private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())


def public_pem(seed: int = 1) -> bytes:
    from cryptography.hazmat.primitives import serialization as s

    key = private_key(seed).public_key()
    return key.public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)


def write_keys(folder: Path) -> None:
    """``key.pem`` and ``key.pub.pem``, and those of somebody else: ``other…``."""
    for name, seed in (("key", 1), ("other", 2)):
        (folder / f"{name}.pem").write_bytes(private_pem(seed))
        (folder / f"{name}.pub.pem").write_bytes(public_pem(seed))
