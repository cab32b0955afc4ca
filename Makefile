# Two commands for a fresh machine: `make demo` and `make test`. Both create .venv first.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One BLAS/OpenMP thread per process: the work runs in processes, and spinning threads fight over cores.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help demo test lint types unit clean

help:
	@echo "make demo   simulate records, print them, digitize and classify the pages, score the result"
	@echo "make test   lint, types and all tests"
	@echo "make lint | types | unit   the three parts of make test"
	@echo "make clean  remove what the targets above made"

# The stamp makes a second call free; a changed requirement installs again.
$(VENV)/.installed: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[dev]"
	touch $@

test: lint types unit

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint Dockerfile

types: $(VENV)/.installed
	$(BIN)/mypy

unit: $(VENV)/.installed
	$(BIN)/python -m pytest

clean:
	rm -rf $(VENV) demo runs .mypy_cache .pytest_cache .ruff_cache
