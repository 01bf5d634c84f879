"""Debian's slapd, unmodified, on a free port in a temporary folder: people, a groupOfNames and a posixGroup."""

import os
import shutil
import socket
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.connect.world import eventually, free_port

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3

SUFFIX = "dc=example,dc=org"
ADMIN = f"cn=admin,{SUFFIX}"
PASSWORD = "s3cret-of-slapd"
PEOPLE = f"ou=people,{SUFFIX}"
NOBODY = f"cn=nobody,{SUFFIX}"
NAMES = f"cn=names,{SUFFIX}"
POSIX = f"cn=posix,{SUFFIX}"
CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {folder}/cert.pem
TLSCertificateKeyFile {folder}/key.pem
security update_tls=1 simple_bind=1
database mdb
suffix {suffix}
rootdn {admin}
rootpw {password}
directory {folder}/data
maxsize 268435456
dbnosync
"""


class Directory:
    """A running slapd, and a look into it from the side."""

    def __init__(self, folder: Path, port: int, tls_port: int) -> None:
        self.url = f"ldap://localhost:{port}"
        self.tls_url = f"ldaps://localhost:{tls_port}"
        self.ca = str(folder / "cert.pem")
        self._argv = ["-d", "0", "-f", str(folder / "slapd.conf"), "-h", f"{self.url}/ {self.tls_url}/"]
        self._log = folder / "log"
        self._port = tls_port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("wb") as log:
            self._process = process = subprocess.Popen([str(_path("slapd")), *self._argv], stdout=log, stderr=log)
        eventually(lambda: process.poll() is not None or _listens(self._port))
        assert process.poll() is None, self._log.read_text()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(10)

    @contextmanager
    def connection(self) -> Iterator[Any]:
        tls = ldap3.Tls(ca_certs_file=self.ca)
        connection = ldap3.Connection(ldap3.Server(self.tls_url, tls=tls), ADMIN, PASSWORD)
        assert connection.bind(), connection.result
        try:
            yield connection
        finally:
            connection.unbind()

    def know(self, *uids: str) -> None:
        """People by their uid."""
        with self.connection() as connection:
            for uid in uids:
                entry = {"cn": uid, "sn": uid, "uid": uid, "mail": f"{uid}@example.org"}
                assert connection.add(f"uid={uid},{PEOPLE}", "inetOrgPerson", entry), connection.result

    def members(self, group: str = NAMES, attribute: str = "member") -> set[str]:
        """Who is in a group, by uid."""
        with self.connection() as connection:
            connection.search(group, "(objectClass=*)", ldap3.BASE, attributes=[attribute])
            found = connection.response[0]["attributes"].get(attribute) or []
        found = found if isinstance(found, list) else [found]
        return {name.partition(",")[0].rpartition("=")[2] for name in found}

    def written(self, group: str = NAMES) -> str:
        """The mark of the group's last change, which slapd sets at every write."""
        with self.connection() as connection:
            connection.search(group, "(objectClass=*)", ldap3.BASE, attributes=["entryCSN"])
            return str(connection.response[0]["attributes"]["entryCSN"])

    def add(self, uid: str, group: str = NAMES) -> None:
        """Somebody from the side."""
        with self.connection() as connection:
            assert connection.modify(group, {"member": [(ldap3.MODIFY_ADD, [f"uid={uid},{PEOPLE}"])]})

    def remove(self, uid: str, group: str = NAMES) -> None:
        """Somebody from the side."""
        with self.connection() as connection:
            assert connection.modify(group, {"member": [(ldap3.MODIFY_DELETE, [f"uid={uid},{PEOPLE}"])]})


def missing() -> str:
    """Why there can be no slapd here, empty where there can."""
    parts = [name for name in ("slapd", "openssl") if not _path(name)]
    return f"not here: {', '.join(parts)} (.ci/setup parts slapd)" if parts else ""


@contextmanager
def directory(folder: Path) -> Iterator[Directory]:
    """A slapd of one's own, or a test that is skipped (under CI=true: failed)."""
    if why := missing():
        assert os.environ.get("CI") != "true", why
        pytest.skip(why)
    (folder / "data").mkdir()
    made = "req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 2"
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([str(_path("openssl")), *made.split(), *files], check=True, capture_output=True)
    config = CONFIG.format(folder=folder, suffix=SUFFIX, admin=ADMIN, password=PASSWORD)
    (folder / "slapd.conf").write_text(config)
    here = Directory(folder, free_port(), free_port())
    here.start()
    try:
        _fill(here)
        yield here
    finally:
        here.stop()


def _fill(here: Directory) -> None:
    with here.connection() as connection:
        top = {"dc": "example", "o": "Example"}
        assert connection.add(SUFFIX, ["dcObject", "organization"], top), connection.result
        assert connection.add(PEOPLE, "organizationalUnit", {"ou": "people"})
        assert connection.add(NAMES, "groupOfNames", {"cn": "names", "member": f"uid=before,{PEOPLE}"})
        assert connection.add(POSIX, "posixGroup", {"cn": "posix", "gidNumber": "4711"})
    here.know("before")


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("localhost", port), timeout=1):
        return True
    return False


def _path(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
