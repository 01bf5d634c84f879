"""The wall clock's waits, and the secrets that are only references."""

import threading
import time
from pathlib import Path

import pytest

from uptake.connect.clock import Alarm, WallClock
from uptake.connect.secrets import masked, resolve
from uptake.core.problem import Refused
from uptake.core.time import Instant


def test_never_goes_back_though_the_machine_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = WallClock(Alarm())
    first = clock.now()
    assert abs(first - time.time() * 1000) < 1000
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - 3600 * 10**9)
    second = clock.now()
    time.sleep(0.02)
    assert first <= second < second + 19 <= clock.now() < first + 60_000
    monkeypatch.setattr(time, "time_ns", lambda: real() + 3600 * 10**9)
    assert clock.now() >= first + 3600 * 1000


def test_waits_until_then_and_no_longer() -> None:
    clock = WallClock(Alarm())
    until = Instant(clock.now() + 60)
    assert not clock.wait(until)
    assert until <= clock.now() < until + 5000
    began = time.monotonic()
    clock.wait(Instant(0))
    assert time.monotonic() - began < 0.5


def test_an_alarm_ends_the_wait_also_where_it_went_off_before() -> None:
    alarm = Alarm()
    clock = WallClock(alarm)
    for set_it in (alarm.set, threading.Timer(0.05, alarm.set).start):
        began = time.monotonic()
        set_it()
        assert clock.wait(Instant(clock.now() + 60_000))
        assert time.monotonic() - began < 10.0
    assert not alarm.wait(0.0)


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPTAKE_TEST_TOKEN", "abc")
    (tmp_path / "token").write_text("def\n")
    assert resolve("env:UPTAKE_TEST_TOKEN", folder=tmp_path) == "abc"
    assert resolve("file:token", folder=tmp_path) == "def"
    assert resolve("see env:UPTAKE_TEST_TOKEN", folder=tmp_path) == "see env:UPTAKE_TEST_TOKEN"


@pytest.mark.parametrize("text", ["env:UPTAKE_TEST_NOT_SET", "file:none", "file:empty", "file:latin", "file:long"])
def test_a_secret_that_is_not_there_is_named_without_a_value(tmp_path: Path, text: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "latin").write_bytes(b"planted-\xfc")
    (tmp_path / "long").write_text("planted" * 20_000)
    with pytest.raises(Refused) as refused:
        resolve(text, folder=tmp_path)
    assert refused.value.problems[0].where.file == text
    assert "planted" not in str(refused.value)


def test_masking_takes_a_secrets_pieces_too() -> None:
    said = "POST /services/T000/B000/XXXX to hooks: no"
    assert masked(said, "slack://T000/B000/XXXX") == "POST /services/***/***/*** to hooks: no"
