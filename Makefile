# Everything a fresh machine with Python 3.11+, git and make needs. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast test-slow test-django61 chaos checklist lint docs bench clean

help: ## This list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

setup: $(STAMP) ## Virtual environment in .venv with everything installed

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Indexical needs Python 3.11 or newer; say: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)

EXAMPLE ?= invitations
SCALE ?= guide
demo: setup ## The whole story on an embedded PostgreSQL: make demo [EXAMPLE=learning] [SCALE=small]
	$(BIN)/indexical demo $(EXAMPLE) --scale $(SCALE)

test: setup lint docs ## Everything but the slow suites
	$(BIN)/python -m pytest -n $(WORKERS) -m 'not slow' tests

test-fast: setup ## Tests without a server, under a minute
	$(BIN)/python -m pytest -q -n $(WORKERS) tests/unit

test-slow: setup ## The suites that take long: faults, browser, large projects; then the table of what was proven
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m slow tests; status=$$?; [ $$status -eq 5 ] || exit $$status
	$(BIN)/python -m tests.faults.table

SEED ?= 1
chaos: setup ## 200 random faults under load, fifteen minutes at most: make chaos [SEED=1]
	$(BIN)/python -m tests.faults.chaos --seed $(SEED) --rounds 200 --minutes 15

checklist: setup ## What shows each of the 80 lines of docs/checklist.md: make checklist [ONLY=12,35-38]
	$(BIN)/python -m tests.checklist --workers $(WORKERS) $(if $(ONLY),--only $(ONLY)) --write docs/checklist.md

# Django 6 needs Python 3.12 or newer, which need not be the Python of .venv.
NEWER_PYTHON ?= $(shell for python in python3.13 python3.12 $(HOME)/.pyenv/versions/3.13.*/bin/python3 $(HOME)/.pyenv/versions/3.12.*/bin/python3; do "$$python" -c '' 2>/dev/null && { echo "$$python"; break; }; done)
VENV61 := .venv-django61

test-django61: ## The Django door's tests on Django 6.1, in a virtual environment of their own
ifeq ($(NEWER_PYTHON),)
	@echo "NOT TESTED on Django 6.1: no Python 3.12 or newer was found; say: make test-django61 NEWER_PYTHON=/path/to/python3.13"
else
	@test -e $(VENV61)/.installed || { $(NEWER_PYTHON) -m venv $(VENV61) && $(VENV61)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[all,test]' 'Django>=6.1,<6.2' && touch $(VENV61)/.installed; }
	$(VENV61)/bin/python -m pytest -n $(WORKERS) -m 'not slow' tests/django
endif

lint: setup ## Style, types, complexity, and the import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: setup ## The documentation, built strictly into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(subst _,-,$(patsubst bench/bench_%.py,bench-%,$(wildcard bench/bench_*.py))) ## Every benchmark

bench-%: setup ## One benchmark: make bench-capture
	$(BIN)/python bench/bench_$(subst -,_,$*).py

clean: ## What builds and tests leave behind, the virtual environment too
	rm -rf $(VENV) $(VENV61) site build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
