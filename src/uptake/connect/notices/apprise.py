"""Notices to the plan's own people through apprise: Slack, Teams, mail and many more by URL.

One URL at a time, since a partial success over several tells nobody whom to tell again. Not
for announcements to the audience. The URL is the secret: it is in no evidence and no log.
"""

import sys
import threading
import warnings
from dataclasses import dataclass
from typing import Literal

from uptake.connect.secrets import masked, quieten
from uptake.core.problem import refuse

LINES_MOST = 5
"""So many of the library's own words are kept of a failure."""
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How one notice fared; `later`: trying again may help; `in doubt`: silence, it may have been taken."""

    state: Literal["done", "later", "failed", "in doubt"]
    lines: tuple[str, ...] = ()


def tell(url: str, *, title: str, text: str, timeout_s: float) -> Told:
    """Send one notice to one URL.

    Args:
        url: apprise's, resolved; names one place.
        title: the notice's first line.
        text: plain text.
        timeout_s: what it may take in all; a server that stays silent costs no more.

    Raises:
        Refused: the URL is none that apprise knows.
    """
    _load()
    import apprise

    asset = apprise.AppriseAsset(allow_templates=False, storage_mode=apprise.PersistentStoreMode.MEMORY)
    service = apprise.Apprise(asset=asset)
    if not service.add(url):
        raise refuse("notify.url", "notify", "apprise knows no service of this form", "see the table of its URLs")
    words: list[str] = []
    result = service.notify(
        body=text,
        title=title,
        body_format="text",
        timeout=timeout_s,
        log_callback=lambda entry, _service: words.append(str(entry.message)),
        log_level=30,
    )
    if bool(result):
        return Told(state="done")
    status = result.status.name
    lines = (status, *(masked(word, url) for word in words[-LINES_MOST:]))
    match status:
        case "FAILURE":
            return Told(state="later", lines=lines)
        case "TIMEOUT":
            return Told(state="in doubt", lines=lines)
        case _:
            return Told(state="failed", lines=lines)


def _load() -> None:
    """Load the library and all its services once, in silence: some import what Python has deprecated."""
    with _LOADING:
        if "apprise.plugins.custom_json" in sys.modules:
            return
        quieten()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            import apprise

            apprise.Apprise().add("json://localhost")
