# Everything a person or a CI machine does with this project. `make` alone says what there is.
PYTHON ?= python3
BIN := .venv/bin
DEMO_STORE := file:.demo/store
ADDRESS := 127.0.0.1:8000

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-full check format bench lock clean install install-dev

help:
	@echo "make demo       load the example, find, refer, and report what stalled"
	@echo "make serve      serve the example at http://$(ADDRESS)"
	@echo "make test       the test suite, on both engines (test-full: what counts examples, with many more of them)"
	@echo "make check      lint, formatting, types, import directions, committed GraphQL schemas, dead links"
	@echo "make format     put the code into the project's form"
	@echo "make bench      measure (DOTGOV=current-full.csv: also on a large roster; SIZES=\"1000 16000\": finding;"
	@echo "                STORED=10000: stalled; mails; CONSULTATIONS=FILE.csv: also against real handoffs that stalled)"
	@echo "make lock       resolve the dependencies anew into requirements.lock and requirements-dev.lock"
	@echo "make clean      remove all that the above made"

demo: install
	$(BIN)/python examples/demo.py

serve: install
	@mkdir -p .demo
	RELAYPOINT_STORE=$(DEMO_STORE) $(BIN)/relaypoint import examples/uk-nrm
	@echo "GraphQL: http://$(ADDRESS)/graphql   (Ctrl-C stops it)"
	RELAYPOINT_DEV=1 RELAYPOINT_STORE=$(DEMO_STORE) $(BIN)/relaypoint serve \
		--host $(firstword $(subst :, ,$(ADDRESS))) --port $(lastword $(subst :, ,$(ADDRESS)))

# Each process starts a Neo4j of its own.
PYTEST := $(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadscope

test: install-dev
	$(PYTEST)

test-full: install-dev
	RELAYPOINT_TEST_PROFILE=full $(PYTEST) -m counted

check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MYPYPATH=.types $(BIN)/mypy -p relaypoint
	$(BIN)/lint-imports
	$(BIN)/python -m relaypoint.schema.sdl --check
	$(BIN)/python docs/check_links.py

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install-dev
	$(BIN)/python bench/run.py $(DOTGOV)
	$(BIN)/python bench/finding.py $(SIZES)
	$(BIN)/python bench/stalled.py $(STORED)
	$(BIN)/python bench/mails.py
	$(if $(CONSULTATIONS),$(BIN)/python bench/consultations.py $(CONSULTATIONS))

# The stamps are made last, so that an install that was cut short is done again.
install: .venv/.runtime
install-dev: .venv/.dev

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
		{ echo "relaypoint needs Python 3.11 to 3.14; name one with: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

# uv alone writes one lock for all platforms; it has an environment of its own, since nothing else needs it.
UV := .cache/uv/bin/uv
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile pyproject.toml --group build --quiet --upgrade \
	--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links

$(UV):
	$(PYTHON) -m venv .cache/uv
	.cache/uv/bin/pip install --quiet uv

lock: $(UV)
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf .venv .cache .demo .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
