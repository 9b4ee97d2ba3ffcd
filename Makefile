# Every target does its own set-up; running one again takes seconds.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test test-slow check bench format clean

help: ## Show what can be made.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: .venv/.demo ## See Amparo find altered copies of photographs.
	@$(BIN)/amparo demo

test: .venv/.dev ## Run all tests but the slow ones.
	@$(BIN)/amparo doctor
	@$(BIN)/python -m pytest -n $$(($$(nproc) + 1)) --dist worksteal -m "not slow"

test-slow: .venv/.dev ## Run the tests that take too long for every change.
	@$(BIN)/amparo doctor
	@$(BIN)/python -m pytest -m slow

check: .venv/.dev ## Lint, format, types, imports and house rules.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest -q tests/house

bench: .venv/.bench ## Run the benchmarks; the exit status is 1 where a target is missed.
	@$(BIN)/python -m benchmarks all

format: .venv/.dev ## Bring the code into its form.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## Remove what make has made.
	rm -rf .venv

.venv/.demo .venv/.dev .venv/.bench: .venv/.%: pyproject.toml constraints.txt tools/set-up
	@tools/set-up "$(PYTHON)" $*
	@touch $@
