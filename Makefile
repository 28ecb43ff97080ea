# Two commands on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080

.PHONY: demo test soak bench pictures format lock clean

demo: $(VENV)/demo.stamp
	@$(BIN)/python -m bot demo --port $(PORT)

test: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 4 --dist loadgroup -m "not soak"

soak: $(VENV)/test.stamp
	$(BIN)/pytest -m soak -s --timeout 3600

# Speed, beside what one would write first; SIZES=10000,100000,1000000 takes some minutes.
SIZES ?= 10000,100000
MEMBERS ?= 1000,10000,100000
bench: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks.search --sizes $(SIZES)
	$(BIN)/python -m benchmarks.digests --members $(MEMBERS)
	$(BIN)/python -m benchmarks

# The README's pictures; needs Chromium.
pictures: $(VENV)/test.stamp
	PYTHONPATH=. $(BIN)/python tests/pictures.py

format: $(VENV)/test.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Telegram's own text parser is used where it installs; elsewhere the sandbox has a fallback.
$(VENV)/demo.stamp: requirements.lock requirements-sandbox.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the requirements (first run only) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-sandbox.lock \
		|| echo "Telegram's parser does not install here; using the fallback."
	@touch $@

$(VENV)/test.stamp: requirements-test.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

# After a change in pyproject.toml: pin everything again (needs uv). Both pin the same versions of what they share.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate
lock:
	$(LOCK) pyproject.toml --group test -o requirements-test.lock
	$(LOCK) pyproject.toml --constraint requirements-test.lock -o requirements.lock
	echo "tdjson==1.8.64.post1" | $(LOCK) - -o requirements-sandbox.lock

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
