#!/bin/sh
# Installs a checking tool into an environment of its own, .tools/<name>, at the versions in tools/<name>.txt: its
# pins do not agree with the project's. Does nothing when they are there. Prints the folder of its programs.
set -eu
cd "$(dirname "$0")/.."
name=$1
python=${PYTHON:-python3}
stamp=$(sha256sum "tools/$name.txt" | cut -c1-32)
if [ "$(cat ".tools/$name/installed" 2>/dev/null || true)" != "$stamp" ]; then
  echo "Installing $name into .tools/$name ..." >&2
  rm -rf ".tools/$name"
  "$python" -m venv ".tools/$name"
  # The list is complete: nothing is left to resolve.
  said=$(".tools/$name/bin/python" -m pip --disable-pip-version-check -q install --no-deps -r "tools/$name.txt" 2>&1) || {
    printf '%s\n' "$said" >&2; exit 1; }
  echo "$stamp" > ".tools/$name/installed"
fi
echo "$PWD/.tools/$name/bin"
