"""The `release` step: `releases/<id>/` unpacked whole, `current` swapped by one rename.

One probe tells whether there is anything to do; then one upload and one command. An id is the version and the
archive's digest; `.complete` is written last, so a half release is never switched to. A version whose archive
is gone here can still be switched to where the host keeps it complete: that is how a roll back works.
"""

import hashlib
import io
import shlex
import tarfile
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

from pyinfra.api.command import FileUploadCommand, QuoteString, StringCommand
from pyinfra.api.exceptions import OperationError
from pyinfra.api.facts import FactBase
from pyinfra.api.operation import operation
from pyinfra.context import host

KEPT = 5
"""Complete releases that are kept beside the current one, newest first."""
_packed: dict[tuple[str, int, int], tuple[str, str]] = {}
_temporary: list[tempfile.TemporaryDirectory[str]] = []


class Releases(FactBase[dict[str, Any]]):
    """What stands under a release folder: the current id, and each complete id with its version."""

    def command(self, dest: str) -> StringCommand:
        """One command for all of it."""
        script = (
            'cd "$1" 2>/dev/null || exit 0; readlink current | sed "s,^releases/,current ,";'
            " for f in $(ls -tr releases/*/.complete 2>/dev/null); do d=${f%/.complete};"
            ' echo "complete ${d#releases/} $(cat "$d/REVISION")"; done'
        )
        return StringCommand("sh", "-c", QuoteString(script), "releases", QuoteString(dest))

    @staticmethod
    def default() -> dict[str, Any]:
        """Nothing is there."""
        return {"current": "", "complete": {}}

    def process(self, output: list[str]) -> dict[str, Any]:
        """Read the command's lines; the newest release comes last."""
        found = self.default()
        for line in output:
            word, _, rest = line.partition(" ")
            if word == "current":
                found["current"] = rest
            elif word == "complete":
                name, _, version = rest.partition(" ")
                found["complete"][name] = version
        return found


@operation()
def release(src: str, dest: str, version: str, keep_releases: int = KEPT) -> Generator[Any, None, None]:
    """Bring an archive or folder as a release of `version` and make it current.

    Args:
        src: a tar archive or a folder, on this machine.
        dest: the release folder on the host, absolute.
        version: what it is called.
        keep_releases: complete releases to keep beside the current one.
    """
    if not dest.startswith("/"):
        raise OperationError(f"release: dest {dest!r} is not an absolute path")
    found = host.get_fact(Releases, dest=dest)
    path = Path(src)
    archive = ""
    if path.exists():
        archive, digest = pack(path)
        name = f"{_plain(version)}-{digest[:8]}"
    else:
        kept = [name for name, said in found["complete"].items() if said == version]
        if not kept:
            raise OperationError(f"release: {src} does not exist, and the host keeps no release of {version}")
        name = kept[-1]
    if found["current"] == name and name in found["complete"]:
        host.noop(f"{name} is current")
        return
    commands = []
    if name not in found["complete"]:
        upload = host.get_temp_filename(f"release {dest} {name}")
        yield FileUploadCommand(archive, upload, remote_temp_filename=f"{upload}.part")
        commands.append(_unpack(upload, name, version))
    commands.append(_switch(name, keep_releases))
    script = "set -e\nmkdir -p D/releases D/shared\ncd D\n".replace("D", shlex.quote(dest)) + "\n".join(commands)
    yield StringCommand(script)


def _plain(version: str) -> str:
    """The version as part of a folder's name."""
    return "".join(sign if sign.isalnum() or sign in "._+-" else "-" for sign in version)


def _unpack(upload: str, name: str, version: str) -> str:
    part, whole, archive = (shlex.quote(text) for text in (f"releases/{name}.part", f"releases/{name}", upload))
    return (
        f"rm -rf {part} {whole}\nmkdir {part}\ntar -xf {archive} -C {part}\n"
        f"printf '%s\\n' {shlex.quote(version)} >{part}/REVISION\n: >{part}/.complete\n"
        f"mv -T {part} {whole}\nrm -f {archive}"
    )


def _switch(name: str, keep: int) -> str:
    """Swap `current` in one rename, then drop what is older than the newest `keep` and not current."""
    return (
        f"touch {shlex.quote(f'releases/{name}/.complete')}\n"
        f"ln -sfn {shlex.quote(f'releases/{name}')} current.new\nmv -T current.new current\n"
        f'for f in $(ls -t releases/*/.complete | tail -n +{keep + 2}); do rm -rf "${{f%/.complete}}"; done'
    )


def pack(path: Path) -> tuple[str, str]:
    """An archive of `path` and its SHA-256.

    A folder is packed the same way every time, an archive is taken as it is.
    """
    if path.is_file():
        status = path.stat()
        key = (str(path), status.st_mtime_ns, status.st_size)
        if key not in _packed:
            with path.open("rb") as file:
                _packed[key] = (str(path), hashlib.file_digest(file, "sha256").hexdigest())
        return _packed[key]
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for entry in sorted(path.rglob("*")):
            info = archive.gettarinfo(str(entry), arcname=str(entry.relative_to(path)))
            info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
            if info.isreg():
                with entry.open("rb") as file:
                    archive.addfile(info, file)
            else:
                archive.addfile(info)
    digest = hashlib.sha256(raw.getvalue()).hexdigest()
    if not _temporary:
        _temporary.append(tempfile.TemporaryDirectory(prefix="uptake-release-"))
    target = Path(_temporary[0].name) / f"{digest[:16]}.tar"
    if not target.exists():
        target.write_bytes(raw.getvalue())
    return str(target), digest
