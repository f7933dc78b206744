# SPDX-License-Identifier: GPL-2.0
#
# ktstr: a kernel selftest target. In a kernel tree this folder is
# tools/testing/selftests/sched_ext/ktstr and everything works as in any selftest.
# Standalone, the same targets take the tree from KSRC= or from what set-up provided.
#
#	make			build			make run_tests	build and run
#	make check		set-up and all of our own tests (check-nested, -e2e, -lint, -unit, -fuzz)
#	make check-fuzz SECONDS=600	the fuzz targets side by side, for so long
#	make install INSTALL_PATH=DIR			make clean
#	make install-tree KSRC=TREE	put this suite into a kernel tree
#	make gate-matrix	each check just inside and just outside its limit
#	make bench		what each test costs: set-up, boot, total
#	make bench-boot [ARGS="-n 9 ktstr"]	how fast the VMMs at hand boot, with KVM or in the nested rig
#	make mutations		which scheduler mistakes the canned scenarios notice
#	make catalogue		every canned scenario under sound schedulers (hours)
#	make bench-worker	what telemetry costs a worker, in ns
#	O=DIR, V=1, LLVM=1, LLVM=-19, CROSS_COMPILE=, CLANG= (BPF), VMLINUX_BTF=

SETUP := tools-testing-ktstr/setup

ifneq ($(wildcard ../../lib.mk ../../kselftest_harness.h),)
IN_TREE := 1
override KSRC := $(abspath $(CURDIR)/../../../../..)
ifneq ($(O),)
OUTPUT ?= $(abspath $(O))/kselftest/sched_ext/ktstr
endif
else
ktstr_cache := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ktstr
ksrc_origin := $(origin KSRC)
KSRC ?= $(if $(wildcard $(ktstr_cache)/src/linux/Makefile),$(ktstr_cache)/src/linux)
OUTPUT ?= $(if $(O),$(O),build)
override OUTPUT := $(abspath $(OUTPUT))
# runner.sh looks for settings below the tree's selftests only.
run_tests: export kselftest_override_timeout ?= 0
endif

# These work without a kernel tree.
treeless := help setup check check-unit check-lint check-e2e check-fuzz check-nested install-tree
ifeq ($(filter-out $(treeless),$(or $(MAKECMDGOALS),all)),)

.PHONY: $(treeless)
help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

setup:
	@$(SETUP)/setup.sh

check:
	@KSRC="$(KSRC)" tests/check.sh "$(OUTPUT)" $(or $(PARTS),nested e2e lint unit fuzz)

check-unit check-lint check-e2e check-fuzz check-nested: check-%:
	@KSRC="$(KSRC)" FUZZ_SECONDS="$(SECONDS)" tests/check.sh "$(OUTPUT)" $*

# A KSRC that happens to be in the environment is meant for building, it is no consent.
install-tree:
ifneq ($(ksrc_origin),command line)
	@echo "install-tree writes into a kernel tree: name it, make install-tree KSRC=TREE" >&2
	@exit 1
else
	@$(SETUP)/install-tree.sh "$(KSRC)"
endif

else

ifeq ($(wildcard $(KSRC)/tools/testing/selftests/lib.mk),)
$(error No kernel tree$(if $(KSRC), in $(KSRC)): run $(SETUP)/setup.sh, or give one with KSRC=TREE)
endif
ifndef IN_TREE
override KSRC := $(abspath $(KSRC))
endif

include $(KSRC)/scripts/subarch.include
TARGET_ARCH_NAME := $(or $(ARCH),$(SUBARCH))
SRCARCH := $(patsubst x86_64,x86,$(patsubst i%86,x86,$(TARGET_ARCH_NAME)))

scx_makefile := $(KSRC)/tools/sched_ext/Makefile
upstream_scheds := $(shell sed -n 's/^c-sched-targets *:\{0,1\}= *//p' $(scx_makefile))
# What is written once per architecture stands in folders of that name.
other_archs := $(filter-out $(SRCARCH),x86 arm64)
lib_srcs := $(filter-out vmm/qemu/plugin.c $(foreach a,$(other_archs),%/$(a).c),\
	$(shell find vmm harness -name '*.c' $(other_archs:%=-not -path '*/%/*') | sort))
catalogue_srcs := $(sort $(wildcard scenarios/catalogue/*.c))
tool_srcs := $(sort $(wildcard tools-testing-ktstr/*.c))
own_scheds := $(patsubst bpf/%.bpf.c,%,$(wildcard bpf/scx_*.bpf.c))

TEST_GEN_PROGS := $(patsubst scenarios/%.c,%,$(sort $(wildcard scenarios/*.c)))
TEST_GEN_FILES := $(upstream_scheds) $(own_scheds) \
	$(if $(wildcard vmm/qemu/plugin.c),hostcall.so) $(if $(tool_srcs),ktstr)

OVERRIDE_TARGETS := 1
# In tree, lib.mk sets OUTPUT to this folder when nobody has.
include $(KSRC)/tools/testing/selftests/lib.mk
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

OBJ := $(OUTPUT)/obj
EXTRA_CLEAN := $(OBJ)

override define CLEAN
	$(RM) -r $(TEST_GEN_PROGS) $(TEST_GEN_FILES) $(EXTRA_CLEAN)
	$(if $(IN_TREE),,-@rmdir $(OUTPUT) 2> /dev/null || :)
endef

# kselftest_harness.h is not written for -Wextra: it is a system header for us.
selftests := $(KSRC)/tools/testing/selftests
override CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Woverride-init \
	-Wno-missing-field-initializers -pthread -I. -Iharness/include -Iscenarios/include \
	-isystem $(selftests) $(filter-out -I%/selftests,$(CFLAGS))
LDLIBS := -Wl,--as-needed -lelf -llz4 -lz -lzstd -ljansson -lm
SAN := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
HAS_LLVM_AR := $(if $(LLVM),$(shell command -v $(LLVM_PREFIX)llvm-ar$(LLVM_SUFFIX)))
AR := $(or $(HAS_LLVM_AR),$(CROSS_COMPILE)ar)

ifneq ($(filter-out clean emit_tests,$(or $(MAKECMDGOALS),all)),)
export CLANG LLVM_STRIP VMLINUX_BTF ARCH CROSS_COMPILE LLVM
tools_plan := $(shell O='$(O)' KBUILD_OUTPUT='$(KBUILD_OUTPUT)' \
	$(SETUP)/tools.sh plan '$(KSRC)' '$(OUTPUT)' $(if $(IN_TREE),,cache))
ifneq ($(.SHELLSTATUS),0)
$(error The tools that the kernel tree provides cannot be built, see above)
endif
TOOLS := $(word 1,$(tools_plan))
BPF_CLANG := $(word 2,$(tools_plan))
endif

# A change of compiler or flags rebuilds everything.
flags := $(CC) $(CFLAGS) $(LDFLAGS) $(LDLIBS) $(TOOLS)
$(OBJ)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(flags)' | cmp -s - $@ || echo '$(flags)' > $@
FORCE:
.PHONY: FORCE unit-tests e2e-tests fuzzers nested-host bench bench-boot bench-worker catalogue gate-matrix mutations

$(TOOLS)/complete:
	@O='$(O)' KBUILD_OUTPUT='$(KBUILD_OUTPUT)' $(SETUP)/tools.sh build '$(KSRC)' '$(TOOLS)'

$(addprefix $(OUTPUT)/,$(upstream_scheds)): $(OUTPUT)/%: $(TOOLS)/complete
	$(call msg,COPY,,$@)
	$(Q)install -D $(TOOLS)/bin/$* $@

$(OBJ)/%.o: %.c $(OBJ)/flags
	$(call msg,CC,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(OBJ)/san/%.o: %.c $(OBJ)/flags
	$(call msg,CC,san,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN) -MMD -MP -c $< -o $@

# The cache of kernels knows what was built with another fragment than ours.
kconfig_hash := $(shell $(SETUP)/crc32.sh config)
know_hash := $(foreach o,$(OBJ) $(OBJ)/san,$(o)/harness/core/kernel_cache.o $(o)/tests/unit/kernel_test.o)
$(know_hash): override CFLAGS += -DKTSTR_KCONFIG_HASH='"$(kconfig_hash)"'
$(know_hash): config

# q, not r: files of one name in different folders are different members.
$(OBJ)/libktstr.a: $(lib_srcs:%.c=$(OBJ)/%.o)
$(OBJ)/san/libktstr.a: $(lib_srcs:%.c=$(OBJ)/san/%.o)
$(OBJ)/libktstr.a $(OBJ)/san/libktstr.a:
	$(call msg,AR,,$@)
	$(Q)$(RM) $@ && $(AR) qcs $@ $^

# Canned scenarios, for any test program: above the harness, so an archive of its own.
$(OBJ)/libcatalogue.a: $(catalogue_srcs:%.c=$(OBJ)/%.o)
$(OBJ)/san/libcatalogue.a: $(catalogue_srcs:%.c=$(OBJ)/san/%.o)
$(OBJ)/libcatalogue.a $(OBJ)/san/libcatalogue.a:
	$(call msg,AR,,$@)
	$(Q)$(RM) $@ && $(AR) qcs $@ $^

$(TEST_GEN_PROGS): $(OUTPUT)/%: $(OBJ)/scenarios/%.o $(OBJ)/libcatalogue.a $(OBJ)/libktstr.a
	$(call msg,LINK,,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

# The tool has its options and its pager from the tree's libsubcmd.
$(OBJ)/tools-testing-ktstr/%.o $(OBJ)/san/tools-testing-ktstr/%.o: \
	override CFLAGS += -isystem $(KSRC)/tools/include -isystem $(KSRC)/tools/lib
$(OUTPUT)/ktstr: $(tool_srcs:%.c=$(OBJ)/%.o) $(OBJ)/libcatalogue.a $(OBJ)/libktstr.a | $(TOOLS)/complete
	$(call msg,LINK,,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(TOOLS)/libsubcmd.a $(LDLIBS) -o $@

# The TCG plugin runs inside QEMU, which is always the host's.
$(OUTPUT)/hostcall.so: vmm/qemu/plugin.c $(OBJ)/flags
	$(call msg,PLUGIN,,$@)
	$(Q)mkdir -p $(OBJ)/vmm/qemu
	$(Q)$(CC) $(CFLAGS) -MMD -MP -MF $(OBJ)/vmm/qemu/plugin.d -MT $@ \
		-fPIC -shared $(LDFLAGS) $< -o $@

# Our own schedulers: the BPF side, its skeleton, the loader around it. The skeleton's name
# names the maps (bpf_bpf.bss), by which tests find a scheduler's variables.
scx_inc := $(KSRC)/tools/sched_ext/include
BPF_CFLAGS := -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(SRCARCH) \
	-Wall -Wno-compare-distinct-pointer-types -Wno-microsoft-anon-tag -fms-extensions \
	-Ibpf -I$(scx_inc) -I$(scx_inc)/bpf-compat -I$(TOOLS)/include \
	-I$(KSRC)/tools/include/uapi -I$(KSRC)/include
$(OBJ)/bpf/%.bpf.o: bpf/%.bpf.c $(TOOLS)/complete $(OBJ)/flags
	$(call msg,BPF,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(BPF_CLANG) $(BPF_CFLAGS) $$($(BPF_CLANG) -v -E - < /dev/null 2>&1 | \
		sed -n '/<...> search/,/^End/s| \(/.*\)|-idirafter \1|p') -MMD -MP -c $< -o $@

$(OBJ)/bpf/%.bpf.skel.h: $(OBJ)/bpf/%.bpf.o
	$(call msg,SKEL,,$@)
	$(Q)$(TOOLS)/bpftool gen object $(<:.o=.linked.o) $<
	$(Q)$(TOOLS)/bpftool gen skeleton $(<:.o=.linked.o) name bpf_bpf > $@

$(addprefix $(OUTPUT)/,$(own_scheds)): $(OUTPUT)/%: bpf/%.c $(OBJ)/bpf/%.bpf.skel.h
	$(call msg,LINK,,$@)
	$(Q)$(CC) $(CFLAGS) -Ibpf -I$(OBJ)/bpf -isystem $(TOOLS)/include -isystem $(scx_inc) \
		-idirafter $(KSRC)/tools/include -isystem $(KSRC)/tools/include/uapi \
		-MMD -MP -MF $(OBJ)/bpf/$*.d -MT $@ $(LDFLAGS) $< $(TOOLS)/libbpf.a \
		-Wl,--as-needed -lelf -lz -lzstd -o $@

# Tests of our own name what they link in a comment: "Links: a.c b.c", "Libs: -lx".
unit_srcs := $(sort $(wildcard tests/unit/*_test.c))
e2e_srcs := $(sort $(wildcard tests/e2e/*_test.c tests/e2e/*/*_test.c))
ifneq ($(filter unit-tests e2e-tests fuzzers,$(MAKECMDGOALS)),)
tag = $(shell awk '!on && sub(/^\/\* $(2):/, "") { on = 1 } \
	on { end = sub(/ *\*\/.*/, ""); sub(/^ \*/, ""); print; if (end) exit }' $(1))
link_of = $(patsubst %.c,$(2)/%.o,$(patsubst lib%.a,$(2)/lib%.a,$(call tag,$(1),Links)))
# $(1) source, $(2) object folder, $(3) extra flags
define own_test
$(2)/$(1:.c=): $(2)/$(1:.c=.o) $(call link_of,$(1),$(2))
	$$(call msg,LINK,$(notdir $(2)),$$@)
	$$(Q)$$(CC) $$(CFLAGS) $(3) $$(LDFLAGS) $$^ $(call tag,$(1),Libs) $$(LDLIBS) -o $$@
endef
$(foreach t,$(e2e_srcs),$(eval $(call own_test,$(t),$(OBJ),)))
$(foreach t,$(unit_srcs),$(eval $(call own_test,$(t),$(OBJ)/san,$(SAN))))
endif
# The fuzzers' "first corpus" and their runs: tests/fuzz/run.sh.
fuzz_srcs := $(sort $(wildcard tests/fuzz/*_fuzz.c))
FUZZ := -O1 -fno-omit-frame-pointer -fno-sanitize-recover=undefined
$(OBJ)/fuzz/%.o: %.c $(OBJ)/flags
	$(call msg,CC,fuzz,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(BPF_CLANG) $(CFLAGS) $(FUZZ) -fsanitize=fuzzer-no-link,address,undefined \
		-MMD -MP -c $< -o $@
ifneq ($(filter fuzzers,$(MAKECMDGOALS)),)
define fuzz_target
$(OBJ)/$(1:.c=): $(OBJ)/fuzz/$(1:.c=.o) $(call link_of,$(1),$(OBJ)/fuzz)
	$$(call msg,LINK,fuzz,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(BPF_CLANG) $$(CFLAGS) $$(FUZZ) -fsanitize=fuzzer,address,undefined $$(LDFLAGS) $$^ \
		$(call tag,$(1),Libs) $$(LDLIBS) -o $$@
endef
$(foreach t,$(fuzz_srcs),$(eval $(call fuzz_target,$(t))))
endif
fuzzers: $(fuzz_srcs:%.c=$(OBJ)/%)
unit-tests: $(unit_srcs:%.c=$(OBJ)/san/%)
e2e-tests: $(e2e_srcs:%.c=$(OBJ)/%)

# The host of the nested rig, but for its kernel: docs/nested-kvm.md.
nested := $(OBJ)/tests/nested
$(nested)/init: tests/nested/init.c $(OBJ)/flags
	$(call msg,CC,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -static $< -o $@
$(nested)/gen_init_cpio: $(KSRC)/usr/gen_init_cpio.c
	$(call msg,HOSTCC,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 $< -o $@
nested-host: $(nested)/init $(nested)/gen_init_cpio

# What telemetry costs a worker: docs/workers.md; who boots fastest, and what a machine of ours
# costs: docs/boot-bench.md.
$(addprefix $(OBJ)/tests/bench/,worker_bench boot_bench vm_bench): %: %.o $(OBJ)/libktstr.a
	$(call msg,LINK,,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@
$(OBJ)/tests/bench/boot_bench: $(OBJ)/tests/bench/boot_trace.o
$(OBJ)/tests/bench/boot_init: tests/bench/boot_init.c $(OBJ)/flags
	$(call msg,CC,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -static -nostdlib -fno-stack-protector $< -o $@
bench-boot: all nested-host $(OBJ)/tests/bench/boot_bench $(OBJ)/tests/bench/boot_init
	@OUTPUT='$(OUTPUT)' tests/bench/boot.sh $(ARGS)
gate-matrix: all
	@OUTPUT='$(OUTPUT)' tests/gate_matrix.sh

bench: all
	@OUTPUT='$(OUTPUT)' tests/bench/suite.sh

catalogue: all
	@OUTPUT='$(OUTPUT)' tests/long/catalogue.sh

mutations: all
	@OUTPUT='$(OUTPUT)' tests/long/mutations.sh $(ARGS)

bench-worker: $(OBJ)/tests/bench/worker_bench
	@$<

-include $(shell find $(OBJ) -name '*.d' 2> /dev/null)
endif
