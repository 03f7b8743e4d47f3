# The gate runs on this version of the compiler; there a warning is an error. On others it is only printed.
export ACT_STRICT := $(if $(findstring Swift version 6.3,$(shell swift --version 2>/dev/null)),1,0)

.PHONY: help demo test clean

help:
	@echo "make demo   steer a small real model: fit, compile, generate, measure"
	@echo "make test   the gate: format, warnings, tests, documents"
	@echo "make clean  remove what was built"

demo:
	@Scripts/demo.sh

test:
	@Scripts/install-dependencies.sh
	@Scripts/check.sh

clean:
	rm -rf .build .cache
