# `make help` lists what there is. Everything installs what it needs by itself, once.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo
ENGINES ?= neural

# Debian packages; a Python that is not Debian's brings what python3-venv is for.
VENV_PACKAGES = $(shell $(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv)
DEMO_PACKAGES = $(VENV_PACKAGES) $(file <packages.txt) flite
TEST_PACKAGES = $(VENV_PACKAGES) $(file <packages.txt) $(file <tests/packages.txt)

HLS_JS_VERSION := 1.7.4
HLS_JS := $(VENV)/share/hls.js/hls.min.js

.DEFAULT_GOAL := help
.PHONY: help demo env smoke test test-live unit lint chaos bench openapi compatibility fresh clean \
  venv-packages demo-packages test-packages
.NOTPARALLEL: # packages first: nothing is begun that cannot be finished

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: export DUBLINE_HOME = $(CURDIR)/$(DEMO)/home
demo: demo-packages $(VENV)/ready ## Dub a generated sample into Portuguese and Spanish; ENGINES=basic needs no models
	@$(BIN)/python -m tests.demo_sample $(DEMO)
ifneq ($(ENGINES),basic)
	@echo "Fetching models of the neural engines (284 MB, once; make demo ENGINES=basic does without) ..."
	@$(BIN)/dubline models install || echo "Those that are missing are done without: engines that need no models are here."
endif
	@$(BIN)/dubline dub $(DEMO)/talk.mp4 \
	  --background $(DEMO)/music.flac --mode dialogue --to pt,es --out $(DEMO)/out

test: test-packages lint $(HLS_JS) ## Lint, types and all tests
	$(BIN)/python -m pytest

unit: $(VENV)/ready ## The fast tests only
	$(BIN)/python -m pytest tests/unit

lint: $(VENV)/ready ## Style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test-live: test-packages $(VENV)/ready ## The providers' contract with live vendors whose keys are set: costs a few cents
	$(BIN)/python -m pytest tests/live --live -v -rs

chaos: test-packages $(VENV)/ready ## Every blow at every place, and 500 jobs under random kills (~40 min)
	$(BIN)/python -m pytest tests/chaos --chaos -v --timeout 7200

bench: test-packages $(VENV)/ready ## Measure speed and memory (docs/benchmarks.md)
	$(BIN)/python -m tests.benchmarks

openapi: $(VENV)/ready ## Write docs/openapi.yaml anew
	$(BIN)/python -m backend.api.openapi > docs/openapi.yaml

compatibility: test-packages $(VENV)/ready ## Make and dub one of each format, and write docs/compatibility.md
	$(BIN)/python -m tests.compatibility

env: ## Write .env with fresh secrets, for docker compose; one that is there is kept
	@test -e .env || { umask 077 && $(PYTHON) docs/ops/make_env.py >.env; }

smoke: test-packages $(VENV)/ready ## Bring docker-compose.yml up, kill parts of it, and see a job through
	@tests/smoke/run

fresh: ## The demo and all tests in a bare Debian; PART=demo or PART=test for less
	@tests/fresh/run $(PART)

clean: ## Remove what was built, the demo included
	rm -rf $(VENV) $(DEMO) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/ready: requirements.txt requirements-neural.txt tests/requirements.txt setup.cfg | venv-packages
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "Dubline needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo "Installing Python packages into $(VENV) (a minute or two, once) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e . -r tests/requirements.txt
	@touch $@

$(HLS_JS): | test-packages $(VENV)/ready
	@mkdir -p $(@D)
	@cd $(@D) && tar --strip-components=2 -xzf "$$(npm pack --silent --cache .npm hls.js@$(HLS_JS_VERSION))" \
	  package/dist/hls.min.js && rm -rf *.tgz .npm && touch hls.min.js

venv-packages:
	@$(call install,$(VENV_PACKAGES))

demo-packages:
	@$(call install,$(DEMO_PACKAGES))

test-packages:
	@$(call install,$(TEST_PACKAGES))

# Installs the Debian packages that are missing: as root, with sudo, or else says what to run.
define install
missing=$$(for p in $(strip $(1)); do \
  dpkg -s $$p 2>/dev/null | grep -q '^Status: .* installed$$' || command -v $$p >/dev/null || echo $$p; \
done); \
if [ -z "$$missing" ]; then exit 0; fi; \
if ! command -v apt-get >/dev/null; then \
  echo "Please install with your package manager:" $$missing >&2; exit 1; \
fi; \
run="apt-get update -qq && apt-get install -y --no-install-recommends $$(echo $$missing)"; \
if [ "$$(id -u)" = 0 ]; then as=; elif command -v sudo >/dev/null; then as=sudo; \
else echo "Please run as root, then make again: $$run" >&2; exit 1; fi; \
echo "Installing Debian packages:" $$missing; \
log=$$(mktemp); \
$$as env DEBIAN_FRONTEND=noninteractive sh -c "$$run" >$$log 2>&1 || { cat $$log >&2; exit 1; }; \
rm $$log
endef
