#!/bin/sh
# Installs what the real senders and readers of the end-to-end tests need: the gateway and the Python packages into
# target/real-input/venv, the JavaScript packages and the service into target/real-input/node.
# Does nothing when that was done before with the same lists. Needs python3 with venv, node and npm.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${OUTRIGGER_REAL_INPUT:-$here/../../target/real-input}
mkdir -p "$target"
target=$(cd "$target" && pwd)

# Debian's own Python where there is one: another first in PATH may come without venv.
python=python3
if [ -x /usr/bin/python3 ]; then python=/usr/bin/python3; fi

wanted=$(cat "$here/requirements.txt" "$here/node-service/package-lock.json" | cksum)
if [ "$(cat "$target/prepared" 2>/dev/null || true)" != "$wanted" ]; then
    rm -rf "$target/venv" "$target/node" "$target/prepared"
    "$python" -m venv "$target/venv"
    "$target/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    mkdir "$target/node"
    cp "$here/node-service/package.json" "$here/node-service/package-lock.json" "$target/node/"
    (cd "$target/node" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error)
    printf '%s\n' "$wanted" > "$target/prepared"
fi
cp "$here/node-service/cart.js" "$target/node/cart.js"
