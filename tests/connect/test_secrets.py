"""Secrets by reference, each from where it really is: environment, file, the keyring library, a command."""

from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from uptake.connect.secrets import COMMAND_LIMIT_S, resolve
from uptake.core.problem import Refused


class Drawer(keyring.backend.KeyringBackend):
    """A keyring in memory, behind the library's own front."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked("locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def drawer() -> Drawer:
    before, made = keyring.get_keyring(), Drawer()
    keyring.set_keyring(made)
    yield made  # type: ignore[misc]
    keyring.set_keyring(before)


def refused(text: str, folder: Path) -> str:
    with pytest.raises(Refused) as caught:
        resolve(text, folder=folder)
    return str(caught.value)


def test_what_is_no_reference_is_itself(tmp_path: Path) -> None:
    assert resolve("plain", folder=tmp_path) == "plain"


def test_of_the_environment_and_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "s3cret")
    (tmp_path / "token").write_text("\ufeffs3cret\r\n", encoding="utf-8")
    assert resolve("env:A_SECRET", folder=tmp_path) == resolve("file:token", folder=tmp_path) == "s3cret"
    assert "not set" in refused("env:NOT_SET_HERE", tmp_path)
    assert "cannot be read" in refused("file:none", tmp_path)


def test_of_the_keyring(drawer: Drawer, tmp_path: Path) -> None:
    keyring.set_password("help/desk", "api", "s3cret")
    assert resolve("keyring:help/desk/api", folder=tmp_path) == "s3cret"
    assert "no such entry" in refused("keyring:help/desk/other", tmp_path)
    assert "names no entry" in refused("keyring:api", tmp_path)
    drawer.locked = True
    said = refused("keyring:help/desk/api", tmp_path)
    assert "KeyringLocked" in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("false", "ended 1"),
        ("true", "is empty"),
        ("./not-there", "cannot be run"),
        ("sh -c 'echo s3cret >&2; exit 7'", "ended 7"),
        ("'open", "no command"),
        ("", "no command"),
        ("printf '\\377'", "not UTF-8"),
        ("head -c 70000 /dev/zero", "longer than"),
    ],
)
def test_a_command_that_tells_nothing(tmp_path: Path, command: str, word: str) -> None:
    said = refused(f"command:{command}", tmp_path)
    assert word in said
    assert "s3cret\n" not in said


def test_of_a_command_without_a_shell_in_the_plans_folder(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("s3cret\n")
    assert resolve("command:cat note", folder=tmp_path) == "s3cret"
    assert resolve("command:echo $HOME; true", folder=tmp_path) == "$HOME; true"
    assert COMMAND_LIMIT_S <= 60
