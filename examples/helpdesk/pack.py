"""Packs Roundup as relocatable archives, one for each version of our help desk: two good ones and a broken one.

`helpdesk-{version}.tar.gz` holds lib/ (Roundup, unchanged), tracker/ (its classic template), bin/ (our two scripts)
and REVISION. A version is the help desk's own; the Roundup inside is 2.6.0 in all three. Made once and kept:
this is set-up, it stands before the clock of the demonstration starts. It deploys nothing.
"""

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROUNDUP = "2.6.0"
GOOD, NEXT, BROKEN = "2.6.0", "2.6.1", "2.7.0"
TRACKER_PARTS = ("html", "detectors", "extensions", "schema.py", "initial_data.py")
BREAKAGE = '\nraise RuntimeError("release 2.7.0 reads a table that does not exist")\n'
INSTALL_LIMIT_S = 300
HERE = Path(__file__).resolve().parent


def host_python() -> str:
    """An interpreter that every user of a host may run: the system's, not one under a closed home."""
    for candidate in ("/usr/bin/python3", "/usr/local/bin/python3"):
        if os.access(candidate, os.X_OK):
            return candidate
    return os.path.realpath(sys.executable)


def install(folder: Path) -> None:
    """Installs Roundup into folder/lib and makes folder/tracker from its classic template."""
    lib, made = folder / "lib", folder / "made"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    subprocess.run([*pip, "--target", str(lib), f"roundup=={ROUNDUP}"], check=True, timeout=INSTALL_LIMIT_S)
    template = ["classic", "sqlite", "tracker_web=http://127.0.0.1:8080/t/,mail_domain=example.org"]
    admin = [host_python(), "-m", "roundup.scripts.roundup_admin", "-i", str(made), "install", *template]
    environment = {**os.environ, "PYTHONPATH": str(lib), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(admin, check=True, timeout=INSTALL_LIMIT_S, env=environment, stdout=subprocess.DEVNULL)
    tracker = folder / "tracker"
    tracker.mkdir()
    for part in TRACKER_PARTS:
        (made / part).rename(tracker / part)
    shutil.rmtree(made)
    for unused in ("bin", "share/doc", "share/man"):
        shutil.rmtree(lib / unused, ignore_errors=True)


def dress(folder: Path, version: str) -> None:
    """Makes folder the release `version`: scripts, revision, nobody registers herself; the broken one breaks."""
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    for script in sorted((HERE / "release").glob("*.sh")):
        shutil.copy(script, bin_ / script.name)
    (folder / "REVISION").write_text(f"{version}\n")
    (folder / "tracker/html/version.txt").write_text(f"{version}\n")
    schema = folder / "tracker/schema.py"
    lines = schema.read_text().splitlines(keepends=True)
    kept = [line for line in lines if "'Register', 'user'" not in line and 'RuntimeError("release' not in line]
    schema.write_text("".join(kept) + (BREAKAGE if version == BROKEN else ""))


def archive(folder: Path, target: Path) -> None:
    """Writes folder as target, owned by nobody in particular and readable by everybody."""

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        info.mode = 0o755 if info.isdir() or info.name.endswith(".sh") else 0o644
        return None if "__pycache__" in info.name else info

    part = target.with_suffix(".part")
    with tarfile.open(part, "w:gz", compresslevel=6) as tar:
        for name in ("lib", "tracker", "bin", "REVISION"):
            tar.add(folder / name, arcname=name, filter=plain)
    part.replace(target)


def stale(target: Path) -> bool:
    """Whether target has to be made (again): it is missing or older than what it is made of."""
    sources = [HERE / "pack.py", *(HERE / "release").glob("*.sh")]
    return not target.exists() or target.stat().st_mtime < max(source.stat().st_mtime for source in sources)


def pack(out: Path) -> dict[str, Path]:
    """The archives under `out` by version, made where they are missing."""
    out.mkdir(parents=True, exist_ok=True)
    targets = {version: out / f"helpdesk-{version}.tar.gz" for version in (GOOD, NEXT, BROKEN)}
    with (out / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two who pack at once: the second finds it done
        if any(stale(target) for target in targets.values()):
            make(targets, out / "unpacked")
    return targets


def make(targets: dict[str, Path], folder: Path) -> None:
    """Makes every archive anew, with `folder` to work in."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    install(folder)
    for version, target in targets.items():
        dress(folder, version)
        archive(folder, target)
    shutil.rmtree(folder)


def main() -> None:
    """Packs into the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    for version, target in pack(parser.parse_args().out).items():
        print(f"{version} {target} {target.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
