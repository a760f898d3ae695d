"""The tool's key, and the file with the platform's addresses."""

import json
import subprocess
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from autograder.__main__ import main
from autograder.errors import LmsError
from autograder.lms import config, keys

GOOD = '[platform]\nclient_id = "x"\ntoken_url = "https://a.example/t"\nlineitems_url = "https://a.example/l"\n'


def test_keygen_writes_a_key_only_its_owner_can_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lms", "keygen", "--dir", str(tmp_path)]) == 0
    key = keys.load(tmp_path / "lms-key.pem")
    assert (tmp_path / "lms-key.pem").stat().st_mode & 0o777 == 0o600
    assert key.id in capsys.readouterr().out
    assert b"BEGIN PUBLIC KEY" in (tmp_path / "lms-key.pub.pem").read_bytes()
    assert "PRIVATE" not in repr(key)


@pytest.mark.parametrize("ignored", ["", "*.pem\n!lms-key.pem"])
def test_git_never_takes_a_private_key_up(ignored: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text(ignored, encoding="utf-8")
    for words in ([], ["--next"]):
        assert main(["lms", "keygen", "--dir", str(tmp_path), *words]) == 0
    subprocess.run(["git", "-C", tmp_path, "add", "."], check=True)
    added = subprocess.run(["git", "-C", tmp_path, "ls-files"], check=True, capture_output=True, text=True).stdout
    assert "jwks.json" in added
    assert not {"lms-key.pem", "lms-key.next.pem"} & set(added.split())


def test_a_key_that_git_cannot_be_kept_from_is_not_made(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "lms-key.pem").write_text("an older one", encoding="utf-8")
    subprocess.run(["git", "-C", tmp_path, "add", "."], check=True)
    (tmp_path / "lms-key.pem").unlink()
    with pytest.raises(LmsError, match="--dir"):
        keys.generate(tmp_path)
    assert not (tmp_path / "lms-key.pem").exists()


def test_the_key_set_verifies_what_the_key_signs(tmp_path: Path) -> None:
    key = keys.generate(tmp_path)
    token = jwt.encode({"sub": "x"}, key.private, algorithm="RS256", headers={"kid": key.id})
    found = jwt.PyJWKSet.from_json((tmp_path / "jwks.json").read_text())[key.id]
    assert jwt.decode(token, found.key, algorithms=["RS256"]) == {"sub": "x"}
    assert set(json.loads((tmp_path / "jwks.json").read_text())["keys"][0]) == {
        "kty",
        "n",
        "e",
        "alg",
        "use",
        "kid",
    }


def test_a_key_the_platform_knows_is_never_replaced(tmp_path: Path) -> None:
    keys.generate(tmp_path)
    before = (tmp_path / "lms-key.pem").read_bytes()
    with pytest.raises(LmsError, match="the platform may know it"):
        keys.generate(tmp_path)
    assert (tmp_path / "lms-key.pem").read_bytes() == before


def test_a_next_key_is_published_beside_the_first_and_then_takes_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lms", "keygen", "--dir", str(tmp_path), "--next"]) == 1  # there is nothing to follow
    first = keys.generate(tmp_path)
    assert main(["lms", "keygen", "--dir", str(tmp_path), "--next"]) == 0
    path = tmp_path / "lms-key.pem"
    (_, second) = keys.load_all(path)
    assert [entry["kid"] for entry in json.loads((tmp_path / "jwks.json").read_text())["keys"]] == [first.id, second.id]
    assert (tmp_path / "lms-key.next.pub.pem").read_bytes() == second.public_pem
    assert main(["lms", "keygen", "--dir", str(tmp_path), "--promote"]) == 0
    assert [key.id for key in keys.load_all(path)] == [second.id]
    assert [entry["kid"] for entry in json.loads((tmp_path / "jwks.json").read_text())["keys"]] == [second.id]
    assert (tmp_path / "lms-key.pub.pem").read_bytes() == second.public_pem
    assert path.stat().st_mode & 0o777 == 0o600
    assert main(["lms", "keygen", "--dir", str(tmp_path), "--promote"]) == 1  # not twice


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keys.generate(tmp_path)
    (tmp_path / "lms-key.pem").chmod(0o640)
    with pytest.raises(LmsError, match="chmod 600"):
        keys.load(tmp_path / "lms-key.pem")


def test_what_is_no_rsa_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    with pytest.raises(LmsError, match="lms keygen"):
        keys.load(path)
    path.write_bytes(b"?")
    path.chmod(0o600)
    with pytest.raises(LmsError, match="not a private key"):
        keys.load(path)
    curve = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(
        curve.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    with pytest.raises(LmsError, match="not an RSA key"):
        keys.load(path)


def test_the_addresses_are_read(tmp_path: Path) -> None:
    path = tmp_path / "lms.toml"
    path.write_text(GOOD)
    (platform,) = config.load(path)
    assert platform.client_id == "x"
    assert platform.origins == {("https", "a.example")}


def test_each_section_is_a_course_of_the_same_platform(tmp_path: Path) -> None:
    path = tmp_path / "lms.toml"
    path.write_text(
        GOOD + 'hosts = ["b.example"]\n[sections.A]\nlineitems_url = "https://a.example/A"\n'
        '[sections.B]\nlineitems_url = "https://a.example/B"\ncolumns = {week1 = "https://a.example/7"}\n'
    )
    a, b = config.load(path)
    assert (a.section, a.lineitems_url, dict(a.columns)) == ("A", "https://a.example/A", {})
    assert (b.section, b.client_id, dict(b.columns)) == ("B", "x", {"week1": "https://a.example/7"})
    assert ("https", "b.example") in b.origins


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "“client_id” is missing"),
        ("platform = 3", "must be a table"),
        ("[platform", "is not TOML"),
        (GOOD + 'secret = "x"\n', "unknown setting secret"),
        (GOOD.replace('"x"', "3"), "“client_id” must be text in quotes"),
        (GOOD + "[sections.A]\nclient_id = 'y'\n", r"unknown setting client_id in \[sections.A\]"),
        (GOOD + "page_size = -1\n", "must be a number"),
        (GOOD + 'hosts = ["https://a"]\n', "list of host names"),
        (GOOD + "columns = {week1 = 'http://a.example/7'}\n", "https only"),
        (GOOD.replace("https://a.example/l", "http://a.example/l"), "https only"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "lms.toml"
    path.write_text(text)
    with pytest.raises(LmsError, match=said):
        config.load(path)
