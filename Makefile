# Developers' commands; none of them is needed to use edgeprune.
PYTHON := .venv/bin/python
C_FILES := $(shell git ls-files '*.c' '*.h')

.PHONY: help environment format check test bench graphs patterns fuzz demo lock

help: ## Show these commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

environment: ## Make .venv from requirements.lock
	@python3 -m edgeprune --version

test: ## Run all tests (at most 10 minutes on 2 cores)
	python3 tests

fuzz: environment ## Fuzz both ends of the serial protocol for 10 minutes each
	EDGEPRUNE_FUZZ_SECONDS=600 $(PYTHON) -m pytest -n 0 -s tests/fuzz

format: environment ## Format Python and C
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .
	.venv/bin/clang-format -i $(C_FILES)

check: environment ## All that a change must pass
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/clang-format --dry-run -Werror $(C_FILES)
	python3 tests

bench: environment ## Check the emulator's counts and speed; cycles, flash and RAM of the kernels
	$(PYTHON) tests/bench/emulator.py
	$(PYTHON) tests/bench/kernels.py
	$(PYTHON) tests/bench/compact.py
	$(PYTHON) tests/bench/phone.py

graphs: environment ## Channel pruning on real architectures, from Keras 2 and Keras 3: MACs, barriers, exactness, int8
	$(PYTHON) tests/bench/graphs.py

patterns: environment ## Zeros asked for and found in the .tflite, for every pattern of single weights
	$(PYTHON) tests/bench/patterns.py

demo: ## The main job on the model that ships with edgeprune
	python3 -m edgeprune run models/fashion/recipe.toml

lock: environment ## Bring requirements.lock up to date with pyproject.toml
	uv pip compile --universal --generate-hashes --extra dev --python-version 3.10 \
	  --custom-compile-command "make lock" --upgrade -o requirements.lock pyproject.toml
