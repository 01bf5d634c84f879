"""The access templates that came with this version: what is known of a vendor, as data.

One file in `templates/` is one vendor: which parameters a plan gives, and the `http` section that a plan could
also have written itself, with {with.KEY} where a parameter goes. Pure; the calls are made in `connect/access`.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from uptake.plan.model import AccessHttp
from uptake.plan.shape import validator
from uptake.plan.tree import read_tree
from uptake.plan.value import Mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What a plan gives a template in `with`; needed where there is no default. A secret is given by reference."""

    name: str
    about: str
    kind: Literal["text", "address", "secret"] = "text"
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A vendor's calls; `as_of` is the month whose documentation they follow."""

    about: str
    as_of: str
    takes: tuple[Parameter, ...]
    http: AccessHttp


@cache
def names() -> tuple[str, ...]:
    """The templates there are."""
    folder = files("uptake.plan").joinpath("templates")
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


@cache
def template(name: str) -> Template:
    """A template by its name, one of `names()`."""
    file = f"{name}.yaml"
    return read_template(files("uptake.plan").joinpath("templates", file).read_text(encoding="utf-8"), file=file)


def read_template(text: str, *, file: str) -> Template:
    """A template's text as a value. Its form is held by tests, not here: it is ours.

    Args:
        text: the whole file.
        file: its name.
    """
    tree, problems = read_tree(text, file=file)
    assert not problems, problems
    return cast("Template", validator(Template).validate_python(tree, context=Mistakes()))


def given(name: str, parameters: dict[str, str]) -> dict[str, str]:
    """Every parameter of a template: what the plan gives, else the default."""
    return {one.name: parameters.get(one.name, one.default) for one in template(name).takes}
