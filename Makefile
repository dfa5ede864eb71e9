# Every command of the project. `make demo` and `make test` need nothing beforehand but Python 3.11, Node 20 and make.
.PHONY: help evaluate demo up down test test-contracts test-forge test-python fuzz prove slither bench-gas checkpoint checkpoint-all sheet heldout figures dicebear gaming bench-attribution bench-model bench-watermark bench-copies bench-adapters install compile clean

PY := .venv/bin/python
ANVIL_DIR := $(CURDIR)/node_modules/@foundry-rs/anvil-linux-amd64/bin
FORGE := $(CURDIR)/node_modules/@foundry-rs/forge-linux-amd64/bin/forge
export SOLCX_BINARY_PATH := $(CURDIR)/.solcx
export PATH := $(ANVIL_DIR):$(PATH)
export PYTHONUNBUFFERED := 1
export OMP_WAIT_POLICY := PASSIVE

help:           ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/'

demo: compile   ## real works from wallets to money: writes demo-out/report.html (WORKS=manifest.jsonl for another set)
	$(PY) -m backend.cli demo $(if $(WORKS),--works "$(WORKS)")

up: compile     ## start chain, IPFS node, API, indexer and worker, leave them running, print where
	$(PY) -m backend.cli up

down:           ## stop what `make up` started
	$(PY) -m backend.cli down

test: test-contracts test-forge test-python   ## everything, with own services

test-contracts: compile   ## contracts, on an own development chain
	$(PY) -m pytest -q tests/contracts

test-forge: install       ## contracts by forge: properties, and a few thousand random calls of everybody
	$(PY) tools/fuzz.py --forge "$(FORGE)"

fuzz: install   ## as test-forge, with more than 1,000,000 random calls (a quarter of an hour)
	$(PY) tools/fuzz.py --forge "$(FORGE)" --profile long --at-least 1000000

test-python: compile      ## backend, model and the whole path end to end
	$(PY) -m pytest -q -p no:pytest-brownie tests/test_docs.py tests/test_natspec.py tests/model tests/backend tests/e2e

prove: install     ## that the split of a sale and of allocations conserves and never rounds up, for all inputs
	@sh tools/venv.sh halmos >/dev/null
	.tools/halmos/bin/python tools/prove.py --forge "$(FORGE)"

slither: install   ## patterns of mistakes in the contracts, against docs/security.md; conformance of the tokens
	$(PY) tools/slither.py --forge "$(FORGE)"

bench-gas: compile   ## what transactions cost with 10, 1,000 and 10,000 holders: benchmarks/results/gas.json, docs/benchmarks.md
	$(PY) -m benchmarks.gas

dicebear: install   ## attribution where the right answer is known: how often each peer ranks the right artist first
	$(PY) tools/dicebear_manifest.py .meltingpot/dicebear --per-style 32
	OMP_NUM_THREADS=1 $(PY) -m model.evaluation.dicebear --manifest .meltingpot/dicebear/MANIFEST.jsonl --out .meltingpot/dicebear/run

gaming: install   ## does it pay to cheat: attacks on attribution (minutes on 2 cores): benchmarks/results/gaming.json, docs/benchmarks.md
	$(PY) tools/openmoji_manifest.py .meltingpot/openmoji-all --all
	OMP_NUM_THREADS=1 $(PY) -m model.evaluation.gaming_page --manifest .meltingpot/openmoji-all/MANIFEST.jsonl \
		--json benchmarks/results/gaming.json --page docs/benchmarks.md

bench-model: install ## how fast the model trains and draws here: benchmarks/results/model_speed.json, docs/benchmarks.md
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.model_speed

bench-attribution: install   ## what attribution costs beside a generation: benchmarks/results/attribution_speed.json, docs/benchmarks.md
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.attribution_speed

bench-watermark: install   ## what the watermark of pictures survives: benchmarks/results/watermark.json, docs/benchmarks.md
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.watermark

evaluate: install   ## how faithful attribution and contributions are, ours and every peer: half an hour on 2 cores
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.evaluate --anew
bench-copies: install   ## near-copies: how many are found among a million works, how many works are wrongly merged, how fast
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.near_copies

bench-adapters: install ## what sums of artists' adapters lose against joint training: benchmarks/results/adapters.json, docs/benchmarks.md
	$(PY) tools/openmoji_manifest.py .meltingpot/openmoji
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.adapters --manifest .meltingpot/openmoji/MANIFEST.jsonl

checkpoint: install   ## train the shipped checkpoint anew (hours on 2 cores; goes on where it was stopped)
	$(PY) tools/openmoji_manifest.py .meltingpot/openmoji
	OMP_NUM_THREADS=1 $(PY) -m model.train --manifest .meltingpot/openmoji/MANIFEST.jsonl \
		--out .meltingpot/checkpoints/openmoji-64 --steps 5400 --exclude-artist "Kai Wanschura"

checkpoint-all: install   ## go on from it with all of OpenMoji (hours on 2 cores; goes on where it was stopped)
	$(PY) tools/openmoji_manifest.py .meltingpot/openmoji-all --all
	OMP_NUM_THREADS=1 $(PY) -m model.train --manifest .meltingpot/openmoji-all/MANIFEST.jsonl \
		--out .meltingpot/checkpoints/openmoji-64-all --start model/checkpoints/openmoji-64 --steps 20000 \
		--exclude-artist "Kai Wanschura" --set continued_rate=1 --set continued_ema_decay=0.999

CHECKPOINT := model/checkpoints/openmoji-64
sheet: install   ## 48 fixed prompts from a checkpoint (CHECKPOINT=DIR): docs/images/sheet.png
	$(PY) -m model.evaluation.sheet $(CHECKPOINT) docs/images/sheet.png

figures: install   ## how good a checkpoint is, in figures: benchmarks/results/figures.json, docs/benchmarks.md
	$(PY) tools/openmoji_manifest.py .meltingpot/openmoji
	$(PY) -m model.evaluation.figures --checkpoint $(CHECKPOINT) --manifest .meltingpot/openmoji/MANIFEST.jsonl \
		$(if $(wildcard .meltingpot/heldout/heldout.svg),--heldout .meltingpot/heldout)

heldout: install   ## a training with works held out, for the curve of its loss on them (half an hour on 2 cores)
	$(PY) tools/openmoji_manifest.py .meltingpot/openmoji
	OMP_NUM_THREADS=1 $(PY) -m model.evaluation.heldout --manifest .meltingpot/openmoji/MANIFEST.jsonl \
		--out .meltingpot/heldout --steps 3000 --every 250 --share 0.1 --exclude-artist "Kai Wanschura" \
		--set size=32 --set 'widths=[32,64,96]'

install:        ## the pinned tool chain: .venv, node_modules, the compiler
	@sh tools/install.sh

compile: install   ## contracts to build/
	@$(PY) scripts/export_abis.py

clean:          ## remove what commands made, not what they installed
	rm -rf build demo-out .meltingpot reports
