"""Promise: `uptake deploy --dry-run` of ten steps on twelve hosts 20 ms away answers within 3 s.

A proxy before each real SSH host delays every byte by 10 ms each way. Anchor: the same without the delay.
"""

import asyncio
import csv
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from _job import uptake, write

from tests.fleet import Fleet

HOSTS = 12
ONE_WAY_S = 0.010
MOST_S = 3.0
REPEATS = 3


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on each piece, late by the delay, in order and without waiting for the one before."""
    loop, late = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]]()

    async def send() -> None:
        while True:
            due, piece = await late.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not piece:
                writer.close()
                return
            writer.write(piece)

    sender = asyncio.create_task(send())
    while piece := await reader.read(65_536):
        late.put_nowait((loop.time() + ONE_WAY_S, piece))
    late.put_nowait((loop.time(), b""))
    await sender


def delayed(targets: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """A listening address of its own for each target, behind the delay."""
    found: list[tuple[str, int]] = []
    ready = threading.Event()

    async def serve() -> None:
        for i, (host, port) in enumerate(targets):

            async def meet(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str = host, port: int = port
            ) -> None:
                there_reader, there_writer = await asyncio.open_connection(host, port)
                await asyncio.gather(pipe(reader, there_writer), pipe(there_reader, writer), return_exceptions=True)

            server = await asyncio.start_server(meet, f"127.0.5.{i + 1}", 0)
            found.append(server.sockets[0].getsockname()[:2])
        ready.set()
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    ready.wait()
    return found


def redirect(folder: Path, places: list[tuple[str, int]]) -> None:
    """The inventory's addresses are the proxies', and their keys are known."""
    with (folder / "inventory.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    known = Path(rows[0]["known_hosts"])
    key = known.read_text().splitlines()[0].split(" ", 1)[1]
    lines = [f"[{host}]:{port} {key}" for host, port in places]
    (folder / "known_hosts").write_text(known.read_text() + "\n".join(lines) + "\n")
    for row, (host, port) in zip(rows, places, strict=True):
        row |= {"address": host, "port": str(port), "known_hosts": str(folder / "known_hosts")}
    with (folder / "inventory.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def median(folder: Path) -> float:
    """The time of a dry run, in seconds."""
    took: list[float] = []
    for _ in range(REPEATS):
        done, took_s = uptake(folder, "deploy", "plan.yaml", "--dry-run")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("would change") >= HOSTS * 5, done.stdout
        took.append(took_s)
    return sorted(took)[REPEATS // 2]


def main() -> int:
    """Near and far; 1 where the far one takes too long."""
    with tempfile.TemporaryDirectory(prefix="uptake-bench-") as name:
        folder = Path(name) / "plan"
        with Fleet.start(n=HOSTS, folder=Path(name) / "fleet") as fleet:
            write(fleet, folder)
            near = median(folder)
            redirect(folder, delayed([(host.address, host.port) for host in fleet.hosts]))
            far = median(folder)
    print(
        f"deploy_dry_run: 10 steps, {HOSTS} hosts, median of {REPEATS}: near {near:.2f} s, 20 ms away {far:.2f} s"
        f" (at most {MOST_S:g} s), ratio {far / near:.2f}"
    )
    return int(far > MOST_S)


if __name__ == "__main__":
    sys.exit(main())
