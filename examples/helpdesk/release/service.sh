#!/bin/sh
# service.sh BASE ADDRESS PORT: (re)starts the tracker of the current release and notes the start in BASE/shared/history.
# It succeeds even where the server dies at once: whether it answers is for the health gate to say.
set -eu
base=$1 address=$2 port=$3
shared=$base/shared
release=$(readlink -f "$base/current")
python=python3
for candidate in /usr/local/bin/python3 /usr/bin/python3; do [ ! -x "$candidate" ] || python=$candidate; done
ln -sfn "$shared/config.ini" "$release/tracker/config.ini"
as=""
if [ "$(id -u)" = 0 ]; then
  # Roundup refuses to run as root: nobody's number owns what it writes.
  chown -R 65534:65534 "$shared"
  as="setpriv --reuid 65534 --regid 65534 --clear-groups"
fi
if [ -s "$shared/pid" ]; then
  old=$(cat "$shared/pid")
  kill "$old" 2>/dev/null || true
  tries=0
  while kill -0 "$old" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || kill -9 "$old" 2>/dev/null || true
    [ "$tries" -lt 150 ] || { echo "process $old does not end" >&2; exit 1; }
    sleep 0.05
  done
fi
PYTHONPATH=$release/lib PYTHONDONTWRITEBYTECODE=1 setsid $as "$python" -m roundup.scripts.roundup_server \
  -t thread -n "$address" -p "$port" "t=$release/tracker" </dev/null >>"$shared/server.log" 2>&1 &
echo $! >"$shared/pid"
echo "start $(cat "$release/REVISION")" >>"$shared/history"
