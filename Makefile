# SPDX-License-Identifier: Apache-2.0
# One page over Meson: `make` builds build/burnish; `make help` lists the rest.
NINJA := $(shell command -v ninja 2>/dev/null || echo ninja)
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: all help setup lists demo demo-ratings demo-table demo-text notebook test check tsan fuzz soak analyse reliability practices bench sizes layers wheel install clean
all: build/burnish

help:
	@echo 'make            build build/burnish (sets up first)'
	@echo 'make demo       set up, build, train a classifier on pictures of Fashion-MNIST, print its accuracy'
	@echo 'make demo-text  a language model of novels, then a classifier of film reviews on it'
	@echo 'make demo-ratings  learn from 100,000 ratings of films, print how well, recommend some'
	@echo 'make demo-table  learn the prices of houses from a table, print how far off it is'
	@echo 'make notebook   set up, build, fetch the data, open examples/notebooks in Jupyter (NOTEBOOK_ARGS="--no-browser")'
	@echo 'make test       set up, build, run every test'
	@echo 'make check      the tests under the address and undefined-behaviour sanitizers'
	@echo 'make tsan       what runs in threads, under the thread sanitizer'
	@echo 'make fuzz       random inputs for all that reads files (FUZZ_RUNS=1, in millions, or FUZZ_SECONDS= each)'
	@echo 'make soak       the long tests, for hours (SOAK="NAME..." picks from tests/soak)'
	@echo 'make analyse    static analysis: gcc -fanalyzer, cppcheck, clang-tidy'
	@echo 'make bench      compare with peers (installed into build/peers), write docs/benchmarks.md (BENCH="[--quick] [ROW]...")'
	@echo 'make practices  measure what each practice is worth (needs BURNISH_DATA; PRACTICES="NAME..." SEEDS=5 THREADS=1)'
	@echo 'make sizes      the longest files and functions'
	@echo 'make wheel      the Python package as a wheel in build/dist, complete and checked'
	@echo 'make install    PREFIX=/usr/local, DESTDIR='
	@echo 'make clean      remove the build folder'

setup:
	@tools/bootstrap build

# Lists of sources, rewritten only when they change, so that Meson reconfigures only then.
lists:
	@tools/list_sources

build/meson/build.ninja: | setup lists
	@mkdir -p build
	@meson setup build/meson --prefix=$(PREFIX) >build/meson-setup.log 2>&1 || (cat build/meson-setup.log; exit 1)

build/burnish: build/meson/build.ninja FORCE | lists
	@$(NINJA) -C build/meson --quiet
	@ln -sf meson/burnish build/burnish

demo: build/burnish
	@tools/demo

demo-ratings: build/burnish
	@tools/demo_ratings

demo-table: build/burnish
	@tools/demo_table

demo-text: build/burnish
	@tools/demo_text

notebook: build/burnish
	@tools/notebook $(NOTEBOOK_ARGS)

test: build/burnish
	@-tools/bootstrap test
	@-tools/bootstrap notebook
	@-tools/demo_data pictures table ratings texts
	@tools/test build/meson

check: setup lists
	@test -f build/check/build.ninja || meson setup build/check -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized -Doptimization=1 >build/meson-check.log 2>&1 || (cat build/meson-check.log; exit 1)
	@$(NINJA) -C build/check --quiet
	@ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 LSAN_OPTIONS=suppressions=tools/leaks.txt tools/test build/check '$(CHECK_FILTER)'

# What runs in threads, under the thread sanitizer. libgomp and oneDNN are not built for it, so each handle
# computes in one thread.
tsan: setup lists
	@test -f build/tsan/build.ninja || meson setup build/tsan -Db_sanitize=thread -Db_lundef=false -Dbuildtype=debugoptimized -Doptimization=1 >build/meson-tsan.log 2>&1 || (cat build/meson-tsan.log; exit 1)
	@$(NINJA) -C build/tsan --quiet burnish-test
	@tools/test_threads build/tsan

fuzz: setup
	@-tools/bootstrap fuzz
	@tools/fuzz

soak: build/burnish
	@-tools/bootstrap fuzz
	@tools/soak build/meson $(SOAK)

# gcc -fanalyzer, cppcheck and clang-tidy.
analyse: setup
	@tools/bootstrap analyse
	@tools/analyse

# docs/reliability.md from the figures that tests and soak runs have left in build/reliability.
reliability:
	@tools/reliability

# docs/practices.md from runs on real pictures, kept in build/practices.
SEEDS ?= 5
THREADS ?= 1
practices: build/burnish
	@tools/practices --seeds $(SEEDS) --threads $(THREADS) $(PRACTICES)

bench: build/burnish
	@bench/run $(BENCH)

sizes:
	@tools/sizes

layers:
	@tools/check_layers

# For CPython 3.11 and later, with the libraries that it needs: build/dist/burnish-*-manylinux*.whl.
wheel: build/burnish
	@tools/bootstrap wheel
	@tools/wheel

install: build/burnish
	@meson configure build/meson --prefix=$(PREFIX) >/dev/null
	@DESTDIR=$(DESTDIR) meson install -C build/meson --quiet

clean:
	rm -rf build

FORCE:
