"""Promise: the deploy half takes at most a sixth of the time of a tuned ansible-core on the same hosts.

One ten-step job on twelve real SSH hosts, first and second run, the whole command of each measured. ansible-core is put
into a virtual environment of its own: forks for every host, pipelining, kept connections, no facts gathered.
"""

import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from _job import ROOT, uptake, write

sys.path.insert(0, str(ROOT))

from tests.fleet import Fleet

HOSTS = 12
MOST = 1 / 6
REPEATS = int(os.environ.get("BENCH_REPEATS", "2"))
PLAYBOOK = """
- hosts: web
  gather_facts: false
  tasks:
    - ansible.builtin.file: {path: "{{ base }}/A/etc", state: directory, mode: "755"}
    - ansible.builtin.file: {path: "{{ base }}/A/var", state: directory, mode: "750"}
    - ansible.builtin.template: {src: a.ansible.j2, dest: "{{ base }}/A/etc/a.conf", mode: "644"}
    - ansible.builtin.template: {src: b.ansible.j2, dest: "{{ base }}/A/etc/b.conf", mode: "644"}
    - ansible.builtin.copy: {src: blob, dest: "{{ base }}/A/blob", mode: "644"}
    - ansible.builtin.copy: {src: small, dest: "{{ base }}/A/small", mode: "644"}
    - ansible.builtin.lineinfile: {path: "{{ base }}/A/etc/a.conf", line: "extra = 1"}
    - ansible.builtin.file: {src: "{{ base }}/A/etc", dest: "{{ base }}/A/current", state: link}
    - ansible.builtin.shell: "echo start >>{{ base }}/A/var/starts"
    - ansible.builtin.shell: "test -s {{ base }}/A/blob && grep -q extra {{ base }}/A/etc/a.conf"
"""


def install(folder: Path) -> Path | None:
    """ansible-playbook in an environment of its own; None where it cannot be had."""
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "ansible-core"]
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        return None
    return folder / "bin/ansible-playbook"


def write_playbook(fleet: Fleet, folder: Path) -> dict[str, str]:
    """The same job for ansible, and its tuned settings as environment."""
    (folder / "a.ansible.j2").write_text("host = {{ inventory_hostname }}\n")
    (folder / "b.ansible.j2").write_text("base = {{ base }}\n")
    (folder / "play.yaml").write_text(PLAYBOOK)
    lines = ["[web]"]
    for host in fleet.hosts:
        known = f"-F /dev/null -o UserKnownHostsFile={host.known_hosts} -o IdentitiesOnly=yes"
        kept = "-o ControlMaster=auto -o ControlPersist=60s"
        facts = {
            "ansible_host": host.address,
            "ansible_port": host.port,
            "ansible_user": host.user,
            "ansible_ssh_private_key_file": host.key,
            "ansible_ssh_args": f"'{known} {kept}'",
            "ansible_python_interpreter": "/usr/bin/python3",
            "base": host.base,
        }
        lines.append(" ".join([host.name, *(f"{key}={value}" for key, value in facts.items())]))
    (folder / "hosts.ini").write_text("\n".join(lines) + "\n")
    tuned = {"ANSIBLE_FORKS": str(HOSTS), "ANSIBLE_PIPELINING": "1", "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp")}
    return os.environ | tuned | {"ANSIBLE_RETRY_FILES_ENABLED": "0", "ANSIBLE_HOME": str(folder / "home")}


def main() -> int:
    """Both in turn; 1 where a median ratio is above a sixth."""
    ratios: dict[str, list[float]] = {"first": [], "second": []}
    with tempfile.TemporaryDirectory(prefix="up-") as name:
        program = install(Path(name) / "venv")
        if program is None:
            print("deploy_against_ansible: not run (ansible-core cannot be installed here)")
            return 0
        for repeat in range(REPEATS):
            folder = Path(name) / f"p{repeat}"
            with Fleet.start(n=HOSTS, folder=Path(name) / f"f{repeat}") as fleet:
                write(fleet, folder)
                env = write_playbook(fleet, folder)
                for when in ("first", "second"):
                    began = time.monotonic()
                    command = [str(program), "-i", "hosts.ini", "play.yaml"]
                    theirs = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
                    ansible_s = time.monotonic() - began
                    assert theirs.returncode == 0, theirs.stdout[-3000:] + theirs.stderr[-3000:]
                    ours, ours_s = uptake(folder, "deploy", "plan.yaml", "--yes")
                    assert ours.returncode == 0, ours.stdout + ours.stderr
                    ratios[when].append(ours_s / ansible_s)
                    print(
                        f"deploy_against_ansible {when} run: uptake {ours_s:.1f} s, ansible {ansible_s:.1f} s,"
                        f" ratio {ours_s / ansible_s:.3f}",
                        flush=True,
                    )
    medians = {when: sorted(found)[len(found) // 2] for when, found in ratios.items()}
    print(
        f"deploy_against_ansible: {HOSTS} hosts, 10 steps, median of {REPEATS}: first {medians['first']:.3f} x,"
        f" second {medians['second']:.3f} x (at most {MOST:.3f} x)"
    )
    return int(max(medians.values()) > MOST)


if __name__ == "__main__":
    sys.exit(main())
