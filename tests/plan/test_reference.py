"""The annotated reference: every key of the model is there, each file is a good plan, defaults are true."""

from importlib.resources import files

import pytest

from uptake.core.time import Span
from uptake.plan.check import check
from uptake.plan.fact import Facts
from uptake.plan.keys import all_keys
from uptake.plan.read import read_plan
from uptake.plan.reference import default_of, explained, look_up, nearest_key, read_reference, reference

FOLDER = files("uptake.plan").joinpath("reference")
NAMES = sorted(item.name for item in FOLDER.iterdir() if item.name.endswith(".yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_each_file_is_a_good_plan(name: str) -> None:
    read = read_plan(FOLDER.joinpath(name).read_text(encoding="utf-8"), file=name)
    assert check(read, Facts()) == ()


def test_every_key_of_the_model_is_explained_once() -> None:
    silent = [path for path, key in all_keys().items() if explained(key) is None]
    assert not silent
    texts = {name: FOLDER.joinpath(name).read_text(encoding="utf-8") for name in NAMES}
    alone = [read_reference({name: text}) for name, text in texts.items()]
    twice = [path for i, one in enumerate(alone) for other in alone[:i] for path in one if path in other]
    assert not twice


@pytest.mark.parametrize("path", sorted(path for path, it in reference().items() if it.key is not None))
def test_each_says_its_default_and_its_unit(path: str) -> None:
    it = reference()[path]
    assert it.key is not None
    default = default_of(it.key)
    if default is None:
        assert "Needed." in it.text
    elif default in {"none", "its own defaults"}:
        assert "Default: " in it.text
    else:
        assert f"Default: {default}" in it.text
    if it.key.bare is Span:
        assert "Duration" in it.text
    if it.key.bare is float and it.key.many == "one":
        assert "Percentage" in it.text or "share" in it.text


def test_looking_up() -> None:
    assert [it.path for it in look_up("implement.gate.at")] == ["implement.gate.at"]
    assert [it.path for it in look_up("gate.at")] == ["implement.gate.at"]
    assert [it.path for it in look_up("canary:")] == ["deploy.update.canary"]
    assert len(look_up("at")) == 5
    assert [it.path for it in look_up("implement.expose.access.http.withdraw.url")] == [
        "implement.expose.access.http.grant.url"
    ]
    assert look_up("nonsense") == ()
    assert nearest_key("canry") == "did you mean `canary`?"
    assert reference()["deploy.update.health"].example.startswith("health:\n  checks:")
