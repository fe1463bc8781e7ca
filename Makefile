# `make help` lists the targets.
SWIFT ?= swift
# C kernels are optimised in debug builds, too: the tests run 14 times faster.
TEST_FLAGS ?= -Xcc -O2
DEMO_FLAGS ?=
BENCH_FLAGS ?=
# `make test FILTER=GradTests` runs some of the Swift tests.
FILTER ?=

SOURCES := $(wildcard Sources Tests Benchmarks Examples Package.swift)

.DEFAULT_GOAL := help
.PHONY: help setup demo test docs check-c bench lint format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install BLAS and LAPACK if they are missing (as root or with sudo)
	@Scripts/setup.sh

demo: setup ## build the program and train a net; DEMO_FLAGS="--epochs 5" are its arguments
	@echo "demo: building for release"
	@$(SWIFT) build -c release --product adjoint
	@echo "demo: adjoint train $(DEMO_FLAGS)"
	@"$$($(SWIFT) build -c release --show-bin-path)/adjoint" train $(DEMO_FLAGS)

test: check-c ## check the C code, then run every Swift test; FILTER=name runs some
	@echo "test: swift test"
	@$(SWIFT) test $(TEST_FLAGS) $(if $(FILTER),--filter "$(FILTER)")

docs: setup ## print Operators.md and Conventions.md from what the catalogue's checks say
	@ADJOINT_WRITE_DOCUMENTS=1 $(SWIFT) test $(TEST_FLAGS) --filter "OperatorsDocument|ConventionsDocument"

check-c: setup ## check the C kernels and the BLAS that is installed
	@echo "test: C kernels"
	@Scripts/check-kernels.sh
	@echo "test: BLAS"
	@Scripts/check-cblas.sh

bench: setup ## run the benchmarks; BENCH_FLAGS are their arguments
	@$(SWIFT) run -c release --package-path Benchmarks workloads $(BENCH_FLAGS)

lint: ## check the style of the Swift sources
	@echo "lint: swift format lint $(SOURCES)"
	@$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)

format: ## put the Swift sources in the project's style
	@$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

clean: ## remove what was built
	@rm -rf .build Benchmarks/.build
