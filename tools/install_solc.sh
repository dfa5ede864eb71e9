#!/bin/sh
# Makes .solcx/solc-v<version>, a native-looking compiler over npm's solc, where brownie (py-solc-x) looks for one
# when SOLCX_BINARY_PATH names that folder.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
full=$(node -e 'process.stdout.write(require(process.argv[1]).version())' "$root/node_modules/solc")
mkdir -p "$root/.solcx"
file=$root/.solcx/solc-v${full%%+*}
cat > "$file" <<SHIM
#!/bin/sh
# py-solc-x asks for the version before every compilation: answer without starting node.
if [ "\$1" = --version ]; then
  printf 'solc, the solidity compiler commandline interface\nVersion: %s\n' '$full'; exit 0
fi
SOLC_SHIM_PKG='$root/node_modules/solc' exec node '$root/tools/solc-shim.js' "\$@"
SHIM
chmod +x "$file"
