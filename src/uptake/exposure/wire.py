"""OFREP as bytes: the context that a client sends, and the answers and faults that it reads.

The rules were learnt by running clients: every answer has a `variant` and every fault its
`errorDetails`, reasons come from OFREP's list only, a missing context is an empty one. HTTP itself,
tokens and limits are the web's.
"""

import unicodedata
from dataclasses import dataclass
from typing import Literal

import msgspec

from uptake.exposure.flag import Decided, Flag

ErrorCode = Literal["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "FLAG_NOT_FOUND"]
TARGETING_KEY_MOST = 512
"""Characters of a targeting key that are looked at; a longer one is refused."""


class _Request(msgspec.Struct):
    context: object = None


class _Context(msgspec.Struct, rename="camel"):
    targeting_key: object = ""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Request).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a flag or a whole request has no value, in OFREP's code and in words."""

    code: ErrorCode
    details: str

    def body(self, key: str = "") -> bytes:
        """The fault as an answer about one flag, or without a key about the whole request."""
        named = {"key": key} if key else {}
        return _encode({**named, "errorCode": self.code, "errorDetails": self.details})


NO_PERSON = Fault(
    code="TARGETING_KEY_MISSING",
    details="This flag depends on the person: send context.targetingKey, the person's id in the audience file.",
)


def success(flag: Flag, decided: Decided) -> bytes:
    """The answer about one flag."""
    return _encode(
        {
            "key": flag.key,
            "value": decided.variant.value,
            "reason": decided.reason,
            "variant": decided.variant.name,
            "metadata": flag.metadata(decided),
        }
    )


def read_person(body: bytes) -> str | Fault:
    """The targeting key of a request's context; empty where there is no context or no key in it.

    >>> read_person(b'{"context": {"targetingKey": "ada"}}')
    'ada'
    """
    context = _read_context(body)
    if isinstance(context, Fault):
        return context
    key = "" if context.targeting_key is None else context.targeting_key
    if not isinstance(key, str):
        return Fault(code="INVALID_CONTEXT", details="context.targetingKey is not a text.")
    if len(key) > TARGETING_KEY_MOST:
        return Fault(
            code="INVALID_CONTEXT", details=f"context.targetingKey is longer than {TARGETING_KEY_MOST} characters."
        )
    return same(key)


def same(external_id: str) -> str:
    """An external id as ids are compared: in NFC, as the draw took it."""
    return unicodedata.normalize("NFC", external_id)


def _read_context(body: bytes) -> _Context | Fault:
    try:
        sent = _decode(body) if body.strip() else _Request()
    except msgspec.ValidationError:
        return Fault(code="PARSE_ERROR", details='The request is not a JSON object: send {"context": {...}}.')
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Fault(code="PARSE_ERROR", details=f"The request is not JSON: {error}.")
    if sent.context is None:
        return _Context()
    try:
        return msgspec.convert(sent.context, type=_Context)
    except msgspec.ValidationError:
        return Fault(code="INVALID_CONTEXT", details="context is not a JSON object.")
