# make run    open the app
# make check  linters and types
# make test   everything
# Each is enough by itself on a fresh Debian or macOS, in any order, any number of times.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
APT := $(shell command -v apt-get)
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
APT_INSTALL = $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends

.PHONY: run check test data browser clean

run: $(VENV)/runtime data
	$(BIN)/streamlit run streamlit_app.py

check: $(VENV)/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: $(VENV)/development data browser
	$(BIN)/python -m pytest

# The app and the core work on a sample without the data, so a failure here is told and not fatal.
data: $(VENV)/runtime
	@$(BIN)/python -m siamese_core data \
	  || { [ -n "$(APT)" ] && echo "Trying Debian's package instead" && $(APT_INSTALL) dataset-fashion-mnist \
	       && $(BIN)/python -m siamese_core data; } \
	  || echo "Going on with the sample of 1,000 images."

browser: $(VENV)/development
	@command -v chromium > /dev/null \
	  || { [ -n "$(APT)" ] && $(APT_INSTALL) chromium fonts-dejavu-core; } \
	  || $(BIN)/playwright install chromium

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV) 2> /dev/null \
	  || { rm -rf $(VENV); [ -n "$(APT)" ] && $(APT_INSTALL) python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/runtime: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/development: requirements-dev.txt $(VENV)/runtime
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis test-results
