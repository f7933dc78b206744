# SPDX-License-Identifier: GPL-2.0
# Where the kernel tree is (KSRC) and where the build goes (OUTPUT). In a kernel tree, the tree is
# the one around this folder; standalone, KSRC is given or the tree that set-up provided.
ksrc_origin := $(origin KSRC)
install_into := $(KSRC)
ifneq ($(wildcard ../../lib.mk ../../kselftest_harness.h),)
IN_TREE := 1
override KSRC := $(abspath $(CURDIR)/../../../../..)
ifneq ($(O),)
OUTPUT ?= $(abspath $(O))/kselftest/sched_ext/ktstr
endif
# TARGETS=ktstr names a link to TARGETS=sched_ext/ktstr: both build into one folder, so that neither
# builds again what the other one has built.
ifneq ($(OUTPUT),)
override OUTPUT := $(patsubst %/kselftest/ktstr,%/kselftest/sched_ext/ktstr,\
	$(or $(realpath $(OUTPUT)),$(abspath $(OUTPUT))))
endif
else
ktstr_cache := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ktstr
KSRC ?= $(if $(wildcard $(ktstr_cache)/src/linux/Makefile),$(ktstr_cache)/src/linux)
OUTPUT ?= $(if $(O),$(O),build)
override OUTPUT := $(abspath $(OUTPUT))
# runner.sh looks for settings below the tree's selftests only.
run_tests: export kselftest_override_timeout ?= 0
endif

.PHONY: help setup install-tree
help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

setup:
	@$(SETUP)/setup.sh

# A KSRC that happens to be in the environment is meant for building, it is no consent.
install-tree:
ifneq ($(ksrc_origin),command line)
	@echo "install-tree writes into a kernel tree: name it, make install-tree KSRC=TREE" >&2
	@exit 1
else
	@$(SETUP)/install-tree.sh "$(install_into)"
endif
