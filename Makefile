# Each target does its own set-up. Everything is built in one profile (release), so that RocksDB is
# compiled once: 10 to 20 minutes the first time, never again. The target folder stays outside the
# clone and is shared by clones and worktrees.

SHELL := bash
.DEFAULT_GOAL := help

CACHE_HOME := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)
export CARGO_TARGET_DIR ?= $(CACHE_HOME)/tallyhouse/target
# RUSTFLAGS would override .cargo/config.toml, and other flags mean another build of RocksDB.
unexport RUSTFLAGS CARGO_ENCODED_RUSTFLAGS

HOST = $(shell rustc -vV | sed -n 's/^host: //p')

# Arguments for the demo (`make demo ARGS=--keep`) or a filter for the tests
# (`make test ARGS=burn_is_rejected`).
ARGS ?=

.PHONY: help
help: ## show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install the system packages that are missing
	@.ci/setup

.PHONY: demo
demo: setup ## run a small coalition on a week of purchases (ARGS=--keep: leave it running)
	cargo build --release --locked --bins
	@$(CARGO_TARGET_DIR)/release/tallyhouse demo $(ARGS)

.PHONY: test
test: setup ## run every test (ARGS=name: only those)
	@.ci/python
	cargo test --release --locked -- --quiet $(ARGS)

.PHONY: conformance
conformance: setup ## have real windows read by programs that others wrote
	@.ci/conformance

.PHONY: fmt
fmt: ## format the sources
	cargo fmt

.PHONY: lint
lint: setup ## check the format and run clippy, warnings denied
	cargo fmt --check
	cargo clippy --release --locked --all-targets -- -D warnings
	cargo clippy --release --locked --no-default-features --lib --bins -- -D warnings

.PHONY: doc
doc: setup ## build the documentation of the code, warnings denied
	RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps --document-private-items

.PHONY: bench
bench: setup ## run the benches; each prints achieved, limit and ratio
	cargo bench --locked

.PHONY: verify
verify: ## build tallyhouse-verify alone, in one static file: no C++, no network, no runtime
	cargo build --release --locked --no-default-features --bin tallyhouse-verify \
	    --target $(HOST) --config 'target.$(HOST).rustflags=["-C", "target-feature=+crt-static"]'
	@echo "$(CARGO_TARGET_DIR)/$(HOST)/release/tallyhouse-verify"
