"""Keys and signatures: what others verify, what is refused, and that no key is ever shown."""

from __future__ import annotations

import builtins
import copy
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core import dsse
from pytest_mlgates.core.errors import MissingExtraError, MLGatesError
from pytest_mlgates.runner.signing import signer_of, verifier_of
from tests.keys import private_pem, public_pem, write_keys

pytest.importorskip("cryptography")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLGATES_SIGN_KEY", raising=False)
    write_keys(tmp_path)
    return tmp_path


def test_what_is_signed_is_what_the_specification_says():
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert dsse.pae("tä", "ö".encode()) == b"DSSEv1 3 t\xc3\xa4 2 \xc3\xb6"


def test_another_implementation_verifies_our_envelope_and_we_verify_its():
    lib = pytest.importorskip("securesystemslib")
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import CryptoSigner, SSlibKey

    assert lib
    signer = signer_of("key.pem", option="--key")
    sealed = json.loads(signer.seal(b'{"a": "\xc3\xa4"}'))
    key = SSlibKey(signer.keyid, "ed25519", "ed25519", {"public": _raw_public()})
    theirs = Envelope.from_dict(copy.deepcopy(sealed))  # from_dict takes its argument apart
    assert list(theirs.verify([key], 1)) == [signer.keyid]
    theirs.payload += b" "
    with pytest.raises(VerificationError):
        theirs.verify([key], 1)

    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    made = Envelope(b"{}", dsse.PAYLOAD_TYPE, {})
    made.sign(CryptoSigner(load_pem_private_key(private_pem(), None), key))
    opened = dsse.opened(json.loads(json.dumps(made.to_dict())))
    assert verifier_of("key.pub.pem").complaint(opened) is None
    assert verifier_of("other.pub.pem").complaint(opened) is not None


def _raw_public() -> str:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_public_key(public_pem())
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return raw.hex()


def test_equal_contents_give_equal_envelopes():
    first, again = (signer_of("key.pem", option="--key").seal(b"{}") for _ in range(2))
    assert first == again


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_keys_made_as_the_page_says_sign_and_verify():
    page = Path(__file__).parents[3] / "docs" / "evidence.md"
    commands = [
        line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("openssl")
    ]
    assert len(commands) == 2
    for command in commands:
        subprocess.run(command.split(), check=True, capture_output=True)
    sealed = signer_of("key.pem", option="--key").seal(b"{}")
    opened = dsse.opened(json.loads(sealed))
    assert verifier_of("key.pub.pem").complaint(opened) is None


def test_the_key_of_the_environment_is_used_once_and_taken_out(monkeypatch):
    monkeypatch.setenv("MLGATES_SIGN_KEY", private_pem(2).decode())
    signer = signer_of(None, option="--key")
    assert signer is not None
    assert signer.keyid == verifier_of("other.pub.pem").keyid
    assert "MLGATES_SIGN_KEY" not in os.environ
    assert signer_of(None, option="--key") is None


def test_a_file_stands_over_the_environment(monkeypatch):
    monkeypatch.setenv("MLGATES_SIGN_KEY", private_pem(2).decode())
    found = signer_of("key.pem", option="--key")
    assert found is not None
    assert found.keyid == verifier_of("key.pub.pem").keyid
    assert "MLGATES_SIGN_KEY" not in os.environ


SECRET = "c2VjcmV0IHRoYXQgbm9ib2R5IG1heSBzZWU="


@pytest.mark.parametrize("place", ["file", "environment"])
def test_a_key_that_is_none_is_misuse_and_not_shown(monkeypatch, place):
    text = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"
    if place == "file":
        Path("bad.pem").write_text(text)
    else:
        monkeypatch.setenv("MLGATES_SIGN_KEY", text)
    with pytest.raises(MLGatesError) as caught:
        signer_of("bad.pem" if place == "file" else None, option="--sign-key")
    told = str(caught.value)
    assert "this is no Ed25519 private key in PEM" in told
    assert "openssl genpkey -algorithm ed25519" in told
    assert SECRET not in told
    assert caught.value.__cause__ is None


def test_keys_of_other_kinds_and_the_wrong_half_are_misuse():
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    Path("ec.pem").write_bytes(pem)
    Path("ec.pub.pem").write_bytes(
        key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(MLGatesError, match="no Ed25519 private key"):
        signer_of("ec.pem", option="--key")
    with pytest.raises(MLGatesError, match="no Ed25519 public key"):
        verifier_of("ec.pub.pem")
    with pytest.raises(MLGatesError, match="no Ed25519 private key"):
        signer_of("key.pub.pem", option="--key")
    with pytest.raises(MLGatesError, match="a private key was given to verify with"):
        verifier_of("key.pem")
    with pytest.raises(MLGatesError, match="the key 'none\\.pem' cannot be read"):
        verifier_of("none.pem")


def test_an_encrypted_key_says_how_to_open_it():
    from cryptography.hazmat.primitives import serialization as s

    from tests.keys import private_key

    pem = private_key(1).private_bytes(
        s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"word")
    )
    Path("locked.pem").write_bytes(pem)
    with pytest.raises(MLGatesError, match="the key is encrypted"):
        signer_of("locked.pem", option="--key")


def test_a_signer_shows_its_public_half_only():
    assert repr(signer_of("key.pem", option="--key")) == (
        f"Signer(keyid='{verifier_of('key.pub.pem').keyid}')"
    )


def test_without_the_library_the_extra_is_named(monkeypatch, capsys):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("cryptography"):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match="signing evidence needs cryptography"):
        signer_of("key.pem", option="--key")
    assert main(["verify", "e.json", "--key", "key.pub.pem"]) == 2
    assert "pip install 'pytest-mlgates[sign]'" in capsys.readouterr().err


def test_sign_refuses_what_is_signed_already_or_no_statement(capsys):
    Path("no.json").write_text("{}")
    assert main(["sign", "no.json", "--key", "key.pem"]) == 2
    assert "'no.json' holds no evidence of pytest-mlgates" in capsys.readouterr().err
    assert main(["sign", "no.json"]) == 2
    assert "there is no key to sign with" in capsys.readouterr().err
    assert main(["sign", "none.json", "--key", "key.pem"]) == 2
    assert "there is no evidence in 'none.json'" in capsys.readouterr().err
