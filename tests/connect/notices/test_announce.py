"""Announcements over a real SMTP server: everyone once, failures named by pid, no address in any evidence."""

from tests.connect.notices.conftest import Post
from tests.connect.world import World, announce, free_port, outcome, person, plan
from uptake.connect.notices.mail import MESSAGES_MOST
from uptake.connect.notices.worker import PostedNotices
from uptake.connect.patience import AWAY_MOST


def test_one_letter_for_each_person_of_the_wave(here: World, post: Post) -> None:
    here.know(*(person(n) for n in range(1, 21)))
    here.know(person(99), wave=1)
    port = PostedNotices(**here.parts(plan(server=post.url)))
    port.accept(announce())
    ended = outcome(port, here.wake)
    port.close()
    assert (ended.ok, ended.counts, ended.failures) == (True, {"done": 20}, ())
    assert sorted(address for address, _ in post.mailbox.got) == sorted(f"person{n}@example.org" for n in range(1, 21))
    assert post.mailbox.connections == 1
    message = next(m for address, m in post.mailbox.got if address == "person7@example.org")
    assert message["Subject"] == "The help desk is coming, Person 7"
    assert message["From"] == "Help Desk <desk@example.org>"
    assert message.get_body(("plain",)).get_content().strip() == "Dear Person 7 of team a."
    assert len({m["Message-ID"] for _, m in post.mailbox.got}) == 20


def test_accepted_again_sends_only_to_whom_it_is_missing(here: World, post: Post) -> None:
    here.know(*(person(n) for n in range(1, 4)))
    port = PostedNotices(**here.parts(plan(server=post.url)))
    port.accept(announce())
    outcome(port, here.wake)
    here.know(person(4))
    port.accept(announce())
    assert outcome(port, here.wake).counts == {"done": 4}
    port.close()
    assert len(post.mailbox.got) == 4


def test_who_has_no_address_is_failed_and_named_by_pid(here: World, post: Post) -> None:
    spoilt = {2: "", 3: "two@x.org, three@x.org", 4: "a@x.org\nBcc: all@x.org", 5: "nobody"}
    here.know(person(1), *(person(n, email=text) for n, text in spoilt.items()))
    port = PostedNotices(**here.parts(plan(server=post.url)))
    port.accept(announce())
    ended = outcome(port, here.wake)
    port.close()
    assert (ended.ok, ended.counts) == (False, {"done": 1, "failed": 4})
    assert {f.target for f in ended.failures} == {person(n).pid for n in spoilt}
    assert {f.lines[0] for f in ended.failures} == {"no mail address", "not one mail address"}
    assert len(post.mailbox.got) == 1


def test_busy_is_tried_again_and_refused_is_not(here: World, post: Post) -> None:
    here.know(*(person(n) for n in range(1, 5)))
    post.mailbox.answers = {
        "person1@example.org": ["450 later, person1@example.org"],
        "person2@example.org": ["550 no such person2@example.org here"] * 2,
        "person3@example.org": ["451 later"] * 9,
    }
    port = PostedNotices(**here.parts(plan(server=post.url)))
    port.accept(announce())
    ended = outcome(port, here.wake)
    port.close()
    assert (ended.ok, ended.counts) == (False, {"done": 2, "failed": 2})
    assert {(f.target, f.exit_code) for f in ended.failures} == {(person(2).pid, 550), (person(3).pid, 451)}
    assert "person2" not in repr(ended)
    assert len(post.mailbox.answers["person2@example.org"]) == 1
    assert len(post.mailbox.answers["person3@example.org"]) == 9 - 3


def test_no_server_leaves_everyone_wanted_and_says_where_to_look(here: World) -> None:
    here.know(person(1), person(2))
    port = PostedNotices(**here.parts(plan(server=f"smtp://127.0.0.1:{free_port()}")))
    port.accept(announce())
    ended = outcome(port, here.wake)
    port.close()
    assert (ended.ok, ended.counts) == (False, {"wanted": 2})
    assert ended.failures[0].target == "mail.server"
    assert "Connection refused" in ended.failures[0].lines[0]


def test_an_unknown_placeholder_stops_before_the_first_letter(here: World, post: Post) -> None:
    (here.folder / "coming.md").write_text("# Hello\n\n{person.shoe_size}\n")
    here.know(person(1))
    port = PostedNotices(**here.parts(plan(server=post.url)))
    port.accept(announce())
    ended = outcome(port, here.wake)
    port.close()
    assert not ended.ok
    assert ended.failures[0].target == "{person.shoe_size}"
    assert post.mailbox.got == []


def test_a_connection_that_breaks_is_opened_again(here: World, post: Post) -> None:
    here.know(*(person(n) for n in range(1, 6)))
    post.mailbox.drops = 3
    port = PostedNotices(**here.parts(plan(server=post.url)))
    port.accept(announce())
    assert outcome(port, here.wake).counts == {"done": 5}
    port.close()
    assert post.mailbox.connections == 4


def test_a_server_that_always_breaks_off_is_not_asked_for_everyone(here: World, post: Post) -> None:
    here.know(*(person(n) for n in range(1, 101)))
    post.mailbox.drops = 9999
    port = PostedNotices(**here.parts(plan(server=post.url)))
    port.accept(announce())
    ended = outcome(port, here.wake)
    assert (ended.ok, ended.counts) == (False, {"wanted": 100})
    assert ended.failures[0].lines[0] == f"{AWAY_MOST} letters in a row: the server ended the connection"
    port.close()


def test_many_letters_take_a_new_connection_now_and_then(here: World, post: Post) -> None:
    here.know(*(person(n) for n in range(1, MESSAGES_MOST + 2)))
    port = PostedNotices(**here.parts(plan(server=post.url)))
    port.accept(announce())
    assert outcome(port, here.wake).counts == {"done": MESSAGES_MOST + 1}
    port.close()
    assert post.mailbox.connections == 2


def test_a_given_subject_leaves_the_heading_in_the_text(here: World, post: Post) -> None:
    here.know(person(1))
    port = PostedNotices(**here.parts(plan(server=post.url, subject="Für {person.name}")))
    port.accept(announce())
    assert outcome(port, here.wake).ok
    port.close()
    ((_, message),) = post.mailbox.got
    assert message["Subject"] == "Für Person 1"
    assert message.get_body(("plain",)).get_content().startswith("# The help desk is coming, Person 1")
