# Nexus. `make run` starts the whole shop; `make help` lists the rest.
# Needs Python 3.11, 3.12 or 3.13 and nothing else.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: run test check examples bench clean lock help

VENV := .venv
BIN := $(VENV)/bin
# Python compiles what it imports; compiling everything at once costs six seconds of the first start.
PIP := $(BIN)/python -m pip install --quiet --quiet --no-compile --disable-pip-version-check --require-hashes
TEST_DATA := .nexus-test
# How many tests run at once; with 0 one after the other, in one process.
WORKERS ?= 2
# Products of the catalogue that `make bench` measures; several with commas.
SIZE ?= 100000
UV := $(BIN)/uv pip compile --no-config --universal --python-version 3.11 --generate-hashes --no-emit-index-url

# The first interpreter that fits; the lock file holds builds for 3.11 to 3.13.
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; \
	done)

run: $(VENV)/installed ## start the shop: PostgreSQL, demo data, simulated Chapa, worker and web server
	@exec $(BIN)/python -IS ecommerce/management/leash.py $$PPID $(BIN)/python manage.py up

test: $(VENV)/installed-dev ## run the whole test suite (ARGS="tests/orders -x" for a part)
	@NEXUS_DATA_DIR="$${NEXUS_TEST_DATA_DIR:-$(TEST_DATA)}" exec $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

check: $(VENV)/installed-dev ## lint, format, types, import borders, migrations, OpenAPI drift
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	NEXUS_DATA_DIR=$(TEST_DATA) $(BIN)/python manage.py makemigrations --check --dry-run
	@NEXUS_DATA_DIR=$(TEST_DATA) && export NEXUS_DATA_DIR && mkdir -p $(TEST_DATA) && \
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file $(TEST_DATA)/openapi.yaml && \
	diff -u openapi.yaml $(TEST_DATA)/openapi.yaml || { \
	echo "openapi.yaml is behind the code: manage.py spectacular --file openapi.yaml"; exit 1; }

examples: $(VENV)/installed-dev ## record the API examples and openapi.yaml anew (then read the diff)
	NEXUS_DATA_DIR=$(TEST_DATA) NEXUS_RECORD_EXAMPLES=1 $(BIN)/python -m pytest tests/contract/test_examples.py -k happens
	NEXUS_DATA_DIR=$(TEST_DATA) $(BIN)/python manage.py spectacular --validate --fail-on-warn --file openapi.yaml

bench: $(VENV)/installed-dev ## measure the shop against the floor (SIZE=10000,100000,1000000 ARGS="--rounds 5 --only search")
	@$(BIN)/python -m benchmarks --size $(SIZE) $(ARGS)

clean: ## remove the virtual environment, caches and test data; the shop's own .nexus stays
	rm -rf .nexus-bench $(VENV) $(TEST_DATA) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: $(VENV)/installed-dev ## resolve requirements.lock and requirements.txt anew from pyproject.toml
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(UV) --group dev pyproject.toml -o requirements.lock
	$(UV) -c requirements.lock pyproject.toml -o requirements.txt

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Nexus needs Python 3.11, 3.12 or 3.13; none was found."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	echo "Python's venv module is incomplete here; on Debian: apt install python3-venv"; exit 1; }

# Of two installs, each only when its list has changed.
$(VENV)/installed: requirements.txt | $(BIN)/python
	@echo "Installing the dependencies ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements.lock | $(BIN)/python
	@echo "Installing the dependencies for development ..."
	@$(PIP) -r requirements.lock
	@touch $@
