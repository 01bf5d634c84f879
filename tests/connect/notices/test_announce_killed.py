"""kill -9 in the middle of announcing to 300 people, several times: everyone has the letter, repeats are few."""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

from tests.connect.notices.conftest import Post
from tests.connect.world import World, eventually, person
from uptake.connect.notices.mailing import IN_FLIGHT_MOST

ROOT = Path(__file__).parents[3]
PEOPLE = 300
KILL_AT = (1, 90, 171, 290)


def start(here: World, post: Post) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "tests.connect.under_way", "announce", str(here.folder), post.url]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_everyone_at_least_once_and_few_repeats_with_the_same_message_id(here: World, post: Post) -> None:
    here.know(*(person(n) for n in range(1, PEOPLE + 1)))
    got = post.mailbox.got
    for letters in KILL_AT:
        with start(here, post) as process:
            eventually(lambda letters=letters: len(got) >= letters)
            process.kill()
    with start(here, post) as process:
        said = json.loads(process.communicate(timeout=60)[0])
    assert said == {"ok": True, "counts": {"done": PEOPLE}}
    times = Counter(address for address, _ in got)
    assert set(times) == {f"person{n}@example.org" for n in range(1, PEOPLE + 1)}
    assert len(got) - PEOPLE <= len(KILL_AT) * IN_FLIGHT_MOST
    identities = defaultdict(set)
    for address, message in got:
        identities[address].add(message["Message-ID"])
    assert {len(known) for known in identities.values()} == {1}
    assert len(set().union(*identities.values())) == PEOPLE
