# make run    serve the app at http://localhost:8501
# make check  linters and types
# make test   everything
# make audit  known weaknesses of our code and of what it stands on
# make lock   both locks and docs/licences.md anew
# Each is enough by itself on a fresh Debian or macOS, in any order, any number of times.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AUDIT := .venv-audit
APT := $(shell command -v apt-get)
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
APT_INSTALL = $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends

.PHONY: run check test data browser lock audit clean

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

# Every wheel of every platform by its hash, so that what is deployed is what was tested.
lock: $(AUDIT)/ready $(VENV)/runtime
	$(AUDIT)/bin/uv pip compile requirements.txt --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" --output-file requirements.lock
	$(AUDIT)/bin/uv pip compile requirements-serve.txt --quiet --universal --python-version 3.11 --generate-hashes \
	  --constraint requirements.lock --no-annotate \
	  --no-emit-index-url --custom-compile-command "make lock" --output-file requirements-serve.lock
	$(BIN)/python tools/licences.py

# The second asks an advisory service, which must be within reach.
audit: $(AUDIT)/ready
	$(AUDIT)/bin/bandit --quiet --configfile pyproject.toml --recursive siamese_core app tools streamlit_app.py
	$(AUDIT)/bin/pip-audit --requirement requirements.lock --require-hashes --disable-pip

$(AUDIT)/ready: requirements-audit.txt
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet -r requirements-audit.txt
	@touch $@

clean:
	rm -rf $(VENV) $(AUDIT) .pytest_cache .ruff_cache .mypy_cache .hypothesis test-results
