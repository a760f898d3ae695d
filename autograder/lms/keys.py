"""The tool's RSA key: its private half stays here, its public half goes to the platform as PEM or JWKS."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from autograder.errors import LmsError
from autograder.files import git_publishes
from autograder.i18n import _

PRIVATE, NEXT, KEY_SET = "lms-key.pem", "lms-key.next.pem", "jwks.json"


@dataclass(frozen=True, slots=True)
class Key:
    """An RSA key and its id (RFC 7638)."""

    private: rsa.RSAPrivateKey = field(repr=False)

    @property
    def id(self) -> str:
        """The thumbprint of the public key."""
        public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        canonical = json.dumps(
            {"e": public["e"], "kty": "RSA", "n": public["n"]}, separators=(",", ":"), sort_keys=True
        )
        digest = hashlib.sha256(canonical.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def entry(self) -> dict[str, str]:
        """The public key as an entry of a JWKS document (RFC 7517)."""
        public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {"kty": "RSA", "n": public["n"], "e": public["e"], "alg": "RS256", "use": "sig", "kid": self.id}

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def generate(folder: Path, private: str = PRIVATE) -> Key:
    """Write a new key (private half 0600), its public half, and the key set with every key in `folder`.

    In a repository of git the private half is ignored by it from here on. Raises LmsError when there is a key of this
    name already: the platform knows that one.
    """
    key = Key(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    pem = key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / private
    _keep_out_of_git(target)
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        text = _("{path} exists, and the platform may know it. To change to a new key: lms keygen --next")
        raise LmsError(text, path=target) from None
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
    public_file(target).write_bytes(key.public_pem)
    _write_key_set(folder / PRIVATE)
    return key


def _keep_out_of_git(private: Path) -> None:
    """Have git ignore the file, which need not exist yet, by a line in the `.gitignore` beside it."""
    if not git_publishes(private):
        return
    with private.with_name(".gitignore").open("a", encoding="utf-8") as file:
        file.write(f"\n/{private.name}\n")
    if git_publishes(private):
        text = _("git would publish the key {path}. Give a folder outside the repository: lms keygen --dir FOLDER")
        raise LmsError(text, path=private)


def promote(folder: Path) -> Key:
    """The next key takes the place of the present one, which is deleted. Raises LmsError when there is none."""
    present, following = folder / PRIVATE, folder / NEXT
    key = load(following)
    os.replace(following, present)
    public_file(following).unlink(missing_ok=True)
    public_file(present).write_bytes(key.public_pem)
    _write_key_set(present)
    return key


def public_file(private: Path) -> Path:
    """lms-key.pem → lms-key.pub.pem"""
    return private.with_name(private.name.removesuffix(".pem") + ".pub.pem")


def load_all(path: Path) -> list[Key]:
    """The key, and the next one beside it while the platform changes to that."""
    following = path.with_name(NEXT)
    return [load(path), *([load(following)] if following.exists() else [])]


def _write_key_set(present: Path) -> None:
    """Every public key, as a JWKS document for a static file on any web server."""
    keys = [key.entry for key in load_all(present)]
    (present.parent / KEY_SET).write_text(json.dumps({"keys": keys}, indent=2) + "\n")


def load(path: Path) -> Key:
    """Read a private key. Raises LmsError when others can read it too, or it is not an RSA key."""
    try:
        mode = path.stat().st_mode
        data = path.read_bytes()
    except OSError as error:
        text = _("Cannot read the key {path}: {reason}. Make one with: python -m autograder lms keygen")
        raise LmsError(text, path=path, reason=error.strerror) from error
    if mode & 0o077:
        raise LmsError(_("Others can read the key {path}. Repair it with: chmod 600 {path}"), path=path)
    try:
        private = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise LmsError(_("{path} is not a private key in PEM form without a password."), path=path) from error
    if not isinstance(private, rsa.RSAPrivateKey) or private.key_size < 2048:
        raise LmsError(_("{path} is not an RSA key of at least 2048 bits."), path=path)
    return Key(private)
