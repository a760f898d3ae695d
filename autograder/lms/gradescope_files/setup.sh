#!/bin/sh
# Gradescope runs this once, as root, when it builds the image.
set -eu
cd "${AUTOGRADER_ROOT:-/autograder}/source"
if ! command -v python3.11 >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3.11 python3.11-venv >/dev/null
fi
PYTHON=python3.11 sh scripts/setup .venv
