# Two commands are enough: make run, make test.
PYTHON ?= python3
BIN := .venv/bin
export PORT RASA_PORT
.PHONY: run test check lint types audit catalogues nlu-test bench bench-console chaos fuzz several fallback clean

run: ## set up everything and start the hotline with its simulator
	@$(PYTHON) deploy/run_local.py

fallback: ## the small program behind Twilio's fallback URLs (docs/operations.md)
	@$(BIN)/python -m gunicorn --config deploy/fallback/gunicorn.conf.py fallback:app

test: .venv/tests model ## run all tests
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile
	@cd nlu_data && .venv/bin/python -m pytest -q tests

# Where there are two cores, SIDE_BY_SIDE="--jobs=2 --output-sync=target model" trains the model, for minutes, beside all the rest.
check: .venv/tests ## everything a change must pass
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) lint types audit catalogues model
	@$(MAKE) --no-print-directory test

lint: .venv/tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/tests
	@$(BIN)/mypy

audit: .venv/tests ## known weaknesses of our code and of the libraries (docs/security.md)
	@$(BIN)/python deploy/audit.py

catalogues: .venv/tests ## texts, flows and answers hang together
	@FLASK_APP=app $(BIN)/flask texts compile
	@FLASK_APP=app $(BIN)/flask flows check
	@FLASK_APP=app $(BIN)/flask content check

nlu-test: model ## measure understanding and write docs/understanding.md
	@cd nlu_data && .venv/bin/python check_data.py
	@cd nlu_data && .venv/bin/python evaluate.py

bench: .venv/tests model ## speed and memory beside the plain connector, one table
	@$(BIN)/python bench/turns.py
	@$(BIN)/python bench/delivery.py
	@$(BIN)/python bench/calls.py

bench-console: .venv/tests ## 200 open conversations, 20 counsellors, 10 texts a second: how fast the console is, one table
	@$(BIN)/python bench/console.py

chaos: .venv/tests model ## kill everything at random while people write and call: nothing lost, nothing twice; one table
	@$(BIN)/python bench/chaos.py

fuzz: .venv/tests ## 20,000 made-up requests and 5,000 inputs: no 500, no traceback, no broken state; on PostgreSQL too with TEST_POSTGRES_URL
	@FUZZ_REQUESTS=20000 FUZZ_INPUTS=5000 $(BIN)/python -m pytest tests/security/test_fuzz.py tests/fallback/test_made_up.py -q -p no:randomly

several: .venv/tests ## two of everything, for minutes: rolling restarts and model swaps while people write; needs PostgreSQL and Redis
	@SEVERAL_SECONDS=120 $(BIN)/python -m pytest tests/web/test_several.py -q -p no:randomly

.venv/tests:
	@$(PYTHON) deploy/environments.py --with-tests

.PHONY: .venv/tests model
model: .venv/tests
	@$(PYTHON) deploy/environments.py --with-tests --with-rasa
	@cd nlu_data && .venv/bin/python train.py

clean: ## remove what can be made again; the data in var/ stays
	rm -rf .venv nlu_data/.venv nlu_data/models .mypy_cache .ruff_cache .pytest_cache .hypothesis
