# `make help` lists what there is. Everything installs what it needs by itself, once.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo

ENGINES := espeak-ng apertium apertium-eng-spa apertium-eng-cat apertium-es-pt apertium-fr-es
SERVERS := postgresql redis-server
HLS_JS_VERSION := 1.7.4
HLS_JS := $(VENV)/share/hls.js/hls.min.js

.DEFAULT_GOAL := help
.PHONY: help demo test unit lint chaos bench benchtools openapi clean engines servers browser

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/ready engines ## Dub a generated sample into Spanish and Portuguese
	@$(BIN)/python -m tests.demo_sample $(DEMO)
	@DUBLINE_HOME=$(CURDIR)/$(DEMO)/home $(BIN)/dubline dub $(DEMO)/talk.mp4 \
	  --background $(DEMO)/music.flac --mode dialogue --to es,pt --out $(DEMO)/out

test: $(VENV)/ready engines servers benchtools browser lint ## Lint, types and all tests
	$(BIN)/python -m pytest

unit: $(VENV)/ready ## The fast tests only
	$(BIN)/python -m pytest tests/unit

lint: $(VENV)/ready ## Style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

chaos: $(VENV)/ready servers ## Every blow at every place, and 500 jobs under random kills (~40 min)
	$(BIN)/python -m pytest tests/chaos --chaos -v --timeout 7200

bench: $(VENV)/ready engines servers benchtools ## Measure speed and memory (docs/benchmarks.md)
	$(BIN)/python -m tests.benchmarks

benchtools:
	@$(call ensure,ffmpeg)

openapi: $(VENV)/ready ## Write docs/openapi.yaml anew
	$(BIN)/python -m backend.api.openapi > docs/openapi.yaml

clean: ## Remove what was built, the demo included
	rm -rf $(VENV) $(DEMO) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/ready: requirements.txt tests/requirements.txt setup.cfg
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(call install,python3-venv)
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "Installing Python packages into $(VENV) (a minute or two, once) ..."
	@$(BIN)/pip install -qq --disable-pip-version-check -e . -r tests/requirements.txt
	@touch $@

engines: ## Install the offline engines (Debian packages)
	@$(call ensure,$(ENGINES) flite)

servers: ## Install the servers that tests start for themselves
	@$(call ensure,$(SERVERS))

browser: $(HLS_JS) ## Install the browser and the player that streams are tested with
	@$(call ensure,chromium)

$(HLS_JS): $(VENV)/ready
	@command -v npm >/dev/null || { $(call install,npm); }
	@mkdir -p $(@D)
	@cd $(@D) && tar --strip-components=2 -xzf "$$(npm pack --silent hls.js@$(HLS_JS_VERSION))" \
	  package/dist/hls.min.js && rm -f *.tgz && touch hls.min.js

# Installs Debian packages that are missing: as root, with sudo, or else says what to run.
define ensure
missing=$$(for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
if [ -n "$$missing" ]; then $(call install,$$missing); fi
endef

define install
if ! command -v apt-get >/dev/null; then \
  echo "Please install with your package manager: "$(1) >&2; exit 1; \
fi; \
if [ "$$(id -u)" = 0 ]; then sudo=; elif command -v sudo >/dev/null; then sudo=sudo; \
else echo "Please run as root: apt-get install "$(1) >&2; exit 1; fi; \
echo "Installing Debian packages: "$(1); \
log=$$(mktemp); \
{ $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
  $$sudo apt-get install -y -qq --no-install-recommends $(1); } >$$log 2>&1 \
  || { cat $$log >&2; exit 1; }
endef
