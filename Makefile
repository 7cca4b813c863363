# Everything a developer or CI runs. Each target first makes what it needs; a second run is quick.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
VENDOR := dashboards/static/vendor
CATALOGUES := dashboards/translations
FRONT_END := $(VENDOR)/.installed

.PHONY: fuzz soak install wheel demo test check format bench screenshots translations reference lock clean

install: $(INSTALLED) $(FRONT_END)

# Installing compiles the translations too (hatch_build.py).
$(INSTALLED): requirements/dev.txt pyproject.toml hatch_build.py $(wildcard $(CATALOGUES)/*/LC_MESSAGES/*.po)
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Laddvakt needs Python 3.11 or later; name one with: make PYTHON=python3.12 install")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(FRONT_END): package-lock.json
	npm ci --silent --ignore-scripts
	mkdir -p $(VENDOR)
	cp node_modules/htmx.org/dist/htmx.min.js node_modules/uplot/dist/uPlot.iife.min.js node_modules/uplot/dist/uPlot.min.css $(VENDOR)/
	touch $@

# The same as docker/Dockerfile does; docs/install.md says what to do with it.
wheel: install
	$(BIN)/python -m hatchling build -t wheel -d dist

demo: install
	$(BIN)/laddvakt demo $(DEMO)

# Three workers on two cores: many tests wait for a process or a browser.
test: install
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

# The parsers over damaged inputs, each test over N of them; as many hours as N asks for.
N ?= 1000000
fuzz: install
	FUZZ_EXAMPLES=$(N) $(BIN)/pytest tests/fuzz -n 3 --timeout 0

# A service for hours, with planted faults; apart from the suite.
SECONDS ?= 7200
CONNECTORS ?= 10000
soak: install
	SOAK_SECONDS=$(SECONDS) SOAK_CONNECTORS=$(CONNECTORS) $(BIN)/python -m tests.soak.soak

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/laddvakt check rules
	$(BIN)/bandit --quiet --recursive --severity-level medium --configfile pyproject.toml monitor dashboards
	$(BIN)/pip-audit --requirement requirements/run.txt --require-hashes --disable-pip --progress-spinner off

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install
	for script in tests/benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

screenshots: install
	LADDVAKT_TEST_SCREENSHOTS=docs/screenshots $(BIN)/pytest tests/browser/test_demo.py

# What the documentation has from the code; tests compare them.
reference: install
	$(BIN)/laddvakt rules reference > docs/rule-reference.md
	$(BIN)/laddvakt config reference > docs/configuration.md

# After a text of a page was changed: then fill in what is empty in the catalogues, and `make install`.
translations: install
	$(BIN)/pybabel --quiet extract -F pyproject.toml -k _l -k InputError -k Conflict --no-location --sort-by-file --width=120 --project=Laddvakt --version=pages -o .venv/messages.pot .
	$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=120 -i .venv/messages.pot -d $(CATALOGUES)

# Needs uv on PATH. Lock files carry versions and hashes, no addresses.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet pyproject.toml -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet pyproject.toml --group dev -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --group build -o requirements/build.txt

clean:
	rm -rf .venv node_modules $(VENDOR) $(CATALOGUES)/*/LC_MESSAGES/*.mo dist
