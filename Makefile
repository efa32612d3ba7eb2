# The commands of this repository; `make` alone lists them. Python and everything else come through uv, which is
# taken from the PATH, or installed once into a private folder below the machine's cache: no root, and nothing
# of the system's Python is touched.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

UV_VERSION := 0.13.9
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ipelya-live
PRIVATE_UV := $(CACHE)/uv-$(UV_VERSION)/bin/uv
UV := $(or $(shell command -v uv 2>/dev/null),$(PRIVATE_UV))
BIN := .venv/bin
export UV
PACKAGES := $(wildcard agent handlers moderation local demo orchestrator speech bench)
SCRIPTS := local/functions_router.ts tests/integration/supabase_js.ts tests/contract/recording_files.ts bench/chat_clients.ts
BENCHMARKS := audio loudness_differences hearing actions hostile flood evasion cases spoken accounts tokens ringing recording app lists hints relay growth churn latencies throughput capacity simulation scale rooms rooms_beside
FUNCTIONS := livekit-system/supabase/functions
DENO_PROJECTS := $(patsubst %/,%,$(dir $(wildcard $(FUNCTIONS)/deno.json livekit-system/clients/typescript/deno.json livekit-system/console/deno.json)))

# Bytecode is worth a second at every start; some shells switch it off.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list the commands
	@printf 'usage: make <command>\n\n'
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s%s\n", $$1, $$2 }'
	@printf '\nPORT_BASE=20000 make … moves every port; LIVEKIT_SERVER names a server of your own.\n'

.PHONY: up
up: install ## run the local cloud and a worker until Ctrl-C, and write .local/env
	@$(BIN)/python -m local up

.PHONY: demo
demo: install chromium ## play an evening with simulated people in real rooms, and check it (HOLD=1 keeps it up)
	@$(BIN)/python -m demo

TARGET ?=
# Most tests wait for something: with one more process than a small machine has cores, its cores are busy.
TESTS_AT_ONCE ?= 3
.PHONY: test
test: install parts chromium promtool ## run every test of correctness, on real parts (TARGET=<env file>: against a stack that is there)
	@if [ -n "$(TARGET)" ]; then TARGET="$(abspath $(TARGET))" $(BIN)/pytest -n $(TESTS_AT_ONCE) --no-loadscope-reorder -rs tests/integration; \
	else $(BIN)/pytest -n $(TESTS_AT_ONCE) --no-loadscope-reorder; fi

# Before the tests and not within the first of them: a build takes longer than a test may.
.PHONY: parts
parts: install
	@$(BIN)/python -m local fetch

# For the tests of what a browser shows. Only root on Debian gets one; anyone who may not is told, and those tests skip.
.PHONY: chromium
chromium:
	@test -n "$${CHROMIUM:-}" || [ -n "$$(type -P chromium chromium-browser google-chrome google-chrome-stable)" ] || \
	if [ "$$(id -u)" = 0 ] && type -P apt-get >/dev/null; then \
	  echo 'installing Chromium for the browser tests, once for this machine' >&2; \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 || \
	  echo 'NO CHROMIUM: it could not be installed, so the browser tests will be skipped' >&2; \
	else echo 'NO CHROMIUM: install one, or name it in CHROMIUM; without it the browser tests are skipped' >&2; fi

# For the alert rules' own tests: one file of Debian's package into the cache, nothing is installed. Elsewhere, and
# where it cannot be had, those tests skip.
.PHONY: promtool
promtool:
	@if [ -z "$$(type -P promtool)" ] && [ ! -x $(CACHE)/promtool ] && type -P apt-get >/dev/null; then \
	  work=$$(mktemp -d); mkdir -p $(CACHE); \
	  ( cd "$$work" && { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; } && \
	    dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xf - ./usr/bin/promtool && \
	    cp usr/bin/promtool "$(CACHE)/promtool.$$$$" && mv "$(CACHE)/promtool.$$$$" $(CACHE)/promtool \
	  ) >/dev/null 2>&1 || echo 'NO PROMTOOL: it could not be fetched, so the tests of the alert rules are skipped' >&2; \
	  rm -rf "$$work"; fi

.PHONY: bench
bench: install ## speed and cost, against their bars and honest baselines; writes BENCHMARKS.md (FULL=1: longer rounds)
	@set -e; missed=0; for part in $(BENCHMARKS); do \
	  echo "== $$part, after $$SECONDS s"; $(BIN)/python -m bench.$$part || missed=1; done; \
	  $(BIN)/python -m bench.report; echo "all of it took $$SECONDS s"; exit $$missed

.PHONY: speech
speech: install ## an environment for `python -m speech` with the engine and the classifier in the box (.local/speech)
	@UV_PROJECT_ENVIRONMENT=.local/speech $(UV) sync --frozen --quiet --no-default-groups --group speech

.PHONY: chaos
chaos: install ## break everything on purpose: recovery times against their bars, the books after each fault
	@$(BIN)/python -m tests.chaos

.PHONY: conformance
conformance: install ## parts that `make test` has not: Postgres 15, Supabase's CLI, LiveKit nodes, compose, the image, the speech engine
	@$(BIN)/python -m tests.conformance

.PHONY: app-test
app-test: install parts chromium ## Expo, Metro, Hermes: the packages, the example and a new app by the handbook, in two languages and a browser
	@$(BIN)/python -m tests.app

.PHONY: packages
packages: install ## both client packages as npm packs them, into .local/packages
	@$(BIN)/python -m tests.app packages

SECONDS ?= 600
.PHONY: soak
soak: install chromium ## ten minutes of random faults, ten of a busy console (SECONDS=… for less): books agree, nothing grows
	@missed=0; for part in soak soak_console; do \
	  echo "== $$part"; $(BIN)/python -m tests.chaos.$$part $(SECONDS) || missed=1; done; exit $$missed

.PHONY: check
check: install ## lint, format, types, import direction, edge functions; needs no server
	$(BIN)/python livekit-system/make_baseline.py --check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(PACKAGES)
	$(BIN)/lint-imports
	@set -e; for project in $(DENO_PROJECTS); do \
	  echo "deno: $$project"; (cd $$project && $(CURDIR)/$(BIN)/deno task --quiet check); done
	$(BIN)/python -m tests.app check
	$(BIN)/deno fmt --quiet --check --line-width 110 $(SCRIPTS)
	$(BIN)/deno lint --quiet --rules-exclude=no-import-prefix $(SCRIPTS)

.PHONY: baseline
baseline: ## make the baseline migration from livekit-system/supabase/schemas/, after a change there
	@python3 livekit-system/make_baseline.py

.PHONY: mutants
mutants: install ## put small faults into the decisions: each must be noticed by a test (SAMPLE=60 SEED=1)
	@$(BIN)/python -m tests.mutants

.PHONY: format
format: install ## put the code into its standard shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: clean
clean: ## remove what the commands made in this clone (the machine's cache stays)
	rm -rf .local .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: install
install: .venv/.installed

# A stamp, so that a warm start does not wait for uv.
.venv/.installed: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --frozen --quiet
	@touch $@

# Where Python cannot make a venv with pip in it (Debian without python3-venv), pip alone will do.
$(PRIVATE_UV):
	@echo 'installing uv $(UV_VERSION) into $(CACHE), once for this machine' >&2
	@mkdir -p $(CACHE)
	@home=$(CACHE)/uv-$(UV_VERSION); rm -rf "$$home"; \
	if python3 -m venv "$$home" >/dev/null 2>&1; then \
	  "$$home/bin/python" -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); \
	elif python3 -m pip --version >/dev/null 2>&1; then \
	  rm -rf "$$home"; \
	  python3 -m pip install --quiet --disable-pip-version-check --target "$$home" uv==$(UV_VERSION); \
	else \
	  echo 'neither `python3 -m venv` nor pip works here: install uv (https://docs.astral.sh/uv/)' >&2; exit 1; \
	fi; test -x $@
