"""A prediction's questions, gathered: each answer is what the command alone would have given."""

import subprocess

import pytest
from pyinfra.connectors.util import CommandOutput, OutputLine

from tests.connect.hosts.site import QUICK, deploy, end, step, working
from uptake.connect.hosts.predict import predict
from uptake.connect.hosts.questions import Questions, gathered
from uptake.connect.hosts.site import Site
from uptake.plan.model import Step

COMMANDS = [
    "sh -c 'echo one; echo two'",
    "sh -c 'printf no-newline'",
    "sh -c 'printf \"two empty\\n\\n\\n\"'",
    "sh -c 'exit 3'",
    "sh -c 'echo here; echo there >&2; exit 1'",
    "sh -c 'printf only-errors >&2'",
    "cat",
    "sh -c 'printf \"\\n\"'",
    "cd / && pwd",
    "pwd",
    "exit 5",
]


class Here:
    """This machine's shell in a host's place."""

    name = "here"
    times = 0

    def run_shell_command(self, command, *, _stdin="", **_options):
        self.times += 1
        done = subprocess.run(["sh", "-c", str(command)], input=_stdin, capture_output=True, text=True, check=False)
        streams = {"stdout": done.stdout, "stderr": done.stderr}
        lines = [OutputLine(name, line) for name, text in streams.items() for line in text.splitlines()]
        return not done.returncode, CommandOutput(lines)


def test_each_answer_is_what_the_command_alone_gives():
    """Printed lines with and without their last newline, errors, exit codes; nothing is left to read or to inherit."""
    questions, here = Questions(), Here()
    assert [questions.answer("here", command)[1].stdout_lines for command in COMMANDS] == [[]] * len(COMMANDS)
    questions.ask(here)  # pyright: ignore[reportArgumentType]
    assert (here.times, questions.open, questions.asked) == (1, {}, len(COMMANDS))
    for command in COMMANDS:
        ok, told = questions.answer("here", command)
        alone_ok, alone = here.run_shell_command(command)
        assert (command, ok, told.stdout_lines, told.stderr_lines) == (
            command,
            alone_ok,
            alone.stdout_lines,
            alone.stderr_lines,
        )
    assert questions.asked == len(COMMANDS)


def test_a_host_that_answers_no_more_is_lost():
    """Where the shell ends before everything was answered, nothing of it counts."""

    class Cut(Here):
        def run_shell_command(self, command, **options):
            ok, output = super().run_shell_command(command, **options)
            return ok, CommandOutput(output.combined_lines[:1])

    questions = Questions()
    questions.answer("here", "echo one")
    questions.answer("here", "echo two")
    questions.ask(Cut())  # pyright: ignore[reportArgumentType]
    with pytest.raises(OSError, match="when 0 of 2"):
        questions.answer("here", "echo one")


@pytest.mark.parametrize(
    ("options", "among_others"),
    [
        ({}, True),
        ({"_sudo": True, "_success_exit_codes": [0]}, True),
        ({"_stdin": "x"}, False),
        ({"_sudo": True, "_sudo_password": "x"}, False),
        ({"_success_exit_codes": [0, 1]}, False),
    ],
)
def test_which_commands_are_gathered(options, among_others):
    """What has an input, a password or codes of its own is asked alone."""
    assert gathered(options) is among_others


STEPS = (
    Step(name="files.directory", arguments={"path": "{data.base}/asked/etc", "mode": "755"}),
    Step(name="files.put", arguments={"src": "one", "dest": "{data.base}/asked/etc/one", "mode": "644"}),
    Step(name="files.template", arguments={"src": "two.j2", "dest": "{data.base}/asked/etc/two", "mode": "644"}),
    Step(name="files.line", arguments={"path": "{data.base}/asked/etc/two", "line": "extra = 1"}),
    Step(name="files.link", arguments={"path": "{data.base}/asked/now", "target": "{data.base}/asked/etc"}),
    Step(name="files.block", arguments={"path": "{data.base}/asked/etc/one", "content": "kept", "marker": "# {mark}"}),
    Step(name="shell", arguments={"": "true"}),
)


def commands(fleet) -> list[int]:
    """How many commands each host was asked to run so far."""
    logs = [fleet.folder / host.name / "sshd.log" for host in fleet.hosts]
    return [log.read_text().count("Starting session: command") for log in logs]


def test_a_dry_run_asks_each_host_a_few_times(fleet, tmp_path):
    """Seven steps, nothing there and everything there: right on every host, in at most four commands each."""
    (tmp_path / "one").write_text("1\n")
    (tmp_path / "two.j2").write_text("{{ host.name }}\n")
    half = deploy(*STEPS)
    site = Site(plan="shop", deploy=half, folder=tmp_path, patience=QUICK)
    with working(fleet, tmp_path, half) as work:
        before = commands(fleet)
        found = predict(site, work.hosts, version="1")
        assert [would.change for would in found] == [True] * 7 * len(work.hosts), found
        assert max(now - then for now, then in zip(commands(fleet), before, strict=True)) <= 4
        for item in range(len(STEPS)):
            assert work.do(step(half, "configuration", item, work.hosts)).ok
        before = commands(fleet)
        found = predict(site, work.hosts, version="1")
        for name in work.hosts:
            mine = [would.change for would in found if would.host == name]
            assert mine[:1] + mine[3:] == [False, False, False, False, True], found
            assert mine[1:3] == [True, True], "the file was changed by the line and the block"
        assert max(now - then for now, then in zip(commands(fleet), before, strict=True)) <= 4
        work.do(end(work.hosts))
