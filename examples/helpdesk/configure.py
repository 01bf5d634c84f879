"""Roundup's configuration, as an ordinary pyinfra deploy file: the plan's `run: configure.py` runs it unchanged.

It writes config.ini for the host's own site and uploads the administrator's password, which stands in a file on both
sides: Roundup reads it once when the tracker is made, and it is on no command line.
"""

from pyinfra.context import host
from pyinfra.operations import files

BASE = host.data.base
URL = f"http://{host.data.ssh_hostname}:{host.data.service_port}/t/"

files.put(name="Administrator's password", src="secrets/admin.pw", dest=f"{BASE}/shared/admin.pw", mode="600")
files.template(name="Roundup's config.ini", src="config.ini.j2", dest=f"{BASE}/shared/config.ini", mode="600", url=URL)
