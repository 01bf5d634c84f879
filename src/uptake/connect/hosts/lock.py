"""One run at a time per service and environment: a lock on one host, whose epoch every host checks.

It stands on the first host by name that can be reached, so that two plans, or two machines, meet there; it lasts its
ttl after the holder's last sign of life, by that host's own clock. The epoch grows with each new holder: hosts refuse
commands of an older one (a fencing token, as M. Kleppmann describes it), whatever the old holder believes. Here stand
its scripts; `holding` runs them.
"""

import re
import shlex
from dataclasses import dataclass

LOCKED, LOST = 78, 79

# `claim` holds one line: epoch, until when by this host's clock (0: given back), holder, words. `token` is the epoch
# that commands need. RENEW is 1 where only a lock that is still ours may be kept.
CLAIM = r"""
umask 077
cd BASE 2>/dev/null || { mkdir -p BASE && cd BASE; } || exit 1
mkdir -p locks/NAME && cd locks/NAME || exit 1
exec 8>>guard
flock -w 10 8 || { echo "the lock's own guard is taken" >&2; exit 75; }
e=0 u=0 h= w= t=0
[ ! -e claim ] || read -r e u h w <claim
[ ! -e token ] || read -r t <token
now=$(date +%s) how=kept
if [ "$h" != HOLDER ]; then
  [ RENEW = 0 ] || exit 79
  [ "$u" -le "$now" ] || { echo "$((u - now)) $w" >&2; exit 78; }
  [ "$u" = 0 ] && how=fresh || how=taken
  e=$((e + 1))
fi
[ "$e" -ge LEAST ] || e=LEAST
[ "$how" = kept ] || [ "$e" -gt "$t" ] || e=$((t + 1))
printf '%s %s %s %s\n' "$e" "$((now + TTL))" HOLDER WORDS >claim.new && mv claim.new claim || exit 1
echo "$how $e"
"""
RELEASE = r"""
cd BASE/locks/NAME 2>/dev/null || exit 0
exec 8>>guard
flock -w 10 8 || exit 75
e=0 u=0 h= w=
[ ! -e claim ] || read -r e u h w <claim
[ "$h" = HOLDER ] || exit 0
printf '%s 0 %s %s\n' "$e" "$h" "$w" >claim.new && mv claim.new claim
"""
# Part of settling a host: raises its token, then waits for an orphan of the holder before.
RAISE = r"""
L="${B%/*}/locks/NAME" T=TOKEN
mkdir -p "$L" || exit 1
exec 8>>"$L/guard"
flock -w 10 8 || exit 75
t=0
[ ! -e "$L/token" ] || read -r t <"$L/token"
[ "$T" -ge "$t" ] || { echo "$t" >&2; exit 78; }
[ "$T" = "$t" ] || { echo "$T" >"$L/token.new" && mv "$L/token.new" "$L/token"; } || exit 1
f=
[ ! -e "$L/folder" ] || read -r f <"$L/folder"
exec 8>&-
[ -z "$f" ] || [ "$f" = "$B" ] || [ ! -e "$f/lock" ] || flock -w "$W" "$f/lock" true || exit 75
echo "$B" >"$L/folder"
"""
SHOW = "cd BASE/locks/NAME 2>/dev/null || exit 0; [ ! -e claim ] || { date +%s; cat claim; }\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A lock's name, who takes it (in a form that stays the same, and in words), its ttl and the wait, in seconds."""

    name: str
    holder: str
    words: str
    ttl_s: int
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Who holds the lock of a host, in words and for how long yet, in seconds; 0 where it was given back."""

    words: str
    left_s: int
    epoch: int


def lock_name(service: str, environment: str) -> str:
    """The lock's folder on a host.

    >>> lock_name("help desk", "production")
    'help-desk.production'
    """
    return ".".join(re.sub(r"[^A-Za-z0-9_-]+", "-", word) or "-" for word in (service, environment))


def claim_script(terms: Terms, base: str, *, least: int = 0, renew: bool = False) -> str:
    """Take the lock, or keep it. Prints how and the epoch; ends 78 with the holder, 79 where it is no longer ours."""
    script = _filled(CLAIM, terms, base).replace("RENEW", str(int(renew))).replace("LEAST", str(least))
    return script.replace("TTL", str(terms.ttl_s)).replace("WORDS", shlex.quote(terms.words))


def release_script(terms: Terms, base: str) -> str:
    """Give the lock back, where it is ours."""
    return _filled(RELEASE, terms, base)


def raise_script(terms: Terms, epoch: int) -> str:
    """The part of settling that raises a host's token. Ends 78 with the newer token where ours is too old."""
    return RAISE.replace("NAME", terms.name).replace("TOKEN", str(epoch))


def show_script(name: str, base: str) -> str:
    """Prints the host's time and the claim, or nothing."""
    return SHOW.replace("BASE", base_of(base)).replace("NAME", name)


def read_claim(lines: list[str]) -> Claimed | None:
    """What `show_script` printed; None for no lock."""
    if len(lines) < 2:
        return None
    epoch, until, _, words = [*lines[1].split(" ", 3), "", "", ""][:4]
    return Claimed(words=words, left_s=max(0, int(until) - int(lines[0])), epoch=int(epoch))


def base_of(base: str) -> str:
    """Where Uptake's folder stands on a host, as shell words; beneath the home of who logs in by default."""
    return shlex.quote(f"{base.rstrip('/')}/.uptake") if base else '"$HOME"/.uptake'


def _filled(script: str, terms: Terms, base: str) -> str:
    return (
        script.replace("BASE", base_of(base)).replace("NAME", terms.name).replace("HOLDER", shlex.quote(terms.holder))
    )


def said_of(lines: tuple[str, ...]) -> str:
    """Who holds it, in words, from what a refused claim printed."""
    left_s, _, words = (lines[0] if lines else "").partition(" ")
    return f"held by {words or 'somebody'}" + (f" for {left_s} s more at least" if left_s.isdigit() else "")
