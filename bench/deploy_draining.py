"""Promise: a release that fails after its second batch fails no client, and never leaves too few servers.

Twelve real SSH hosts behind a real haproxy, a canary and then three at a time, clients that post on fresh connections
all the while, haproxy's own view sampled every 100 ms. Anchor: the same release without draining.
"""

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.cli.draining import Seen, Site, behind_a_balancer  # noqa: E402
from tests.fleet import Fleet  # noqa: E402

HOSTS = int(os.environ.get("BENCH_HOSTS", "12"))
PARALLEL = max(1, HOSTS // 4)
POSTS_LEAST = 1000


def fail(site: Site) -> Seen:
    """Deploy the broken version while clients ask: it is rolled back, every changed host is on the old one again."""
    with site.ask_all_the_while() as seen:
        done = site.deploy("broken")
    assert done.returncode == 4, done.stdout + done.stderr
    assert set(site.told().values()) == {"1"}, site.told()
    return seen


def main() -> int:
    """With draining and without; 1 where a client was failed with it, or too few servers were up."""
    with tempfile.TemporaryDirectory(prefix="uptake-bench-") as name:
        folder = Path(name) / "plan"
        folder.mkdir()
        with (
            Fleet.start(n=HOSTS, folder=Path(name) / "fleet") as fleet,
            behind_a_balancer(fleet, folder, parallel=PARALLEL) as site,
        ):
            site.plan(draining=True)
            first = site.deploy("1")
            assert first.returncode == 0, first.stdout + first.stderr
            drained = fail(site)
            site.plan(draining=False)
            site.revise()
            bare = fail(site)
    for what, seen in (("with draining", drained), ("without", bare)):
        words = f"{seen.failed} of {seen.posts} posts failed, at least {min(seen.up)} of {HOSTS} servers up"
        print(f"{what}: {words} (sampled {len(seen.up)} times)")
    well = drained.failed == 0 and drained.posts > POSTS_LEAST and min(drained.up) >= HOSTS - PARALLEL
    return 0 if well and bare.failed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
