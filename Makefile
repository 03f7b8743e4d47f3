# The gate runs on this version of the compiler; there a warning is an error. On others it is only printed.
export ACT_STRICT := $(if $(findstring Swift version 6.3,$(shell swift --version 2>/dev/null)),1,0)

PREFIX ?= /usr/local
export DESTDIR

.PHONY: help demo test lint format snapshots docs install uninstall clean

help:
	@echo "make demo       steer a small real model: fit, compile, generate, measure"
	@echo "make test       the gate: lint, warnings, tests, documents"
	@echo "make lint       its first step alone"
	@echo "make format     mend what lint finds, where tools can"
	@echo "make snapshots  record help, completions and manual pages anew"
	@echo "make docs       the documentation of the public modules, as a site in .build/docs"
	@echo "make install    the tools, completions and manual pages; PREFIX=$(PREFIX)"
	@echo "make uninstall  remove them"
	@echo "make clean      remove what was built"

demo:
	@Scripts/demo.sh

test:
	@Scripts/install-dependencies.sh --gate
	@Scripts/check.sh

lint:
	@Scripts/lint.sh

format:
	@Scripts/lint.sh --fix

snapshots:
	@swift build -c release --build-tests
	@ACT_RECORD_SNAPSHOTS=1 swift test -c release --skip-build --filter 'CommandLineTests.SnapshotTests'

docs:
	@Scripts/make-documents.sh

install:
	@Scripts/install.sh "$(PREFIX)"

uninstall:
	@Scripts/install.sh --remove "$(PREFIX)"

clean:
	rm -rf .build .build-install .cache
