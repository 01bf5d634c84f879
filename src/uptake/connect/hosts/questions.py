"""What a prediction asks of the hosts, gathered: many commands for facts go to a host as one.

Steps are prepared with the answers that are known; what they ask besides is noted and answered with nothing, the host
is asked all of it in one command, and the steps that had asked are prepared again. Facts only read, so this is safe.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pyinfra.api.command import StringCommand
from pyinfra.api.host import Host
from pyinfra.connectors.util import CommandOutput, OutputLine

MARK = "uptake-answer:"
ALONE = ("_stdin", "_get_pty", "_sudo_password", "_use_sudo_password", "_su_user")
"""A command with one of these is not gathered."""

Answer = tuple[bool, CommandOutput]
"""What pyinfra's connectors return: whether the command ended 0, and what it printed."""


@dataclass(slots=True)
class Questions:
    """The commands that were asked of each host, by their text, with the answers that have come."""

    known: dict[str, dict[str, Answer]] = field(default_factory=dict)
    open: dict[str, list[str]] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    """Why a host answers no more."""
    asked: int = 0
    """How often nothing was known, in all."""

    def answer(self, host: str, command: str) -> Answer:
        """The host's answer; nothing, and a note to ask it, where it is not known.

        Raises:
            OSError: the host answers no more.
        """
        if host in self.lost:
            raise OSError(self.lost[host])
        found = self.known.setdefault(host, {}).get(command)
        if found is not None:
            return found
        self.asked += 1
        waiting = self.open.setdefault(host, [])
        if command not in waiting:
            waiting.append(command)
        return True, CommandOutput([])

    def ask(self, host: Host) -> None:
        """Ask the host all that is open, in one command; what fails is noted as its loss."""
        commands = self.open.pop(host.name, [])
        if not commands:
            return
        try:
            script = StringCommand("eval", '"$(cat)"')
            quiet = {"print_output": False, "print_input": False}
            _, output = host.run_shell_command(script, **quiet, _stdin=_script(commands))
        except Exception as error:  # noqa: BLE001  a lost connection, a shell that cannot be started: this host is out
            self.lost[host.name] = str(error) or type(error).__name__
            return
        answers = list(_parts(output))
        if len(answers) < len(commands):
            self.lost[host.name] = f"it ended when {len(answers)} of {len(commands)} questions were answered"
        else:
            self.known.setdefault(host.name, {}).update(zip(commands, answers, strict=True))


def gathered(options: Mapping[str, object]) -> bool:
    """Whether a command with these arguments may be asked among others."""
    return not any(options.get(name) for name in ALONE) and options.get("_success_exit_codes") in (None, [0])


def _script(commands: list[str]) -> str:
    after = f"q=$?; printf '\\n{MARK}%s\\n' $q; printf '\\n{MARK}\\n' >&2"
    return "".join(f"(\n{command}\n) </dev/null\n{after}\n" for command in commands)


def _parts(output: CommandOutput) -> Iterator[Answer]:
    """Each command's answer: what stands before its mark in each stream, less the newline that begins the mark."""
    errors = _cut(output.stderr_lines)
    for (mark, lines), (_, said) in zip(_cut(output.stdout_lines), errors, strict=False):
        printed = [OutputLine("stdout", line) for line in lines]
        yield mark == f"{MARK}0", CommandOutput([*printed, *(OutputLine("stderr", line) for line in said)])


def _cut(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    part: list[str] = []
    for line in lines:
        if not line.startswith(MARK):
            part.append(line)
            continue
        yield line, part[:-1] if part and not part[-1] else part
        part = []
