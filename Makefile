# Quarterdeck. `make` prints this help.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
ROOMS := app analytics pages components callbacks tests tools

# Every process of the tests would otherwise translate all modules again, where the shell asks to keep none.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install dev services run test test-fast lint format snapshots bench bench-detectors bench-models docs lock clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Quarterdeck needs Python 3.11 or newer: set PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.installed requirements-dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# What ours is measured against; nothing else needs it.
$(VENV)/.bench: $(VENV)/.dev requirements-bench.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@

install: $(VENV)/.installed ## Make .venv with the pinned run-time packages
dev: $(VENV)/.dev ## Add the tools and test packages

services: ## Install Chromium, PostgreSQL and Redis for the tests (root on Debian or Ubuntu)
	@bash tools/test_services.sh

run: install ## Start Quarterdeck with its demo organisations on http://127.0.0.1:8050
	@$(PY) app.py serve --demo

# Whole files to each of the two at work; tests/conftest.py puts the longest first.
TWO := -n 2 --dist loadfile --no-loadscope-reorder
# One of the two makes the demo for both meanwhile the other serves a firm of its own.
LONG_WALKS := $(addprefix tests/journeys/test_,every_page.py risk.py pnl.py dashboard.py doors.py context.py)

# Where memory has room the tests' files lie there: on a busy disk most of their time is waiting for fsync.
IN_MEMORY := $(shell room=$$(df --output=avail -BG /dev/shm 2>/dev/null | tail -1 | tr -dc 0-9); [ "$${room:-0}" -ge 8 ] && echo TMPDIR=/dev/shm)

# As many threads compute as always, but idle ones sleep: turning in place took two fifths of what models cost.
run test test-fast: export OMP_WAIT_POLICY := PASSIVE
run test test-fast: export OPENBLAS_THREAD_TIMEOUT := 4

test: dev services ## Run every test: unit, services, browser
	$(IN_MEMORY) $(PY) -m pytest -q -m "not journey" $(TWO) tests
	$(PY) -m pytest -q -m journey $(TWO) $(LONG_WALKS) tests/journeys

# What starts servers or processes, reads every kind of file or makes whole firms is left to the full run.
LONG := tenancy api bench journeys faults acceptance app/demo app/sources app/records app/actions app/jobs app/queries \
        app/storage app/commands

test-fast: dev ## Run the quick tests (under 90 seconds)
	TESTS=fast $(PY) -m pytest -q -m "not journey and not slow and not postgres and not redis and not faults" $(LONG:%=--ignore=tests/%) -n 2 --dist loadfile

lint: dev ## Check style, types, import contracts and spelling
	$(VENV)/bin/ruff check $(ROOMS)
	$(VENV)/bin/ruff format --check $(ROOMS)
	$(VENV)/bin/mypy app analytics
	$(VENV)/bin/lint-imports
	$(VENV)/bin/codespell app analytics pages components callbacks docs README.md CONTRIBUTING.md CHANGELOG.md

format: dev ## Format the code
	$(VENV)/bin/ruff check --fix-only -q $(ROOMS)
	$(VENV)/bin/ruff format -q $(ROOMS)

snapshots: dev services ## Take the README's screenshots
	$(PY) -m tools.screenshots

bench: $(VENV)/.bench ## Measure and write docs/benchmarks.md
	$(PY) -m tests.bench

bench-detectors: $(VENV)/.bench ## Measure detectors on held-out scenarios and write docs/benchmarks-detectors.md
	$(PY) -m tests.bench.detectors $(ARGS)

bench-models: dev ## Measure models on real prices and on the demo and write docs/benchmarks-models.md
	OMP_NUM_THREADS=1 $(PY) -m tests.bench.models $(ARGS)

docs: install ## Write the reference pages and the OpenAPI description from the code
	$(PY) -m app.docs

lock: dev ## Pin requirements.in and requirements-dev.in with hashes
	$(VENV)/bin/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --no-annotate -p 3.11 requirements.in -o requirements.txt
	$(VENV)/bin/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --no-annotate -p 3.11 requirements-dev.in -o requirements-dev.txt
	$(VENV)/bin/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --no-annotate -p 3.11 requirements-bench.in -o requirements-bench.txt

clean: ## Remove caches (never the home folder)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
