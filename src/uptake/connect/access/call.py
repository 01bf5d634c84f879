"""One call of an access by HTTP: its placeholders filled, and what its JSON answer holds.

Secrets are put in at the last moment. What a person's data says is only ever data: it is escaped for the place
it goes to, and between quotation marks for them, so that it cannot leave a filter. Nothing is sent here.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from uptake.connect.secrets import resolve
from uptake.connect.template import fill
from uptake.core.problem import refuse
from uptake.plan.model import HttpCall
from uptake.plan.secret import is_reference

_PLACE = re.compile(r"\{(person\.[^{}]+|with\.[a-z_]+|found)\}")


class Unnamed(Exception):
    """An address would be filled with nothing, and mean something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What a call's placeholders stand for.

    Args:
        person: her columns.
        given: a template's parameters, as the plan writes them.
        found: the system's own name for her, empty where nothing was looked up.
        folder: where `file:` begins.
    """

    person: Mapping[str, str]
    given: Mapping[str, str]
    found: str
    folder: Path

    def value(self, text: str, escape: Callable[[str], str] = str, *, quotable: bool = False) -> str:
        """A text of the call: a secret where the whole is a reference, else its placeholders filled and escaped."""
        if is_reference(text):
            return resolve(text, folder=self.folder)
        named = self._quotable if quotable else lambda _, match: self._named(match[1])
        return _PLACE.sub(lambda match: escape(named(text, match)), text)

    def url(self, text: str) -> str:
        """An address; a parameter with which it begins is an address itself.

        Raises:
            Unnamed: a part of it would be empty.
        """

        def part(value: str) -> str:
            if not value:
                raise Unnamed
            return _in_url(value)

        begins = _PLACE.match(text)
        if begins is None or not begins[1].startswith("with."):
            return self.value(text, part, quotable=True)
        return self._named(begins[1]).rstrip("/") + self.value(text[begins.end() :], part, quotable=True)

    def headers(self, call: HttpCall) -> dict[bytes, bytes]:
        """The headers, each on one line."""
        return {name.encode(): self._header(text) for name, text in call.headers.items()}

    def content(self, call: HttpCall) -> bytes | None:
        """The body: a text as its media type wants it, anything else as JSON."""
        if isinstance(call.body, str):
            return self.value(call.body, _escape(media_type(call))).encode()
        return None if call.body is None else json.dumps(self._tree(call.body), ensure_ascii=False).encode()

    def where(self, call: HttpCall) -> dict[str, str]:
        """What an item of the answer must hold."""
        return {self.value(path): self.value(text) for path, text in call.where.items()}

    def secrets(self, call: HttpCall) -> list[str]:
        """The secrets that the call carries."""
        texts = [*_texts((call.url, call.headers, call.body)), *self.given.values()]
        return [resolve(text, folder=self.folder) for text in texts if is_reference(text)]

    def _named(self, name: str) -> str:
        head, _, key = name.partition(".")
        if head == "with":
            text = self.given[key]
            return resolve(text, folder=self.folder) if is_reference(text) else fill(text, self.person)
        if head == "person":
            return fill(f"{{{name}}}", self.person)
        if not self.found:
            raise refuse("access.http", "access.http", "`{found}` stands in a call, and nothing was looked up")
        return self.found

    def _quotable(self, text: str, match: re.Match[str]) -> str:
        """A value, escaped for quotation marks around its placeholder."""
        value = self._named(match[1])
        around = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
        if around == '""':
            return json.dumps(value, ensure_ascii=False)[1:-1]
        return value.replace("'", "''") if around == "''" else value

    def _header(self, text: str) -> bytes:
        if any(is_reference(word) for word in text.split()[1:]):
            hint = "put the whole value, `Bearer ...` included, into the variable or file"
            raise refuse("access.http", "access.http", "in a header a secret stands alone", hint)
        return self.value(text, lambda value: " ".join(value.split())).encode()

    def _tree(self, body: Any) -> Any:
        match body:
            case str():
                return self.value(body, quotable=True)
            case Mapping():
                return {self.value(str(key)): self._tree(part) for key, part in body.items()}
            case list() | tuple():
                return [self._tree(part) for part in body]
            case _:
                return body


def media_type(call: HttpCall) -> str:
    """The media type that the call's headers name, empty for none."""
    found = next((text for name, text in call.headers.items() if name.lower() == "content-type"), "")
    return found.partition(";")[0].strip().lower()


def items(call: HttpCall, text: str) -> list[Any] | None:
    """The items of a JSON answer, one where it is no list; None where it is no JSON."""
    try:
        found = at(json.loads(text), call.among)
    except ValueError:
        return None
    return found if isinstance(found, list) else [] if found is None else [found]


def at(value: Any, path: str) -> Any:
    """The value at a dotted path, None where there is none.

    >>> at({"user": {"login": "kim"}}, "user.login")
    'kim'
    """
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value


def matching(found: Iterable[Any], where: Mapping[str, str]) -> list[Any]:
    """The items that hold what is wanted, without regard to case."""
    return [one for one in found if all(said(at(one, path)).casefold() == v.casefold() for path, v in where.items())]


def said(value: Any) -> str:
    """A JSON value as a text: nothing is an empty one."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _texts(part: Any) -> list[str]:
    """Every text within a value."""
    match part:
        case str():
            return [part]
        case Mapping():
            return [text for inner in part.values() for text in _texts(inner)]
        case list() | tuple():
            return [text for inner in part for text in _texts(inner)]
        case _:
            return []


def _escape(kind: str) -> Callable[[str], str]:
    """How a person's value is written into a text body of a media type."""
    if kind.endswith("json"):
        return lambda value: json.dumps(value, ensure_ascii=False)[1:-1]
    if kind == "application/x-www-form-urlencoded":
        return quote_plus
    if kind.endswith(("xml", "html")):
        return html.escape
    return str


def _in_url(value: str) -> str:
    """A value as one piece of a path or query; a piece that would climb the path is spelt out."""
    quoted = quote(value, safe="")
    return quoted.replace(".", "%2E") if quoted in (".", "..") else quoted
