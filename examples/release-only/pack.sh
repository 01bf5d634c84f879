#!/bin/sh
# pack.sh VERSION: makes build/status-page-VERSION.tar.gz from release/, as a CI job would.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
cp release/* "$folder"
echo "$1" >"$folder/version.txt"
mkdir -p build
tar -czf "build/status-page-$1.tar.gz" -C "$folder" .
rm -r "$folder"
