# Addressee. Two commands do everything on a machine with python3, make and git: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BUILD := .build
VENV := $(BUILD)/venv
TWIN_VENV := $(BUILD)/twin-venv
PY := $(VENV)/bin/python
TWIN_PORT ?= 4600
export PATH := $(CURDIR)/$(BUILD)/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PYTHONPATH := $(CURDIR)/layers/core/python:$(CURDIR)
export LD_LIBRARY_PATH := $(CURDIR)/$(BUILD)/lib$(if $(LD_LIBRARY_PATH),:$(LD_LIBRARY_PATH))
unexport PYTHONDONTWRITEBYTECODE
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1
export TWIN_PORT

.PHONY: help setup demo up down test check unit functions pages e2e soak bench data deploy lock clean

help: ## what each command does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# --- set-up: everything goes below .build/ and node_modules/ ---------------------------------------------------------
$(BUILD)/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "addressee: Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	@mkdir -p $(BUILD) && touch $@

$(BUILD)/uv.stamp: requirements/uv.lock | $(BUILD)/python.stamp
	$(PYTHON) -m venv $(BUILD)/uv
	$(BUILD)/uv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.lock
	@touch $@

$(BUILD)/venv.stamp: requirements/dev.lock $(BUILD)/uv.stamp
	$(PYTHON) -m venv $(VENV)
	$(BUILD)/uv/bin/uv pip sync -q --python $(PY) --require-hashes requirements/dev.lock
	@touch $@

$(BUILD)/twin-venv.stamp: requirements/twin.lock $(BUILD)/uv.stamp
	$(PYTHON) -m venv $(TWIN_VENV)
	$(BUILD)/uv/bin/uv pip sync -q --python $(TWIN_VENV)/bin/python --require-hashes requirements/twin.lock
	@touch $@

$(BUILD)/node.stamp: requirements/node.lock package-lock.json $(BUILD)/venv.stamp
	$(PY) -m twin.node
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(BUILD)/chromium.stamp: $(BUILD)/venv.stamp
	$(PY) -m tests.pages.chromium
	@touch $@

$(BUILD)/native.stamp: layers/core/python/addressee/models/neighbours.c layers/core/python/addressee/models/trees.c infra/native.py $(BUILD)/venv.stamp
	$(PY) -m infra.native
	@touch $@

setup: $(BUILD)/venv.stamp $(BUILD)/twin-venv.stamp $(BUILD)/node.stamp $(BUILD)/native.stamp ## install everything below .build/

# --- the laptop twin -------------------------------------------------------------------------------------------------
up: setup ## start the local twin, deploy the app into it, print endpoints and keys
	@$(PY) -m twin.up --port $(TWIN_PORT)

down: $(BUILD)/venv.stamp ## stop the local twin
	@$(PY) -m twin.down

data: $(BUILD)/venv.stamp ## fetch the public data sets into .data/
	@$(PY) -m cli.public_data

demo: setup ## the main job on real data, end to end, on the local twin
	@$(PY) -m cli.public_data complete-journey
	@$(PY) -m cli.demo

deploy: setup ## deploy into the AWS account of the current credentials
	cdk deploy --all

# --- tests and gates -------------------------------------------------------------------------------------------------
PYTEST := $(PY) -m pytest -q -p no:cacheprovider
# Each of two processes begins with half of the tests, in their order; who is done first takes over from the other's end.
# So tests that share a fitted model or a synthesis stay together: folders are listed for that.
PARALLEL := -n 2 --dist worksteal

test: check unit functions pages e2e ## every gate and every test

check: $(BUILD)/venv.stamp ## ruff, mypy --strict, import-linter
	$(VENV)/bin/ruff format --check -q .
	$(VENV)/bin/ruff check -q .
	$(VENV)/bin/mypy --no-error-summary
	$(VENV)/bin/lint-imports --no-cache
	$(PYTEST) tests/gates

unit: $(BUILD)/venv.stamp $(BUILD)/twin-venv.stamp $(BUILD)/native.stamp ## pure code with coverage, models, contracts on fakes and on the emulator
	COLUMNS=200 $(PYTEST) $(PARALLEL) tests/models tests/contract tests/unit --cov --cov-report=term:skip-covered
	$(PYTEST) $(PARALLEL) tests/simulation

functions: setup ## the real handlers, the template, the docs
	$(PYTEST) $(PARALLEL) tests/infra tests/docs tests/functions

pages: setup $(BUILD)/chromium.stamp ## every page in Chromium: fits, quiet, axe-core; screenshots in .build/pages/
	$(PYTEST) tests/pages

e2e: setup ## the deployed stack on the emulator, IAM enforced
	$(PYTEST) tests/e2e -m "not soak"

soak: setup ## longer scenarios
	$(PYTEST) tests/e2e -m soak

# --- benchmarks ------------------------------------------------------------------------------------------------------
bench: bench-serving bench-ingest bench-layers bench-sending bench-rendering bench-cost bench-features bench-training bench-models ## every suite; tables, and benchmarks/results/*.json

bench-models: setup data ## models beside published figures; HILLSTROM=<path of its CSV> adds the rows of uplift
	$(PY) -m benchmarks.models $(if $(HILLSTROM),--hillstrom $(HILLSTROM))

bench-%: setup ## one suite
	$(PY) -m benchmarks.$*

lock: $(BUILD)/uv.stamp ## resolve every lock file anew
	@$(PY) -m infra.locks

clean: down ## remove everything that was installed or built
	rm -rf $(BUILD) node_modules cdk.out .demo
