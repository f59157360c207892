# vaad: words that people and CI use alike. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export CGO_ENABLED ?= 0
GOFLAGS_BUILD := -trimpath -ldflags "-s -w -X main.version=$(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)"
TOOLS := .cache/tools
ROOT ?= run

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

.PHONY: build
build: vaad-usb ## build bin/vaad, bin/vaactl and, where libusb's headers are, bin/vaad-usb
	@.ci/need go
	go build $(GOFLAGS_BUILD) -o bin/ ./cmd/vaad ./cmd/vaactl

# The only program with C. The tags keep the C library's resolver out of it.
.PHONY: vaad-usb
vaad-usb:
	@.ci/need go
	@if command -v $${CC:-gcc} >/dev/null && pkg-config --exists libusb-1.0 2>/dev/null; then \
	  set -x && CGO_ENABLED=1 go build $(GOFLAGS_BUILD) -tags netgo,osusergo -o bin/ ./cmd/vaad-usb; \
	else \
	  echo "bin/vaad-usb loads no firmware: it is built without libusb. For it: apt-get install gcc pkg-config libusb-1.0-0-dev"; \
	  CGO_ENABLED=0 go build $(GOFLAGS_BUILD) -o bin/ ./cmd/vaad-usb; \
	fi

.PHONY: web
web: ## build the console's pages into console/web/dist (needs Node 20.19 and npm)
	@.ci/need node npm
	cd console/web && npm ci --no-fund --no-audit && npm run build

.PHONY: web-check
web-check: ## check the pages, and that console/web/dist is what their sources give (without Node: says so)
	@.ci/web check

.PHONY: test-web
test-web: build ## browser tests of the console (SPECS="wall player": some); pictures of every screen in .cache/ci/screens
	@.ci/web test $(SPECS)

.PHONY: bench-console
bench-console: build ## what the line wall costs with 128 lines on which people speak: daemon and browser (told, not asserted)
	@VAAD_BENCH=1 .ci/web test bench

.PHONY: pictures
pictures: build ## the pictures of the README, from a scene; writes docs/pictures
	@.ci/web pictures

.PHONY: run
run: build ## start the daemon on the simulated board with a scene of callers (ROOT=run)
	bin/vaad run --root $(ROOT)

.PHONY: test
test: ## all tests that need neither root nor other programs (4 to 5 minutes on 2 cores; SKIP="A|B": not those)
	@.ci/need go
	go vet ./...
	go test -timeout 30m -p 3 -parallel 4 $(if $(SKIP),-skip '$(SKIP)') ./e2e ./driver/voicemodem/emulator ./... # the longest first; many wait for real time rather than for a processor

.PHONY: race
race: ## the packages that start goroutines or have locks under the race detector (needs gcc)
	@.ci/need go gcc
	CGO_ENABLED=1 go test -timeout 30m -race -short $$(.ci/racy)

.PHONY: lint
lint: $(TOOLS)/staticcheck ## gofmt, go vet, staticcheck, errcheck, ineffassign
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'gofmt: the files above are not formatted'; exit 1; }
	go vet -tags lab ./...
	$(TOOLS)/staticcheck -tags lab ./...
	$(TOOLS)/errcheck -ignoretests -exclude .ci/errcheck.txt ./...
	$(TOOLS)/ineffassign ./...

$(TOOLS)/staticcheck: .ci/tools/go.mod
	@mkdir -p $(TOOLS)
	cd .ci/tools && go build -o ../../$(TOOLS)/ honnef.co/go/tools/cmd/staticcheck github.com/kisielk/errcheck github.com/gordonklaus/ineffassign ./licences
	@touch $@

.PHONY: licences
licences: build $(TOOLS)/staticcheck ## check the licence of every linked module
	$(TOOLS)/licences bin/vaad bin/vaactl bin/vaad-usb

.PHONY: bench
bench: ## speed of detectors and codecs against spandsp and libgsm, in turns on one core; writes docs/performance.md
	@.ci/need go peers speech
	@mkdir -p .cache/peers
	go test -c -o .cache/peers/peers.test ./dsp/peers
	go test -c -tags purego -o .cache/peers/purego.test ./dsp/peers
	cd dsp/peers && taskset -c $$(($$(nproc) - 1)) ../../.cache/peers/peers.test -test.run TestPerformance -test.v -test.timeout 60m \
	  -performance ../../docs/performance.md -purego ../../.cache/peers/purego.test -commit "$$(../../.ci/commit)"

.PHONY: microbench
microbench: ## benchmarks of the hot paths, in Go alone
	go test -run '^$$' -bench . -benchmem ./driver/... ./channels/... ./recorder/... ./dsp/...

.PHONY: load
load: build ## CPU and memory of the daemon under the three loads the documents quote
	go test ./e2e -run TestLoad -count 1 -v -timeout 30m -args -full

.PHONY: accuracy
accuracy: ## what detectors and codecs reach, and spandsp on the same signals (SEED=0: a fresh set); writes docs/accuracy.md
	.ci/listening accuracy $(SEED)

.PHONY: accuracy-record
accuracy-record: ## how exact recordings and line states are: audio, times, traces
	go test ./e2e -run 'TestAudio|TestTraces|TestClock' -count 1 -v -timeout 30m

.PHONY: stress
stress: build ## everything at once on 2 cores: 128 lines, disk full, kill -9, searches, listeners
	go test ./e2e -run TestStress -count 1 -v -timeout 60m -args -full

.PHONY: prove-record
prove-record: build ## the full proofs of the recorder (PROOFS="KillNine Audio": some); results in docs/proof/record.md
	.ci/prove record $(PROOFS)

.PHONY: prove-taps
prove-taps: build ## the full proofs of the taps: 1,000 mixed calls, a day without a voice, 1,000 utterances; results in docs/proof/taps.md
	.ci/prove taps $(PROOFS)

.PHONY: prove-signalling
prove-signalling: build ## the full proof of spans of ours: 1,000 calls with libpri at the far end, every switch, both sides; results in docs/proof/signalling.md
	.ci/prove signalling $(PROOFS)

.PHONY: generate
generate: ## write the assembly of the kernels below dsp from .ci/asm
	@.ci/need go
	cd .ci/asm && go run .

.PHONY: generate-check
generate-check: ## check that the assembly below dsp is what .ci/asm generates
	@.ci/need go
	cd .ci/asm && go run . -check

.PHONY: prove-listening
prove-listening: ## the full proofs of detectors and codecs: hours of speech, fresh sets, independent generators; results in docs/proof/listening.md
	.ci/listening prove $(SEED)

.PHONY: fuzz
fuzz: ## each decoder of requests is fuzzed (FOR=30 seconds)
	.ci/fuzz $(or $(FOR),30)

.PHONY: twins
twins: ## the plain Go that stands for kernels: tested here, checked for other processors
	@.ci/need go
	go test -tags purego $(addprefix ./,$(dir $(wildcard dsp/kernels_amd64.s dsp/*/kernels_amd64.s)))
	GOARCH=arm64 go vet ./dsp/...

.PHONY: prove-search
prove-search: ## the full proof of the search, a million recordings; results in docs/proof/search.md
	.ci/prove-search

.PHONY: prove-keeping
prove-keeping: ## the full proofs of keeping recordings: ten million searched beside SQLite and PostgreSQL, tampering, restores, a year (PARTS="Search": some); results in docs/proof/keeping.md
	.ci/prove-keeping $(PARTS)

.PHONY: bench-search
bench-search: ## the search beside SQLite and PostgreSQL with the same recordings (ROWS=1000000)
	@.ci/need go sqlite3 psql
	go test ./recorder/index -run PeersFindTheSame -count 1 -v -timeout 4h -args -full -rows $(or $(ROWS),1000000) -asks 20 | grep -v 'plan of'

.PHONY: lab
lab: export COMMAND = $(value RUN)
lab: ## build the lab, a virtual machine with the real DAHDI; RUN="…" runs a command in it (CONF=pri, FILES="bin/vaad")
	@.ci/need lab
	@lab/build --fakecard
	@[ -z "$$COMMAND" ] || lab/run $(addprefix -conf ,$(CONF)) -- $(FILES) -- "$$COMMAND"

.PHONY: test-dahdi
test-dahdi: build ## the driver and the daemon on the real DAHDI, in virtual time
	@.ci/need go lab
	@lab/test $(PACKAGES)

.PHONY: prove-dahdi
prove-dahdi: build ## the full proofs on the real DAHDI: 128 lines for 5 minutes, 10,000 frames, every state of a card (PARTS="Driver": some); results in docs/proof/dahdi.md
	.ci/prove-dahdi $(PARTS)

.PHONY: prompts
prompts: ## let a speech engine speak the set of prompts into prompts/; only what has changed in the scripts
	@.ci/need go
	go run ./calls/prompt/make -to prompts

.PHONY: deb
deb: ## build the Debian package in .cache/deb (ARCH=amd64|arm64; VERSION=1.2.3: a trial of that name)
	@.ci/deb build $(or $(ARCH),amd64)

.PHONY: test-appliance
test-appliance: ## the package on a fresh Debian 12 with systemd, booted in QEMU (PROOFS="boots upgrade": some; -reduced)
	@.ci/need go lab mmdebstrap mkfs.ext4 dpkg-deb lintian curl
	@lab/appliance/test $(PROOFS)

.PHONY: prove-appliance
prove-appliance: build ## the full proofs of the appliance: install, watchdog, kill -9, upgrade, roll back, power cut, soak (PROOFS="boots Soak": some); results in docs/proof/appliance.md
	.ci/prove-appliance $(PROOFS)

.PHONY: deb-check
deb-check: ## build the package twice, compare, ask lintian
	@.ci/deb check

.PHONY: openapi
openapi: ## write docs/openapi.yaml from the API's types
	go test ./console -run OpenAPI -update

.PHONY: clean
clean: ## remove what was built
	rm -rf bin .cache
