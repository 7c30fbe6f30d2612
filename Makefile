# `make` alone prints what there is to do. Everything happens in .venv; nothing outside this folder is changed.
#   PYTHON=python3.12    the Python to make .venv with (else the first of 3.13, 3.12, 3.11 that is found)
#   BROWSER=none         make lab: print the address, open no browser
#   LAB=lab1             make grade: the lab
#   ARGS=...             more options, for JupyterLab (make lab), for pytest (make test ARGS="-k network") or for the
#                        grader (make grade LAB=lab1 ARGS="--student ada"; ARGS=--help lists them)

ifeq ($(OS),Windows_NT)
RUN := .venv/Scripts/python.exe
else
RUN := .venv/bin/python
endif

export PYTHON
SET_UP = @python=$$(sh tools/find-python) && "$$python" tools/set_up.py
JUPYTER = $(RUN) tools/lab.py $(if $(filter none,$(BROWSER)),--no-browser) $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help course dev lab instructor grade test prove lint format labs book site bench lock clean

help:           ## print this
	@echo "What Could Go Wrong? - distributed systems, learned by breaking them"
	@echo
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/    make \1@\2/p' Makefile | awk -F@ '{printf "%-20s %s\n", $$1, $$2}'
	@echo
	@sed -n 's/^#   /    /p' Makefile

lab: course     ## open the course in JupyterLab (the first time sets it up)
	@$(JUPYTER)

instructor: course  ## the same, with nbgrader's Formgrader and Create Assignment
	@$(JUPYTER) --instructor

grade: course   ## grade what was submitted, behind walls, into nbgrader's gradebook: make grade LAB=lab1
	@$(RUN) -m grading $(LAB) $(ARGS)

test: lint      ## run every check and every test
	$(RUN) -m pytest --numprocesses=logical --maxprocesses=4 --dist=loadfile --no-loadscope-reorder $(ARGS)

prove: dev      ## run the long proofs, half an hour of them: more seeds, a million customers
	$(RUN) -m pytest --numprocesses=logical --maxprocesses=4 $(ARGS) tests/prove_*.py

lint: dev       ## check style, types and the form of the notebooks
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(RUN) tools/nbfmt.py --check

format: dev     ## put code and notebooks into the house's form
	$(RUN) -m ruff check --fix
	$(RUN) -m ruff format
	$(RUN) tools/nbfmt.py --write

labs: course    ## write labs/ anew from solutions/ (some of them: ARGS="lab1 lab2")
	$(RUN) tools/make_labs.py $(ARGS)

book: dev       ## build the course as plain pages that need a browser and nothing else: build/book
	$(RUN) -m book $(ARGS)

site: book      ## build the book with Python in the browser beside it, as plain files: build/site
	$(RUN) tools/make_site.py

bench: dev      ## measure speed as ratios to peers and to the bare limit
	$(RUN) -m bench $(ARGS)

lock: dev       ## write the lock files and environment.yml anew from pyproject.toml (needs uv; ARGS=--upgrade)
	$(RUN) tools/lock.py $(ARGS)

clean:          ## remove .venv and what tools left behind; your notebooks and settings stay
	rm -rf .venv .set-up-lock build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

course:
	$(SET_UP) course

dev:
	$(SET_UP) dev
