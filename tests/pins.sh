#!/usr/bin/env bash
# Resolve all dependencies anew: requirements-dev.txt (everything, and what builds the project), then requirements.txt
# (what a census needs), a subset of it, and requirements-notebooks.txt (with Jupyter). Hashes yes, addresses of a registry no.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" -m venv "$work/venv"
"$work/venv/bin/pip" --quiet install pip-tools
compile=("$work/venv/bin/pip-compile" --quiet --allow-unsafe --generate-hashes --strip-extras --all-build-deps
  --annotation-style line --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options)
"${compile[@]}" --upgrade --extra dev --extra report --extra notebooks -o requirements-dev.txt pyproject.toml
"${compile[@]}" -c requirements-dev.txt -o requirements.txt pyproject.toml
"${compile[@]}" -c requirements-dev.txt --extra notebooks --extra jupyter -o requirements-notebooks.txt pyproject.toml
sed -i -e 's/-c requirements-dev.txt, //; s/, -c requirements-dev.txt//' -e '/^--/d' requirements*.txt
