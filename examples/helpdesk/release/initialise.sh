#!/bin/sh
# initialise.sh BASE: makes the tracker's database once. Guarded, since initialising again would empty it.
# The password comes from BASE/shared/admin.pw and is handed over in memory, never on a command line.
set -eu
base=$1
shared=$base/shared
release=$(readlink -f "$base/current")
python=python3
for candidate in /usr/local/bin/python3 /usr/bin/python3; do [ ! -x "$candidate" ] || python=$candidate; done
ln -sfn "$shared/config.ini" "$release/tracker/config.ini"
[ ! -e "$shared/db/.made" ] || exit 0
[ -s "$shared/secret_key" ] || (umask 077; head -c 32 /dev/urandom | base64 >"$shared/secret_key")
as=""
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$shared/db"
  chown -R 65534:65534 "$shared"
  as="setpriv --reuid 65534 --regid 65534 --clear-groups"
fi
PYTHONPATH=$release/lib PYTHONDONTWRITEBYTECODE=1 $as "$python" - "$release/tracker" "$shared/admin.pw" <<'P'
import sys
from pathlib import Path
from roundup.admin import AdminTool
home, secret = sys.argv[1:]
tool = AdminTool()
tool.force = True
sys.exit(tool.do_initialise(home, ["initialise", Path(secret).read_text().strip()]))
P
touch "$shared/db/.made"
echo "initialise $(cat "$release/REVISION")" >>"$shared/history"
