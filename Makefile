# Commands for a fresh machine: `make demo`, `make test` and `make test-all`. Each creates .venv first.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo
# The work runs in processes, and threads that spin while they wait fight over cores.
export OMP_WAIT_POLICY ?= PASSIVE
# Processes among which the tests are dealt out, each with one thread.
TEST_WORKERS ?= 2
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(TEST_WORKERS) --dist loadscope \
	--no-loadscope-reorder

.PHONY: help demo leaderboard bench test test-all lint types unit unit-all clean

help:
	@echo "make demo   simulate records, print them, digitize and classify the pages, score the result"
	@echo "make test   lint, types and the quick tests"
	@echo "make test-all   lint, types and all tests: what continuous integration runs"
	@echo "make leaderboard   figures beside those of others; ARGS=--quick for a first look, docs/leaderboard.md"
	@echo "make bench   times and memory, against plain references and the last results"
	@echo "make lint | types | unit | unit-all   the parts of the two"
	@echo "make clean  remove what the targets above made"

# The stamp makes a second call free; a changed requirement installs again.
$(VENV)/.installed: requirements.txt requirements-dev.txt pyproject.toml setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[dev]"
	touch $@

# Everything below demo/, anew each time: records, their pages, the pages without what a test hides,
# and what the shipped model reads in them.
demo: $(VENV)/.installed
	rm -rf $(DEMO)
	$(BIN)/python -m ecgpaper simulate $(DEMO)/records --records 20 --seed 1
	$(BIN)/python -m ecgpaper synthesize $(DEMO)/records $(DEMO)/pages \
		--preset clean --mask-unplotted --seed 1 --workers 2
	$(BIN)/python remove_hidden_data.py -i $(DEMO)/pages -o $(DEMO)/hidden --include_images
	$(BIN)/python run_model.py -d $(DEMO)/hidden -m model -o $(DEMO)/outputs -v
	$(BIN)/python -m ecgpaper digitize $(DEMO)/hidden/sim0000{1,2,3}_hr-0.png -o $(DEMO)/results
	$(BIN)/python evaluate_model.py -d $(DEMO)/pages -o $(DEMO)/outputs \
		-s $(DEMO)/scores.txt -ta $(DEMO)/snr.tsv -tb $(DEMO)/f-measure.tsv
	@printf '\nSNR in dB of each lead of %s simulated records, clean pages\n' 20
	@awk -F'\t' '{ printf "%-12s", $$1; for (i = 2; i <= NF; i++) \
		printf("%7s", ($$i ~ /[0-9]\./) ? sprintf("%.1f", $$i) : $$i); print "" }' $(DEMO)/snr.tsv
	@printf '\nF-measure of each class\n'
	@awk -F'\t' '{ printf "%-12s%7.3f\n", $$1, $$2 }' $(DEMO)/f-measure.tsv
	@printf '\nMean SNR in dB and macro F-measure\n'
	@cat $(DEMO)/scores.txt
	@echo
	@echo "Pages: $(DEMO)/hidden/*.png  Traces over them: $(DEMO)/results/*-overlay.jpg"
	@echo "Signals and labels: $(DEMO)/outputs/*.hea, *.dat; $(DEMO)/results/*.csv, *.json"
	@echo "The pages in a browser: $(DEMO)/results/report.html"
	@echo "Research software, not a medical device: its answers are no diagnosis."

# ARGS: what `ecgpaper leaderboard --help` tells, such as --quick or --records FOLDER.
leaderboard: $(VENV)/.installed
	$(BIN)/python -m ecgpaper leaderboard $(ARGS)

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks.bench $(ARGS)

# Types are checked beside the tests, which leave a core idle now and then.
test: lint
	$(MAKE) --jobs 2 types unit

test-all: lint
	$(MAKE) --jobs 2 types unit-all

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint Dockerfile

types: $(VENV)/.installed
	$(BIN)/mypy

unit: $(VENV)/.installed
	$(PYTEST) -m "not slow"

unit-all: $(VENV)/.installed
	$(PYTEST)

clean:
	rm -rf $(VENV) $(DEMO) runs .mypy_cache .pytest_cache .ruff_cache
