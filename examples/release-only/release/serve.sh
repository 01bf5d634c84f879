#!/bin/sh
# serve.sh BASE ADDRESS PORT: (re)starts a web server on the current release. Whether it answers is for the gate to say.
set -eu
base=$1 address=$2 port=$3
pid=$base/shared/pid
[ ! -s "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true
tries=0
while [ -s "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null && [ "$tries" -lt 100 ]; do
  tries=$((tries + 1))
  sleep 0.05
done
cd "$(readlink -f "$base/current")"
setsid python3 -m http.server --bind "$address" "$port" </dev/null >>"$base/shared/server.log" 2>&1 &
echo $! >"$pid"
