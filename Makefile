# Everything from a fresh clone: `make demo` shows a census, `make test` proves it. `make` alone lists the rest.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench docs notebooks servers pins clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# the first Python that is new enough and can make environments (a name on PATH may be an empty shim); the system's before
# others, for distributions build it with profile-guided optimisation, and one without takes more CPU (docs/performance.md)
PYTHON ?= $(shell for p in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## environment in .venv, everything pinned by hash

$(READY): requirements-dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "dane-census needs Python 3.11 or later, with venv and ensurepip" >&2; exit 1; }
	@echo "setting up $(VENV) (a minute or two)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## crawl the embedded lab and print the figures: no root, no network
	$(BIN)/dane-census demo

test: setup servers ## every test, ruff and mypy among them; as root it installs Debian's test servers first
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: setup ## CPU microseconds, queries and verifications per domain
	$(BIN)/python -m bench $(ARGS)

docs: setup ## write anew what is generated: docs/standards.md and the dictionary in data/README.md
	$(BIN)/python docs/standards.py
	$(BIN)/python -m analysis.dictionary

notebooks: setup ## Jupyter with the notebooks; on the demo's data, which is made if it is not there
	$(BIN)/python -m pip install -qq --require-hashes -r requirements-notebooks.txt
	@test -d data/demo || $(BIN)/dane-census demo --out data/demo
	$(BIN)/jupyter lab --notebook-dir=. notebooks

servers: ## Debian's DNS servers for the tests in tests/real (root and apt-get; else those tests skip)
	@tests/servers.sh

pins: ## resolve the dependencies anew into requirements*.txt (for maintainers; takes minutes)
	@tests/pins.sh "$(PYTHON)"

clean: ## remove the environment and all caches; evidence in data/ stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
