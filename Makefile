# Every target sets up what it needs by itself: `make demo` and `make test` work on a fresh Debian machine.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help setup lock demo release test test-fresh test-container test-part test-slow test-browser attacks fuzz bench sentences docs lint format clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(STAMP)  ## make .venv with everything in requirements.lock, and the system packages

$(STAMP): requirements.lock pyproject.toml scripts/setup
	@PYTHON="$(PYTHON)" scripts/setup $(VENV)
	@touch $@

lock:  ## pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile -q pyproject.toml --all-extras --upgrade --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --no-emit-find-links --python-version 3.11 --universal -o requirements.lock

demo: $(STAMP)  ## grade the class of examples: gradebook, feedback pages, report (CLASS=small: a few of them)
	@$(BIN)/python -m autograder demo $(if $(CLASS),--class $(CLASS))

release: $(STAMP)  ## make release/ again from source/
	@$(BIN)/python -m autograder release

# a file's tests share what they set up; tests/conftest.py says which files are begun first
SPREAD := -n 2 --dist loadfile --no-loadscope-reorder

test: $(STAMP)  ## the tests that take seconds (under 12 minutes on 2 cores)
	$(BIN)/python -m pytest $(SPREAD) -m "not slow and not attacks and not browser"

test-fresh:  ## both commands of the README, in an empty Debian (SUITE=bookworm; as root, needs mmdebstrap)
	scripts/fresh-root $(or $(SUITE),trixie) sh -c 'make demo CLASS=small && make test-part'

test-container:  ## the Containerfile, built on an empty Debian, and doctor in it (as root, needs mmdebstrap and buildah)
	scripts/fresh-container $(or $(SUITE),trixie)

test-part: $(STAMP)
	$(BIN)/python -m pytest -q -m "not slow and not attacks and not browser" tests/sandbox tests/test_setup.py

test-slow: $(STAMP)  ## the tests that take minutes: kills, faults of an LMS, trained answers (SLOW=... for a part)
	$(BIN)/python -m pytest $(SPREAD) -m "slow and not attacks and not browser" $(SLOW)

test-browser: $(STAMP)  ## JupyterLab, the formgrader, the pages in Debian's chromium; practice behind a real JupyterHub
	scripts/setup-browser
	$(BIN)/python -m pytest $(SPREAD) -m browser

attacks: $(STAMP)  ## the hostile class, graded and through practice's door, inside a guard (STOCK=--stock: beside stock nbgrader)
	tests/guard.sh $(BIN)/python -m tests.attacks.run $(STOCK)
	tests/guard.sh $(BIN)/python -m tests.attacks.practice

fuzz: $(STAMP)  ## coverage-guided runs on what reads evidence and models, inside the guard (FUZZ="--runs 5000 --seconds 900")
	tests/guard.sh $(BIN)/python -m tests.fuzz.run $(FUZZ)

bench: $(STAMP)  ## speed, as ratios within one run: JSON under benchmarks/results/
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.kernels
	$(BIN)/python -m benchmarks.class_report
	$(BIN)/python -m benchmarks.driver
	$(BIN)/python -m benchmarks.grading
	$(BIN)/python -m benchmarks.workers
	$(BIN)/python -m benchmarks.report

sentences: $(STAMP)  ## every sentence that the tests' wrong answers get, beside the answer (ARGS="--trained 2_l1_l2")
	@$(BIN)/python scripts/sentences $(ARGS)

docs: $(STAMP)  ## the documentation site, into build/docs
	$(BIN)/python -m sphinx -W -q docs build/docs
	@echo "build/docs/index.html"

lint: $(STAMP)  ## ruff, mypy --strict, import-linter, codespell
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(STAMP)  ## rewrite the code as ruff wants it
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

clean:  ## remove what the commands made
	rm -rf demo build
