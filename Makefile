# Each line is a tool's own command. `make demo` shows kevy, `make test` runs everything, `make bench` measures.

PREFIX ?= /usr/local
VENV := .venv
PYTHON := $(VENV)/bin/python
NODE := node
TARGET := $(or $(CARGO_TARGET_DIR),target)
# Of cargo; what is installed or measured is optimised further.
PROFILE := release
bench install: PROFILE := dist
BUILT = $(TARGET)/$(PROFILE)
CC ?= cc
CFLAGS ?= -O2 -Wall -Wextra -Werror -std=c11

.PHONY: build lib python node demo test test-rust test-c test-python test-node test-conformance test-recovery \
	test-replication test-applications test-instructions test-examples fuzz fuzz-corpus bench lint packages header reference install clean

build: lib python node

lib:
	cargo build --profile $(PROFILE) -p kevy-core -p kevy-ffi --bin kevy --lib

$(PYTHON):
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --upgrade pip

python: $(PYTHON)
	MATURIN_PEP517_ARGS='--profile $(PROFILE)' $(VENV)/bin/pip install --quiet './bindings/python[test]'

node:
	cd bindings/node && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm run --silent build -- --profile $(PROFILE)

$(TARGET)/demo/tail: examples/demo/tail.c lib
	mkdir -p $(TARGET)/demo
	$(CC) $(CFLAGS) -Iinclude $< -o $@ $(BUILT)/libkevy.a -lpthread -ldl -lm

demo: build $(TARGET)/demo/tail
	$(PYTHON) examples/demo/demo.py --c $(TARGET)/demo/tail --node $(NODE)

packages:
	.ci/packages

test: packages build test-rust test-c test-python test-node test-conformance test-recovery test-replication \
	test-applications test-instructions test-examples fuzz

# As what is shipped is built, from one compilation of the core; `cargo test` alone also checks for overflow.
test-rust:
	cargo test --profile $(PROFILE) --workspace --exclude kevy-ffi --exclude kevy-python --exclude kevy-node

# Header, layout and symbols; the C tests as they are, under AddressSanitizer and under valgrind; the library as
# `make install` puts it; the C and C++ examples.
test-c:
	cargo test --profile $(PROFILE) -p kevy-ffi

# Writes docs/commands.md anew.
reference: lib python
	cd tests && KEVY_SERVER=$(abspath $(BUILT))/kevy $(abspath $(PYTHON)) -m conformance.reference_page

# Writes include/kevy.h and the list of exported symbols anew.
header:
	KEVY_WRITE_HEADER=1 cargo test -p kevy-ffi --lib header
	KEVY_WRITE_HEADER=1 cargo test -p kevy-ffi --test interface exported_symbols

test-python: python
	$(PYTHON) -m pytest bindings/python/tests -q

test-node: node
	cd bindings/node && npm test

test-conformance: lib python
	KEVY_SERVER=$(abspath $(BUILT))/kevy $(PYTHON) -m pytest tests/conformance -q

test-recovery: lib $(PYTHON)
	KEVY_SERVER=$(abspath $(BUILT))/kevy $(PYTHON) -m pytest tests/recovery -q

test-replication: lib $(PYTHON)
	KEVY_SERVER=$(abspath $(BUILT))/kevy $(PYTHON) -m pytest tests/replication -q

# In an environment of their own: redis-py takes what it finds installed for its parser.
test-applications: lib
	python3 -m venv $(VENV)/applications
	$(VENV)/applications/bin/pip install --quiet -r tests/applications/requirements.txt
	cd tests/applications/node && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	KEVY_SERVER=$(abspath $(BUILT))/kevy $(VENV)/applications/bin/python -m pytest tests/applications -q

test-instructions: lib $(PYTHON)
	KEVY_SERVER=$(abspath $(BUILT))/kevy $(PYTHON) -m pytest tests/instructions -q

test-examples: build $(TARGET)/demo/tail
	KEVY_SERVER=$(abspath $(BUILT))/kevy $(PYTHON) -m pytest tests/examples -q
	$(PYTHON) examples/demo/demo.py --c $(TARGET)/demo/tail --node $(NODE) --seconds 2

# Every fuzz target for a while, two at a time, from the kept corpus; what ends one is left in tests/fuzz/artifacts.
FUZZ_SECONDS ?= 15
FUZZ_TARGETS := commands log aof dump rdb requests replies primary
FUZZ := tests/fuzz/run $(abspath $(TARGET))/release

fuzz: lib
	cd tests/fuzz && cargo build --release --target-dir $(abspath $(TARGET))
	printf '%s\n' $(FUZZ_TARGETS) | xargs -P 2 -I {} $(FUZZ) {} $(FUZZ_SECONDS)

# Writes the kept corpus anew: fresh seeds and what `make fuzz` has found, as far as it reaches something of its own.
fuzz-corpus: fuzz
	cd tests && KEVY_SERVER=$(abspath $(BUILT))/kevy $(abspath $(PYTHON)) fuzz/seeds.py
	printf '%s\n' $(FUZZ_TARGETS) | xargs -P 2 -I {} $(FUZZ) {} merge

bench: lib python node
	cargo bench --no-run -p kevy-core --bench load --bench pauses
	$(PYTHON) -m pip install --quiet 'matplotlib>=3.10' 'lmdb>=1.7'
	cd bindings/node && npm install --no-save --no-audit --no-fund --loglevel=error lmdb@3.5.6
	$(PYTHON) kevy-core/benches/report.py --target $(TARGET) --python $(PYTHON) --node $(NODE)

lint:
	cargo fmt --check
	cargo clippy --workspace --all-targets -- -D warnings

install: lib
	kevy-ffi/install $(BUILT) $(PREFIX)

clean:
	cargo clean
	rm -rf $(VENV) bindings/node/node_modules
