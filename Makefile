# Everything a developer or an operator types. Each target builds .venv first if it is missing or out of date.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links
ARGS ?=
SCRIPTS := tests/scripts
TSC := $(SCRIPTS)/node_modules/.bin/tsc

.PHONY: help install run test check check-scripts bench lock clean

help:
	@echo "make run        start the whole desk: database, Redis, web, worker, beat (PORT=8000 HOST=127.0.0.1 WEB_PROCESSES=1 DATA_DIR=var)"
	@echo "make test       run the tests (ARGS='tests/core -k hub' for some of them)"
	@echo "make check      lint, format, types (also of the browser's scripts, if npm is there), floors, migrations, configuration"
	@echo "make bench      measure (ARGS for the measuring program)"
	@echo "make lock       pin the versions in requirements.in and requirements-dev.in"
	@echo "make clean      remove .venv and caches; the data in DATA_DIR stays"

install: $(STAMP)

$(STAMP): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.5"
	@echo "Installing what requirements.txt and requirements-dev.txt name into .venv: a few minutes at most, only once."
	@VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv pip install --quiet --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@

# exec: the launcher's parent is this make, and it ends when this make ends.
run: $(STAMP)
	@exec $(BIN)/python -m support_desk.embedded.launcher --end-with-parent

test: $(STAMP)
	@$(BIN)/python -m pytest $(ARGS)

check: export DESK_MODE := test
check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING
	@$(MAKE) --no-print-directory check-scripts

# The only step that needs Node; nothing from npm is served. Without npm it is skipped, but never where changes are accepted.
check-scripts:
	@if command -v npm >/dev/null 2>&1; then \
	    { test $(TSC) -nt $(SCRIPTS)/package-lock.json || \
	    { npm ci --silent --no-audit --no-fund --prefix $(SCRIPTS) && touch -c $(TSC); }; } && \
	    echo "tsc --project $(SCRIPTS)" && $(TSC) --project $(SCRIPTS); \
	elif [ "$$CI" = true ]; then echo "npm is needed to check the types of the browser's scripts." >&2; exit 1; \
	else echo "No npm here: the types of the browser's scripts are not checked."; fi

bench: $(STAMP)
	@$(BIN)/python -m bench $(ARGS)

lock: $(STAMP)
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf $(SCRIPTS)/node_modules .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache staticfiles
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
