"""Every command once: the scripts that stand on a host, and the wrapping that sends commands through them.

A command's script goes in on standard input (so that no process list shows it), runs under a lock with its
output in a file, and leaves a receipt; a present receipt skips it. A controller whose epoch is older than
the host has seen is refused. Uploads and facts are not fenced: they may be repeated.
"""

import hashlib
import itertools
import shlex
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any, cast

from pyinfra.api.arguments import CONNECTOR_ARGUMENT_KEYS
from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.host import Host, HostData
from pyinfra.api.state import State, StateOperationHostData
from pyinfra.connectors.util import make_unix_command_for_host

from uptake.connect.hosts.connector import Links
from uptake.connect.hosts.questions import Questions

MARK = "uptake-fence:"
"""A line of standard error that begins so is the fence's own word, not the command's."""
OUTPUT_MOST = 1_000_000
"""At most so many bytes of each kept output are sent back."""
TEMPORARY = "/tmp"  # noqa: S108  within the fence's own folder
BUSY, STALE, DOUBT = 75, 76, 77
SYNTAX_ERROR = "2"

# Arguments: folder, seconds to wait, epoch, key, exit codes of success, 1 where running again does no harm, a size, the
# lock's folder and epoch. The script on standard input is one compound command: cut short by the controller's death it
# cannot be parsed, so nothing of it runs and the shell ends 2 (where 2 counts as success its size is compared, too).
# `r/KEY` holds begun, failed, or the exit code of success. What is not run is read to its end all the same: else the
# sender's channel would close under it. The folder is closed to others, so the user's mask may stay as it is.
FENCE = r"""
B=$1 E=$3 K=$4 OK=$5 AGAIN=$6 R=$1/r/$4
unread() { cat >/dev/null; }
say() { unread; printf '\n%s%s\n' MARK "$1" >&2; }
exec 9>>"$B/lock"
flock -w "$2" 9 || { say busy; exit 75; }
read -r e <"$B/epoch"
[ "$E" -ge "$e" ] || { say stale; exit 76; }
[ -z "$8" ] || { t=0; read -r t <"$8/token"; [ "$9" -ge "$t" ]; } || { say locked; exit 78; }
r=new
[ ! -e "$R" ] || { r=begun; read -r r <"$R"; }
case $r:$AGAIN in
begun:0)
  echo failed >"$R"; say doubt; exit 77;;
[0-9]*) unread;;
*)
  cat >"$B/c/$K" && [ -s "$B/c/$K" ] && { [ -z "$7" ] || [ "$(wc -c <"$B/c/$K")" -eq "$7" ]; } || { unread; exit 1; }
  echo begun >"$R"; [ "$AGAIN" = 1 ] || sync "$R"
  sh "$B/c/$K" >"$B/o/$K.1" 2>"$B/o/$K.2" </dev/null 9>&-; r=$?
  : >"$B/c/$K"
  case " $OK " in
  *" $r "*) echo "$r" >"$R"; [ "$AGAIN" = 1 ] || sync "$R";;
  *) echo failed >"$R";;
  esac;;
esac
[ ! -s "$B/o/$K.1" ] || tail -c MOST "$B/o/$K.1"
[ ! -s "$B/o/$K.2" ] || tail -c MOST "$B/o/$K.2" >&2
case " $OK " in *" $r "*) exit 0;; esac
say "exit $r"
exit 1
""".replace("MARK", MARK).replace("MOST", str(OUTPUT_MOST))

# Makes the folder, brings the fence, waits for an orphan and raises the epoch. Prints where the folder is.
SETTLE = r"""
B=FOLDER E=EPOCH W=WAIT
umask 077
command -v flock >/dev/null || { echo "flock is not installed (package util-linux)" >&2; exit 1; }
[ -d "$B/tmp" ] || { mkdir -p "$B/r" "$B/o" "$B/c" "$B/tmp" && chmod 700 "$B" "${B%/*}"; } || exit 1
cd "$B" && B=$(pwd) || exit 1
[ -e NAME ] || { cat >"NAME.$$" <<'UPTAKE_FENCE' && mv "NAME.$$" NAME; } || exit 1
FENCEUPTAKE_FENCE
e=0; [ ! -e epoch ] || read -r e <epoch
[ "$E" -ge "$e" ] || exit 76
exec 9>>lock
flock -w "$W" 9 || exit 75
[ ! -e epoch ] || read -r e <epoch
[ "$E" -ge "$e" ] || exit 76
[ "$E" = "$e" ] || { echo "$E" >epoch.new && mv epoch.new epoch; } || exit 1
RAISE
echo "$B"
"""

# Drops kept outputs, and the receipts of every run but this one. Waits for nobody.
PRUNE = r"""
cd FOLDER || exit 1
rm -rf o c && mkdir -m 700 o c || exit 1
rm -rf tmp/*
for f in r/*; do case "$f" in r/RUN.*) ;; *) rm -f "$f";; esac; done
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where the fence stands on one host: its folder there, the epoch it was settled with, the wait in seconds.

    `lock` is the folder of the service's lock there, and `lock_epoch` its epoch; empty and 0 without one.
    """

    folder: str
    epoch: int
    wait_s: int
    lock: str = ""
    lock_epoch: int = 0

    @property
    def temporary(self) -> str:
        """Where uploads wait for their place."""
        return self.folder + TEMPORARY


def digest(text: str, size: int = 16) -> str:
    """The first hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:size]


SCRIPT = f"fsh-{digest(FENCE, 8)}"
"""The fence's name on a host: another release of it never changes one that is at work."""


def settle_script(folder: str, *, epoch: int, wait_s: int, lock: str = "") -> str:
    """What is sent to a host before anything else. `folder` may be relative to the user's home.

    `lock` is the script that raises the lock's token there.
    """
    filled = SETTLE.replace("RAISE", lock).replace("FENCEUPTAKE_FENCE", FENCE + "UPTAKE_FENCE").replace("NAME", SCRIPT)
    return filled.replace("FOLDER", shlex.quote(folder)).replace("EPOCH", str(epoch)).replace("WAIT", str(wait_s))


def prune_script(folder: str, run: str) -> str:
    """What is sent to a host when a run has ended; `run` begins the keys of its receipts."""
    return PRUNE.replace("FOLDER", shlex.quote(folder)).replace("RUN", run)


class StableHost(Host):
    """A pyinfra host whose temporary names stand in the fence's folder and are the same when a step runs again."""

    folder: str = ""
    temporary: Iterator[str] = itertools.repeat("plan")

    def get_temp_filename(
        self, hash_key: str | None = None, hash_filename: bool = True, *, temp_directory: str | None = None
    ) -> str:
        """As pyinfra's, without its chance."""
        key = hash_key or next(self.temporary)
        name = digest(key, 40) if hash_filename else key
        return f"{temp_directory or self.folder or '/tmp'}/pyinfra-{name}"  # noqa: S108  prediction alone has no folder


class QuickData(HostData):
    """What pyinfra knows of a host, found without an exception for each place where a name is not.

    With every operation and every fact it is asked for thirty names that hardly ever are anywhere.
    """

    def __getattr__(self, key: str) -> Any:
        """As pyinfra's."""
        for data in self.datas:
            known = cast("dict[str, Any]", data() if callable(data) else data)
            if key in known:
                return copy(known[key])
        raise AttributeError(key)


class FencedState(State):
    """A pyinfra state whose operations, nested ones included, send their commands through the fence.

    One is made for each step of a batch. `prefix` begins the receipts' keys: run and action; `repeatable` is what the
    plan says of doing the step again, None where it says nothing.
    """

    grounds: dict[str, Ground]
    links: Links
    questions: Questions | None = None
    prefix: str = ""
    repeatable: bool | None = None

    def set_op_data_for_host(self, host: Host, op_hash: str, op_data: StateOperationHostData) -> None:
        """Wrap what the operation will yield on this host."""
        own = self.inventory.get_host(host.name)  # pyinfra hands over a stand-in that means whoever is at work
        plain = op_data.command_generator
        again = _may_repeat(plain) if self.repeatable is None else self.repeatable

        def fenced() -> Iterator[Any]:
            return self._fenced(own, f"{self.prefix}.{op_hash[:8]}", plain, op_data, again=again)

        op_data.command_generator = fenced
        super().set_op_data_for_host(own, op_hash, op_data)

    def _fenced(
        self, host: Host, key: str, plain: Callable[[], Iterator[Any]], op_data: StateOperationHostData, *, again: bool
    ) -> Iterator[Any]:
        assert isinstance(host, StableHost)
        host.temporary = iter(f"{key}.{n}" for n in range(1_000_000))  # names that are the same when it runs again
        same = {name: value for name, value in op_data.global_arguments.items() if name in CONNECTOR_ARGUMENT_KEYS}
        seen: dict[str, int] = {}
        for command in plain():
            ground = self.grounds.get(host.name)
            if type(command) is not StringCommand or ground is None:
                yield command
                continue
            arguments = {**same, **command.connector_arguments}
            script = make_script(self, host, command, arguments)
            what = digest(script)
            seen[what] = seen.get(what, 0) + 1
            codes = " ".join(str(code) for code in cast("list[int]", arguments.get("_success_exit_codes") or [0]))
            yield wrap(ground, script, key=f"{key}.{what}.{seen[what]}", codes=codes, again=again)


def wrap(ground: Ground, script: str, *, key: str, codes: str, again: bool) -> StringCommand:
    """The command that runs `script` on the host through the fence, as the user who logs in."""
    bits = [
        f"{ground.folder}/{SCRIPT}",
        ground.folder,
        str(ground.wait_s),
        str(ground.epoch),
        key,
        codes,
        str(int(again)),
    ]
    script = "{\n" + script + "\n}\n"
    bits.append(str(len(script.encode())) if SYNTAX_ERROR in codes.split() else "")
    bits += [ground.lock, str(ground.lock_epoch)]
    plain: dict[str, Any] = {"_sudo": False, "_doas": False, "_dzdo": False, "_su_user": None, "_env": {}}
    own = {"_chdir": None, "_shell_executable": None, "_success_exit_codes": [0], "_get_pty": False}
    return StringCommand("sh", *(QuoteString(bit) for bit in bits), **plain, **own, _stdin=script)


def make_script(state: State, host: Host, command: StringCommand, arguments: dict[str, Any]) -> str:
    """The shell script of a command with its environment, folder, input, user and shell."""
    lines = []
    for name, value in (arguments.get("_env") or {}).items():
        unmask = getattr(value, "unmask", None)
        lines.append(f"export {shlex.quote(f'{name}={unmask() if unmask else value}')}")
    if arguments.get("_chdir"):
        lines.append(f"cd {shlex.quote(arguments['_chdir'])} || exit 1")
    body = command.get_raw_value()
    if arguments.get("_stdin"):
        body = _here("{\n" + body + "\n}", _text(arguments["_stdin"]))
    script = "\n".join([*lines, body]) + "\n"
    shell = arguments.get("_shell_executable") or "sh"
    if shell != "sh" or any(arguments.get(name) for name in ("_sudo", "_su_user", "_doas", "_dzdo")):
        left_out = ("_env", "_chdir", "_stdin", "_success_exit_codes", "_timeout", "_get_pty")
        how = {name: value for name, value in arguments.items() if name not in left_out}
        outer = make_unix_command_for_host(state, host, StringCommand('eval "$(cat)"'), **how)
        script = _here(outer.get_raw_value(), script) + "\n"
    return script


def _here(command: str, text: str) -> str:
    end = f"UPTAKE_{digest(text)}"
    body = text if text.endswith("\n") else text + "\n"
    return f"{command} <<'{end}'\n{body}{end}"


def _text(stdin: Any) -> str:
    lines = stdin.readlines() if hasattr(stdin, "readlines") else stdin
    if isinstance(lines, str):
        lines = [lines]
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _may_repeat(generator: Any) -> bool:
    """Whether pyinfra calls the operation idempotent; unknown counts as no."""
    cells = dict(zip(generator.__code__.co_freevars, generator.__closure__ or (), strict=False))
    function = cells["func"].cell_contents if "func" in cells else None
    return bool(getattr(function, "is_idempotent", False))
