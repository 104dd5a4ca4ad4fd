# Every target works from any folder: make -C path/to/keyturn demo

BIN := .venv/bin
READY := .venv/.installed
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	--python $(BIN)/python --extra server --group dev pyproject.toml

.PHONY: help demo up test check docs fix bench soak sdk migration lock lock-is-current browser

help: ## List what make can do
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 20

demo: $(READY) ## Run everything with practice AWS, begun anew; PORT=9000 picks the port
	@exec $(BIN)/keyturn demo

up: $(READY) ## Run everything against real AWS; data is kept in instance/
	@exec $(BIN)/keyturn up

# Its many processes import the same files: without bytecode each would compile them anew.
test: export PYTHONDONTWRITEBYTECODE =
test: $(READY) browser .sdk/.installed ## Run every test, the browser's and those of AWS SDKs included
	@$(BIN)/pytest -n logical --maxprocesses 4
	@$(MAKE) --no-print-directory sdk

check: $(READY) lock-is-current ## Check style, types, layers, the lock file, templates and the migration
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint --quiet --check templates
	@$(BIN)/djlint --quiet --lint templates
	@$(BIN)/python -m migrations.is_complete

docs: $(READY) ## Write the pages of docs/ that come from the code
	@$(BIN)/python -m docs.generate

fix: $(READY) ## Mend what can be mended by itself: lint, format, templates
	@$(BIN)/ruff check --fix --exit-zero
	@$(BIN)/ruff format
	@$(BIN)/djlint --quiet --reformat templates || true

bench: $(READY) ## Measure Keyturn against a bare baseline
	@$(BIN)/python -m bench

# By themselves: 50 programs are beside Keyturn's own processes.
sdk: .sdk/.installed ## Run AWS SDKs through rotations, in each way to get credentials: SDK_ROTATIONS=20
	@$(BIN)/pytest -n 0 tests/sdk/through_rotations.py

soak: .sdk/.installed ## Attack real processes at random: ROTATIONS=300 SEED=1 DATABASE=sqlite or postgresql
	@$(BIN)/python -m soak

migration: $(READY) ## Write the migration for changed models: make migration m="add tokens"
	@$(BIN)/python -m migrations.new_revision "$(or $(m),$(error say what it does: make migration m="add tokens"))"

lock: $(READY) ## Bring requirements.lock up to date with pyproject.toml
	@$(COMPILE) --output-file requirements.lock

# The lock itself is the preference, so that a new release elsewhere changes nothing here.
lock-is-current: $(READY)
	@cp requirements.lock .venv/compiled.lock
	@$(COMPILE) --output-file .venv/compiled.lock
	@diff -u requirements.lock .venv/compiled.lock || { echo "requirements.lock is stale: make lock"; exit 1; }

browser: $(READY)
	@$(BIN)/python tests/browser/find_browser.py

.sdk/.installed: $(READY) tests/sdk/requirements.txt tests/sdk/package-lock.json tests/sdk/install tests/sdk/programs/go.go
	@tests/sdk/install

$(READY): requirements.lock pyproject.toml .ci/install
	@.ci/install
