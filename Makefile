# netgen: everything happens in .venv, which is made once and made again when its inputs change.
# Only relative paths are used, so that the folder may have spaces in its name.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo demo-live test lint bench docs constraints
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
CORE := .venv/.installed-core
LIVE := .venv/.installed-live
TOOLS := .venv/.installed-tools
SCENARIO ?= scenarios/elastic_small.yaml
TEST_WORKERS ?= auto

# The newest of these that really starts (a launcher without a version behind it does not).
CANDIDATES := python3.11 python3.12 python3.13 python3
PYTHON ?= $(shell for name in $(CANDIDATES); do \
	if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	echo "$$name"; break; fi; done)

help:  ## say what there is (this list)
	@echo "usage: make TARGET"
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/' | expand -t 16
	@echo "variables: PYTHON=python3.12  SCENARIO=scenarios/elastic_small.yaml  TEST_WORKERS=auto"

demo: $(CORE)  ## run the small example scenario and show its summary
	@number=1; while [ -e "runs/demo-$$number" ]; do number=$$((number + 1)); done; \
	echo "demo: running $(SCENARIO) into runs/demo-$$number"; mkdir -p runs; \
	.venv/bin/netgen run "$(SCENARIO)" --out "runs/demo-$$number"; \
	echo "demo: the summary is runs/demo-$$number/summary.json, the records are the .parquet files beside it"

demo-live: $(LIVE)  ## contract, forward and expand a real clip with a network, and show before and after
	@number=1; while [ -e "runs/live-$$number" ]; do number=$$((number + 1)); done; \
	echo "demo-live: running scenarios/fig8_scenario2.yaml on real frames into runs/live-$$number"; mkdir -p runs; \
	.venv/bin/netgen run scenarios/fig8_scenario2.yaml --set fidelity=live --set "duration=6 s" --save-video \
		--out "runs/live-$$number"; \
	echo "demo-live: what H was shown is the .mp4 in runs/live-$$number/video, before and after beside each other the .png"

test: lint  ## check style and types, then run the tests (all but the slow ones)
	@echo "test: running the tests, $(TEST_WORKERS) worker(s); the slow ones are left to .ci/run"
	@$(PY) -m pytest -q -n $(TEST_WORKERS) --maxprocesses 8 -m "not slow"

lint: $(TOOLS)  ## check style, formatting and types
	@echo "lint: ruff check"
	@$(PY) -m ruff check .
	@echo "lint: ruff format"
	@$(PY) -m ruff format --check .
	@echo "lint: mypy (strict)"
	@$(PY) -m mypy

bench: $(TOOLS)  ## measure the speed of engine, radio and actions on this machine
	@echo "bench: measuring; close other programs for steady figures"
	@$(PY) tests/benchmarks/bench.py
	@$(PY) tests/benchmarks/bench_radio.py
	@$(PY) tests/benchmarks/bench_actions.py

docs: $(TOOLS)  ## write the generated pages of the documentation again
	@echo "docs: writing the generated pages in docs/"
	@$(PY) docs/build.py

constraints:  ## install the newest versions that pyproject.toml accepts and pin them
	@echo "constraints: installing the newest versions into build/newest"
	@rm -rf build/newest
	@"$(PYTHON)" -m venv build/newest
	@build/newest/bin/python -m pip install -q -e '.[dev]'
	@echo "constraints: writing constraints.txt"
	@{ grep '^#' constraints.txt; \
	build/newest/bin/python -m pip list --format=freeze --exclude-editable --exclude pip --exclude setuptools \
	| sed 's/+cpu$$//' | LC_ALL=C sort -f; } > constraints.new
	@mv constraints.new constraints.txt
	@rm -rf build/newest
	@echo "constraints: done; run 'make test' and say in CHANGELOG.md whether results change"

$(CORE): pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then \
	echo "make: no Python 3.11 or newer found (tried: $(CANDIDATES)); install one or name it: make PYTHON=/path/to/python3.11" >&2; \
	exit 1; fi
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "make: $(PYTHON) is not a working Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "setup: making .venv with $(PYTHON) (once; again when pyproject.toml or constraints.txt change)"
	@"$(PYTHON)" -m venv .venv || { \
	echo "make: $(PYTHON) cannot make environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "setup: installing netgen, with what reads video files, from constraints.txt"
	@$(PY) -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[video]'
	@touch $(CORE)
	@echo "setup: done"

# What runs and measures networks on real frames.
$(LIVE): $(CORE)
	@echo "setup: installing what live runs need from constraints.txt (torch among it)"
	@$(PY) -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[actions,calibrate,plot,video]'
	@touch $(LIVE)
	@echo "setup: done"

# What tests, benchmarks and documentation need besides: torch and Sionna among them, to compare with.
$(TOOLS): $(CORE)
	@echo "setup: installing the tools of development from constraints.txt (a few minutes the first time)"
	@$(PY) -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(TOOLS)
	@echo "setup: done"
