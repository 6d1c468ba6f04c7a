# `make` alone lists what there is. Nothing is needed but make and Python 3.11 or newer; all else goes into .venv.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The first Python here that is new enough. `make PYTHON=/path/to/python3.12 …` names another one.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$python && break; done)

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install
UV_COMPILE := uv --quiet pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

.PHONY: help
help:  ## list what there is
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*  ## (.*)/  make \1\t\2/' | expand -t 16

# --- to see it ------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: .venv/run  ## send issue 54 of the sample newsletter to sample people, on this machine only
	@$(BIN)/mailer demo

# --- to check it ----------------------------------------------------------------------------------------------------

.PHONY: check test lint types arch
check: test lint types arch  ## everything that must pass: test, lint, types, arch

# Most of a run waits for the disk: where memory is plentiful, the tests' files lie there.
TEMPROOT := $(shell df --output=avail -k /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 { print "/dev/shm" }')

test: .venv/dev  ## every test
	@PYTEST_DEBUG_TEMPROOT=$(TEMPROOT) $(BIN)/pytest -q -n auto $(ARGS)

lint: .venv/dev  ## the code's style, by ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/dev  ## the types, by pyright in strict mode
	@$(BIN)/pyright

arch: .venv/dev  ## who may import whom, by import-linter
	@$(BIN)/lint-imports --no-logo

# --- to work on it --------------------------------------------------------------------------------------------------

.PHONY: setup format docs picture bench lock wheel clean
setup: .venv/dev  ## make .venv with everything that a developer needs

format: .venv/dev  ## let ruff put the code in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: .venv/dev  ## write docs/cli.md anew from the commands
	@$(BIN)/python docs/generate_cli.py

picture:  ## put the pictures of issue 54 together for the README (needs chromium)
	@chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --hide-scrollbars --window-size=1640,900 \
		--screenshot=docs/pictures/issue-54.png docs/pictures/together.html

bench: .venv/dev  ## measure: rendering, letters, the ledger, starting up (benchmarks/README.md)
	@$(BIN)/python benchmarks $(ARGS)

lock:  ## pin every package anew in requirements/ (needs uv); UPGRADE=--upgrade takes the newest
	@command -v uv >/dev/null || { echo "uv is missing: pip install uv" >&2; exit 1; }
	$(UV_COMPILE) $(UPGRADE) pyproject.toml --group dev --extra postgres -o requirements/dev.txt
	$(UV_COMPILE) $(UPGRADE) pyproject.toml --constraint requirements/dev.txt -o requirements/run.txt
	$(UV_COMPILE) $(UPGRADE) --group pyproject.toml:build --constraint requirements/dev.txt -o requirements/build.txt

wheel: .venv/run  ## build the wheel into dist/
	@rm -rf dist
	@$(BIN)/hatchling build -t wheel -d dist

clean:  ## remove all that was made here
	rm -rf .venv dist demo build .hypothesis .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment ------------------------------------------------------------------------------------------------
# .venv/run says that .venv holds what running needs, .venv/dev what developing needs as well; .venv/locked is a copy of
# the locks that it was made from. When they change it is made anew from nothing: a package that an older one left behind
# would hide that it is missing in the new one.

.venv/run: requirements/run.txt requirements/build.txt pyproject.toml
	@if test -e .venv/dev; then $(MAKE) .venv/dev; \
	else $(MAKE) environment LOCKS="requirements/run.txt requirements/build.txt"; fi
	@touch $@

.venv/dev: requirements/dev.txt pyproject.toml
	@$(MAKE) environment LOCKS=requirements/dev.txt
	@touch .venv/run $@

.PHONY: environment python
environment: python
	@$(BIN)/python -c '' 2>/dev/null && cat $(LOCKS) | cmp -s - .venv/locked || { \
		echo "Making .venv with $$($(PYTHON) --version) …" && \
		$(PYTHON) -m venv --clear .venv && \
		$(PIP) --require-hashes $(LOCKS:%=-r %) && \
		cat $(LOCKS) > .venv/locked; }
	@$(PIP) --no-deps --no-build-isolation --editable .

python:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is missing$(if $(PYTHON),: $(PYTHON) is not); on Debian or Ubuntu: apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make an environment; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
