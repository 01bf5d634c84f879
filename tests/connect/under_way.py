"""A process that a test may kill: one port at work on one action, on the store in a folder.

    python -m tests.connect.under_way announce FOLDER SMTP_URL
    python -m tests.connect.under_way grant FOLDER
    python -m tests.connect.under_way ldap FOLDER LDAP_URL CA_FILE
    python -m tests.connect.under_way scim FOLDER URL GROUP

It prints the outcome's counts as JSON and ends.
"""

import json
import sys
from pathlib import Path

from tests.connect.world import announce, grant, outcome, plan, world
from uptake.connect.access.worker import GrantedAccess
from uptake.connect.notices.worker import PostedNotices
from uptake.plan.model import Access, AccessLdap


def main(what: str, folder: str, *rest: str) -> None:
    with world(Path(folder)) as here:
        if what == "announce":
            port = PostedNotices(**here.parts(plan(server=rest[0])))
            port.accept(announce())
        elif what == "ldap":
            from tests.connect.access.slapd import ADMIN, NAMES, PEOPLE

            password, found = "env:DIRECTORY_PASSWORD", "(uid={person.id})"
            ldap = AccessLdap(
                url=rest[0], ca=rest[1], bind=ADMIN, password=password, group=NAMES, person=found, base=PEOPLE
            )
            port = GrantedAccess(**here.parts(plan(access=Access(ldap=ldap))))
            port.accept(grant())
        elif what == "scim":
            given = {"url": rest[0], "group": rest[1], "token": "env:SCIM_TOKEN"}
            port = GrantedAccess(**here.parts(plan(access=Access(template="scim", with_=given))))
            port.accept(grant())
        else:
            command = (sys.executable, "-S", "access.py", "{act}")
            port = GrantedAccess(**here.parts(plan(access=Access(command=command))))
            port.accept(grant())
        ended = outcome(port, here.wake)
        port.close()
        print(json.dumps({"ok": ended.ok, "counts": ended.counts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
