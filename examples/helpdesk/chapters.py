"""The ten chapters of the demonstration, in order."""

from collections.abc import Callable

from ending import answers_and_effect, in_use, verify_and_replay
from rollout import check_and_rehearse, deploy, draw_and_announce, people_use_it
from show import Show
from trouble import bad_release, kill_the_server, training

CHAPTERS: tuple[tuple[str, Callable[[Show], str]], ...] = (
    ("check and rehearse", check_and_rehearse),
    ("deploy to three hosts", deploy),
    ("draw four waves, announce", draw_and_announce),
    ("people use what they are let into", people_use_it),
    ("a bad release", bad_release),
    ("a killed server", kill_the_server),
    ("a missed training, made up for", training),
    ("answers, and an effect beside its truth", answers_and_effect),
    ("in use and what for, side by side", in_use),
    ("verify, replay, compare person by person", verify_and_replay),
)
