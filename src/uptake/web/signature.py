"""Whether a body comes from who knows the plan's secret: GitHub's signature, and Standard Webhooks.

Over the bytes as they came, never over what they say; compared in constant time. Nothing is kept and no clock is read.
Sources: GitHub, Validating webhook deliveries (X-Hub-Signature-256); Standard Webhooks 1.0.0, Verifying signatures.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

GITHUB = "x-hub-signature-256"
STANDARD = "webhook-signature"
STANDARD_PREFIX = "whsec_"
OLDEST_S = 300
"""A Standard Webhook whose time lies further off, either way, is stale."""
SIGNATURES_MOST = 20
"""So many signatures of one body are looked at: keys are changed one after another."""


def is_signed(headers: Mapping[str, str]) -> bool:
    """Whether a request claims to be signed; it must then pass, whatever else it carries."""
    return GITHUB in headers or STANDARD in headers


def why_not(headers: Mapping[str, str], body: bytes, *, secret: str, now_s: float) -> str:
    """Why a signed body is not taken; empty where every signature that it claims is good.

    Args:
        headers: in lower case.
        body: the bytes as they came.
        secret: the plan's; for Standard Webhooks `whsec_` and base64.
        now_s: seconds since 1970.
    """
    if GITHUB in headers:
        wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(headers[GITHUB].encode(), wanted.encode()):
            return "the signature in X-Hub-Signature-256 is not this body's"
    return _standard(headers, body, secret, now_s) if STANDARD in headers else ""


def _standard(headers: Mapping[str, str], body: bytes, secret: str, now_s: float) -> str:
    mark, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not mark or not moment.isascii() or not moment.isdigit():
        return "webhook-id or webhook-timestamp is missing"
    if abs(now_s - int(moment)) > OLDEST_S:
        return f"webhook-timestamp is more than {OLDEST_S // 60} minutes off"
    try:
        key = base64.b64decode(secret.removeprefix(STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return "the plan's secret is none of Standard Webhooks"
    wanted = base64.b64encode(hmac.new(key, f"{mark}.{moment}.".encode() + body, hashlib.sha256).digest())
    for one in headers[STANDARD].split()[:SIGNATURES_MOST]:
        version, _, sent = one.partition(",")
        if version == "v1" and hmac.compare_digest(sent.encode(), wanted):
            return ""
    return "no signature in webhook-signature is this body's"
