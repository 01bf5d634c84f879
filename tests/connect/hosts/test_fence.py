"""The fence's script itself, run by this machine's shell: once, in full, under a lock, told in its own words."""

import fcntl
import subprocess
import time

import pytest
from pyinfra.api.command import StringCommand

from uptake.connect.hosts import fence
from uptake.connect.hosts.fence import Ground, make_script, settle_script, wrap


@pytest.fixture
def ground(tmp_path):
    folder = tmp_path / ".uptake" / "shop"
    said = sh(settle_script(str(folder), epoch=3, wait_s=5))
    assert said.stdout.strip() == str(folder)
    return Ground(folder=str(folder), epoch=3, wait_s=1)


def sh(script, **options):
    return subprocess.run(["sh"], input=script, capture_output=True, text=True, check=False, **options)


def fenced(ground, script, *, key="k", codes="0", again=False, cut=None):
    """Send a script as pyinfra's connector does, or only its beginning."""
    command = wrap(ground, script, key=key, codes=codes, again=again)
    text = command.connector_arguments["_stdin"]
    return subprocess.run(
        ["sh", "-c", command.get_raw_value()], input=text[:cut], capture_output=True, text=True, check=False
    )


def words(done):
    return [line.removeprefix(fence.MARK) for line in done.stderr.splitlines() if line.startswith(fence.MARK)]


def test_once_and_the_output_again(ground, tmp_path):
    script = f"echo out; echo err >&2; echo x >>{tmp_path}/log\n"
    first, second = fenced(ground, script), fenced(ground, script)
    assert (first.returncode, first.stdout, first.stderr) == (0, "out\n", "err\n")
    assert (second.returncode, second.stdout, second.stderr) == (0, "out\n", "err\n")
    assert (tmp_path / "log").read_text() == "x\n"
    fenced(ground, script, key="another")
    assert (tmp_path / "log").read_text() == "x\nx\n"


def test_a_failure_leaves_no_receipt(ground, tmp_path):
    script = f"echo x >>{tmp_path}/log; exit 76\n"
    for times in (1, 2):
        done = fenced(ground, script)
        assert (done.returncode, words(done)) == (1, ["exit 76"])
        assert (tmp_path / "log").read_text() == "x\n" * times


def test_codes_that_count_as_success(ground, tmp_path):
    script = f"echo x >>{tmp_path}/log; exit 3\n"
    assert [fenced(ground, script, codes="0 3").returncode for _ in range(2)] == [0, 0]
    assert (tmp_path / "log").read_text() == "x\n"


@pytest.mark.parametrize("codes", ["0", "0 1 2"])
def test_a_script_cut_short_never_runs(ground, tmp_path, codes):
    script = f"echo a >>{tmp_path}/log\nf() {{\necho b >>{tmp_path}/log\n}}\nf\ncat <<'E' >>{tmp_path}/log\nc\nE\n"
    whole = len(wrap(ground, script, key="k", codes=codes, again=False).connector_arguments["_stdin"])
    for cut in range(0, whole - 1, 3):
        assert fenced(ground, script, key=f"cut-{cut}", codes=codes, cut=cut).returncode != 0
        assert not (tmp_path / "log").exists()
        assert fenced(ground, script, key=f"cut-{cut}", codes=codes).returncode == 0
        assert (tmp_path / "log").read_text() == "a\nb\nc\n"
        (tmp_path / "log").unlink()


def test_a_stale_epoch_is_refused(ground, tmp_path):
    assert sh(settle_script(ground.folder, epoch=4, wait_s=1)).returncode == 0
    done = fenced(ground, f"touch {tmp_path}/ran\n")
    assert (done.returncode, words(done)) == (fence.STALE, ["stale"])
    assert not (tmp_path / "ran").exists()
    assert sh(settle_script(ground.folder, epoch=3, wait_s=1)).returncode == fence.STALE
    assert sh(settle_script(ground.folder, epoch=10, wait_s=1)).returncode == 0


def test_an_orphan_is_waited_for(ground, tmp_path):
    command = wrap(ground, f"sleep 0.7; echo x >>{tmp_path}/log\n", key="k", codes="0", again=False)
    with subprocess.Popen(["sh", "-c", command.get_raw_value()], stdin=subprocess.PIPE, text=True) as orphan:
        orphan.stdin.write(command.connector_arguments["_stdin"])
        orphan.stdin.close()
        while not (tmp_path / ".uptake/shop/r/k").exists():
            time.sleep(0.005)
        busy = subprocess.run(
            ["sh"], input=settle_script(ground.folder, epoch=3, wait_s=0), text=True, capture_output=True, check=False
        )
        assert busy.returncode == fence.BUSY
        assert fenced(ground, f"sleep 0.7; echo x >>{tmp_path}/log\n").returncode == 0
    assert (tmp_path / "log").read_text() == "x\n"


def test_a_daemon_does_not_keep_the_lock(ground, tmp_path):
    script = f"setsid sleep 30 </dev/null >/dev/null 2>&1 & echo $! >{tmp_path}/pid\n"
    assert fenced(ground, script).returncode == 0
    try:
        began = time.monotonic()
        assert fenced(ground, "true\n", key="next").returncode == 0
        assert time.monotonic() - began < 1
    finally:
        subprocess.run(["kill", (tmp_path / "pid").read_text().strip()], check=True)


@pytest.mark.parametrize(("again", "code"), [(False, fence.DOUBT), (True, 0)])
def test_what_was_cut_by_a_power_loss(ground, tmp_path, again, code):
    """A command that had begun when the host went down: named where repeating may harm, else done again."""
    (tmp_path / ".uptake/shop/r/k").write_text("begun\n")
    done = fenced(ground, f"echo x >>{tmp_path}/log\n", again=again)
    assert done.returncode == code
    assert words(done) == ([] if again else ["doubt"])
    assert fenced(ground, f"echo x >>{tmp_path}/log\n", again=again).returncode == 0
    assert (tmp_path / "log").read_text() == "x\n"


def test_the_script_of_a_command(tmp_path):
    """Environment, folder and input are part of the script; the user's mask is as it was."""
    command = StringCommand('cat; echo "$A"; pwd; umask')
    arguments = {"_env": {"A": "it's"}, "_chdir": str(tmp_path), "_stdin": ["one", "two\n"], "_sudo": False}
    done = sh("umask 027\n" + make_script(None, None, command, arguments))
    assert done.stdout == f"one\ntwo\nit's\n{tmp_path}\n0027\n"
    bash = make_script(None, None, StringCommand("a=(1 2); echo ${#a[@]}"), {"_shell_executable": "bash"})
    assert sh(bash).stdout == "2\n"


def test_the_users_mask_is_kept(ground, tmp_path):
    assert fenced(ground, f"touch {tmp_path}/made\n").returncode == 0
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / ".uptake/shop").stat().st_mode & 0o777 == 0o700


def test_much_output_is_cut(ground, tmp_path):
    done = fenced(ground, "seq 1 300000\n")
    assert done.returncode == 0
    assert len(done.stdout) == fence.OUTPUT_MOST
    assert done.stdout.endswith("300000\n")


@pytest.mark.parametrize("why", ["done", "stale", "in doubt", "busy"])
def test_what_is_not_run_is_read_to_its_end(ground, tmp_path, why):
    """An SSH server closes the channel of a command that has ended: who still writes into it fails for nothing."""
    script = f"echo x >>{tmp_path}/log\n: {'long ' * 100_000}\n"
    if why == "done":
        fenced(ground, script)
    if why == "in doubt":
        (tmp_path / ".uptake" / "shop" / "r" / "k").write_text("begun\n")
    if why == "stale":
        ground = Ground(folder=ground.folder, epoch=2, wait_s=1)
    command = wrap(ground, script, key="k", codes="0", again=False)
    with open(f"{ground.folder}/lock", "a") as lock:
        if why == "busy":
            fcntl.flock(lock, fcntl.LOCK_EX)
        sent = subprocess.Popen(["sh", "-c", command.get_raw_value()], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert sent.stdin is not None
        sent.stdin.write(command.connector_arguments["_stdin"].encode())
        sent.stdin.close()
    assert sent.wait() == {"done": 0, "stale": fence.STALE, "in doubt": fence.DOUBT, "busy": fence.BUSY}[why]
    assert (tmp_path / "log").exists() == (why == "done")
