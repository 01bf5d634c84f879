"""Who the hosts are: CSV, list and pyinfra inventory, and every mistake in them."""

import sys

import pytest

from uptake.connect.hosts.inventory import facts
from uptake.core.problem import Refused
from uptake.plan.model import Hosts


def test_csv_and_pyinfra_say_the_same(fleet, tmp_path):
    """Both of a fleet's inventories name the same hosts with the same data."""
    sites = ["north", "south", "east"]
    fleet.inventory_csv(tmp_path / "hosts.csv", serves=sites, extra={"group": "web"})
    fleet.inventory_py(tmp_path / "inventory.py", serves=sites)
    one = facts(Hosts(inventory="hosts.csv", group="web", serves="site"), folder=tmp_path)
    two = facts(Hosts(inventory="inventory.py", group="web", serves="site"), folder=tmp_path)
    assert [(h.name, h.address, h.serves) for h in one] == [(h.name, h.address, h.serves) for h in two]
    assert [h.serves for h in one] == sites
    assert one[0].address == fleet.hosts[0].address
    assert one[0].data["base"] == two[0].data["base"] == fleet.hosts[0].base
    assert one[0].data["service_port"] == two[0].data["service_port"]


def test_list(tmp_path):
    """Hosts in the plan itself: name, user, port."""
    hosts = Hosts(list_=("10.0.0.1", "deploy@example.org:2222", "web-2:22"))
    found = facts(hosts, folder=tmp_path)
    assert [h.address for h in found] == ["10.0.0.1", "example.org", "web-2"]
    assert found[1].data == {"ssh_hostname": "example.org", "ssh_user": "deploy", "ssh_port": "2222"}


def test_inventory_code_runs_in_a_child(tmp_path):
    """An inventory's code, its imports, prints and group data, never run in this process; secrets stay out."""
    (tmp_path / "group_data").mkdir()
    (tmp_path / "group_data" / "web.py").write_text("colour = 'blue'\n")
    (tmp_path / "inventory.py").write_text(
        "import sys\nsys.modules['was_here'] = sys\nprint('hello\\0there')\n"
        "web = [('a', {'ssh_password': 'geheim', 'api_token': 'geheim', 'n': 3, 'f': len}), 'b']\ndb = ['c']\n"
    )
    found = facts(Hosts(inventory="inventory.py", group="web"), folder=tmp_path)
    assert [(h.name, h.address, h.data) for h in found] == [
        ("a", "a", {"n": "3", "colour": "blue"}),
        ("b", "b", {"colour": "blue"}),
    ]
    assert "was_here" not in sys.modules
    assert len(facts(Hosts(inventory="inventory.py"), folder=tmp_path)) == 3


@pytest.mark.parametrize(
    ("name", "text", "group", "words"),
    [
        ("h.csv", "address\n1.2.3.4\n", "", "h.csv:2: a host without a name"),
        ("h.csv", "name,port\na,ssh\n", "", "port 'ssh' is no number"),
        ("h.csv", "name\na\nb\na\n", "", "twice: a"),
        ("h.csv", "name\n", "", "names no host"),
        ("h.csv", "name,group\na,web\n", "db", "no host is in group 'db'"),
        ("h.csv", "name\na,b\n", "", "more values than columns"),
        ("h.csv", "name,ssh_strict_host_key_checking\na,no\n", "", "its key would not be verified"),
        ("h.py", "web = ['a']\n1 / 0\n", "", "ZeroDivisionError: division by zero"),
        ("h.py", "raise SystemExit(3)\n", "", "SystemExit: 3"),
        (
            "h.py",
            "web = [('a', {'ssh_strict_host_key_checking': 'accept-new'})]\n",
            "",
            "its key would not be verified",
        ),
        ("h.py", "web = ['a']\n", "db", "no host is in group 'db'"),
        ("h.py", "import os\nos._exit(7)\n", "", "it ended 7"),
    ],
)
def test_mistakes(tmp_path, name, text, group, words):
    """Each mistake is refused in words that name the file."""
    (tmp_path / name).write_text(text)
    with pytest.raises(Refused) as refused:
        facts(Hosts(inventory=name, group=group), folder=tmp_path)
    assert words in str(refused.value)
    assert name in str(refused.value)


@pytest.mark.parametrize("name", ["none.csv", "none.py"])
def test_no_such_file(tmp_path, name):
    """A missing file is refused."""
    with pytest.raises(Refused, match="none"):
        facts(Hosts(inventory=name), folder=tmp_path)
