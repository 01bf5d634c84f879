"""Forms: how their fields are read, and what proves that a person sent one from this server's own page.

A form carries a proof that only the page it stands in can know, and browsers name the page's origin with it.
It knows no form in particular.
"""

import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request

from uptake.web.answers import BodyRefused, read_body
from uptake.web.auth import Holder, Tokens

FORM_MOST_BYTES = 32 * 1024
"""A larger form is none."""
FIELDS_MOST = 8
"""Fields of one form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a form carries besides what a person enters: the key makes it one word, however often it is sent."""

    key: str
    proof: str


def new_proof(tokens: Tokens, holder: Holder, purpose: str) -> Proof:
    """The proof of a new form for one holder and purpose."""
    key = secrets.token_hex(8)
    return Proof(key=key, proof=_signed(tokens, holder, purpose, key))


def is_current(tokens: Tokens, request: Request, holder: Holder, fields: dict[str, str], *, purpose: str) -> bool:
    """Whether a form was shown to this holder by this server since it started, and sent from its own page."""
    expected = _signed(tokens, holder, purpose, fields.get("key", ""))
    return bool(fields.get("key")) and proved(expected, fields) and same_origin(request)


def proved(expected: str, fields: dict[str, str]) -> bool:
    """Whether a form carries the proof that is expected."""
    return hmac.compare_digest(expected.encode(), fields.get("proof", "").encode())


def same_origin(request: Request) -> bool:
    """Whether the request comes from this server's own page; browsers send Origin with every form."""
    origin = request.headers.get("origin", "")
    return urlsplit(origin).netloc == request.headers.get("host", "") if origin else True


async def read_fields(request: Request) -> dict[str, str]:
    """The fields of a form, each once; none where the body is too large, too slow or no form."""
    try:
        body = await read_body(request, most_bytes=FORM_MOST_BYTES)
        parsed = parse_qs(body.decode("utf-8", "replace"), max_num_fields=FIELDS_MOST)
    except (BodyRefused, ValueError):
        return {}
    return {name: values[-1] for name, values in parsed.items()}


def _signed(tokens: Tokens, holder: Holder, purpose: str, key: str) -> str:
    return tokens.sign(purpose, f"{holder.digest}\0{key}")
