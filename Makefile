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
#	make scx_selftests	upstream's tests of sched_ext, for scenarios/upstream.c
#	make mutations		which scheduler mistakes the canned scenarios notice
#	make catalogue		every canned scenario under sound schedulers (hours)
#	make bench-start [ARGS="3 1n1l4c1t"]	how soon a test begins, booted and from an image
#	make soak-deterministic N=20	many runs with one seed on an overloaded host are identical
#	make truth [KERNELS="6.18 7.3"]	is what the monitor reads true, on every kernel of the cache
#	make bench-monitor	what a sample of the monitor costs the host
#	make bench-dump		what a dump of a scheduler costs the host
#	make gauntlet [ARGS=--write]	canned scenarios on the machines of presets, under two schedulers
#	make bench-list		what it costs to choose among 10,000 variants
#	make bench-trace [ARGS="3 TEST"]	what a trace of the schedule costs the host
#	make bench-trace-guest [ARGS="3 TEST --accel kvm"]	... the guest that is traced from inside
#	make bench-stats [ARGS=10000]	what comparing two runs of so many tests costs
#	make bench-worker	what telemetry costs a worker, in ns
#	make COVERAGE=1 OUTPUT=DIR	programs that count what is executed: docs/coverage.md
#	O=DIR, V=1, LLVM=1, LLVM=-19, CROSS_COMPILE=, CLANG= (BPF), VMLINUX_BTF=

SETUP := tools-testing-ktstr/setup
include $(SETUP)/tree.mk

# These work without a kernel tree.
check_parts := check-unit check-lint check-e2e check-fuzz check-nested
treeless := help setup install-tree check $(check_parts)
ifneq ($(filter-out $(treeless),$(or $(MAKECMDGOALS),all)),)
ifeq ($(wildcard $(KSRC)/tools/testing/selftests/lib.mk),)
$(error No kernel tree$(if $(KSRC), in $(KSRC)): run $(SETUP)/setup.sh, or give one with KSRC=TREE)
endif
override KSRC := $(abspath $(KSRC))

include $(KSRC)/scripts/subarch.include
SRCARCH := $(patsubst x86_64,x86,$(patsubst i%86,x86,$(or $(ARCH),$(SUBARCH))))

# What is written once per architecture stands in folders, or files, of that name.
other_archs := $(filter-out $(SRCARCH),x86 arm64)
# $(1) folders, $(2) pattern
c_files = $(sort $(shell find $(1) -name '$(or $(2),*.c)' \
	$(other_archs:%=-not -path '*/%/*' -not -name '%.c')))
lib_srcs := $(filter-out vmm/qemu/plugin/% harness/guest/boot/%,$(call c_files,lib vmm harness))
catalogue_srcs := $(call c_files,scenarios/catalogue)
tool_srcs := $(call c_files,tools-testing-ktstr)
sources := $(lib_srcs) $(catalogue_srcs) $(tool_srcs)

upstream_scheds := $(shell sed -n 's/^c-sched-targets *:\{0,1\}= *//p' \
	$(KSRC)/tools/sched_ext/Makefile)
own_scheds := $(patsubst bpf/%.bpf.c,%,$(wildcard bpf/scx_*.bpf.c))
bpf_tools := ktstr_probe
TEST_GEN_PROGS := $(patsubst scenarios/%.c,%,$(sort $(wildcard scenarios/*.c)))
TEST_GEN_FILES := $(upstream_scheds) $(own_scheds) $(bpf_tools) hostcall.so image_init ktstr

OVERRIDE_TARGETS := 1
# In tree, lib.mk sets OUTPUT to this folder when nobody has.
include $(KSRC)/tools/testing/selftests/lib.mk
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

OBJ := $(OUTPUT)/obj
EXTRA_CLEAN := $(OBJ) $(OUTPUT)/scx_selftests
override define CLEAN
	$(RM) -r $(TEST_GEN_PROGS) $(TEST_GEN_FILES) $(EXTRA_CLEAN)
	$(if $(IN_TREE),,-@rmdir $(OUTPUT) 2> /dev/null || :)
endef

# kselftest_harness.h is not written for -Wextra: it is a system header for us. A program is the same
# wherever its checkout and the kernel tree are, because deterministic runs of different programs
# differ.
selftests := $(KSRC)/tools/testing/selftests
prefix_maps = -ffile-prefix-map=$(KSRC)=linux -ffile-prefix-map=$(realpath $(KSRC))=linux \
	-ffile-prefix-map=$(abspath $(TOOLS))=tools -ffile-prefix-map=$(CURDIR)=.
include bpf/rules.mk
# Not in what runs outside of the tests' processes.
counting := $(if $(COVERAGE),-O1 $(if $(findstring clang,$(CC)),-fprofile-instr-generate \
	-fcoverage-mapping,--coverage -fprofile-update=prefer-atomic))
uncounted = $(filter-out $(counting),$(CFLAGS))
override CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Woverride-init \
	-Wno-missing-field-initializers $(prefix_maps) -pthread \
	-I. -Iharness/include -Iscenarios/include \
	-isystem $(selftests) -isystem $(KSRC)/tools/include $(filter-out -I%/selftests,$(CFLAGS)) $(counting)
LDLIBS := -Wl,--as-needed -lelf -llz4 -lz -lzstd -ljansson -lsqlite3 -lm
HAS_LLVM_AR := $(if $(LLVM),$(shell command -v $(LLVM_PREFIX)llvm-ar$(LLVM_SUFFIX)))
AR := $(or $(HAS_LLVM_AR),$(CROSS_COMPILE)ar)

# A change of compiler or flags, or of the fragment for kernels, rebuilds everything.
kconfig_hash := $(shell $(SETUP)/crc32.sh config)
flags := $(CC) $(CFLAGS) $(LDFLAGS) $(LDLIBS) $(TOOLS) $(kconfig_hash)
$(OBJ)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(flags)' | cmp -s - $@ || echo '$(flags)' > $@
.PHONY: FORCE
FORCE:

# A program whose source is gone, or has another name now, is no test program any more, and an
# archive has no object of a source that is gone.
gone := $(filter-out $(notdir $(TEST_GEN_PROGS)),\
	$(patsubst $(OBJ)/scenarios/%.o,%,$(wildcard $(OBJ)/scenarios/*.o)))
.PHONY: remove-gone
all: remove-gone
remove-gone:
	$(if $(gone),$(Q)$(RM) $(gone:%=$(OUTPUT)/%) $(gone:%=$(OBJ)/scenarios/%.[od]))
$(OBJ)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(sources)' | cmp -s - $@ || echo '$(sources)' > $@

# The objects and archives of a flavour: $(1) is its folder below $(OBJ), $(2) the compiler with its
# flags, $(3) the sources of libktstr.a, $(4) those of libtool.a. q, not r: files of one name in
# different folders are different members.
define flavour
$(OBJ)/$(1)%.o: %.c $(OBJ)/flags
	$$(call msg,CC,$(1:/=),$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(2) -MMD -MP -c $$< -o $$@
$(OBJ)/$(1)libktstr.a: $(3:%.c=$(OBJ)/$(1)%.o)
$(OBJ)/$(1)libcatalogue.a: $(catalogue_srcs:%.c=$(OBJ)/$(1)%.o)
$(OBJ)/$(1)libtool.a: $(4:%.c=$(OBJ)/$(1)%.o)
$(addprefix $(OBJ)/$(1),libktstr.a libcatalogue.a libtool.a): $(OBJ)/sources
	$$(call msg,AR,$(1:/=),$$@)
	$$(Q)$$(RM) $$@ && $$(AR) qcs $$@ $$(filter %.o,$$^)
endef
$(eval $(call flavour,,$$(CC) $$(CFLAGS),$(lib_srcs),$(tool_srcs)))

# $(1) flavour, $(2) the compiler with its flags, $(3) archives of others
define link
	$(call msg,LINK,$(1),$@)
	$(Q)$(2) $(LDFLAGS) $^ $(3) $(LDLIBS) -o $@
endef
$(TEST_GEN_PROGS): $(OUTPUT)/%: $(OBJ)/scenarios/%.o $(OBJ)/libcatalogue.a $(OBJ)/libktstr.a
	$(call link,,$(CC) $(CFLAGS))
$(OUTPUT)/ktstr: $(OBJ)/libtool.a $(OBJ)/libcatalogue.a $(OBJ)/libktstr.a | $(TOOLS)/complete
	$(call link,,$(CC) $(CFLAGS),$(TOOLS)/libsubcmd.a)

# Man pages and completions, from the tool's own tables: not from one of another architecture.
.PHONY: install-help
install: install-help
install-help: $(OUTPUT)/ktstr
	$(if $(INSTALL_PATH),$(if $(CROSS_COMPILE),,$(Q)$(SETUP)/help.sh $< $(INSTALL_PATH)))

# The cache of kernels knows what was built with another fragment than ours; the tool has its
# options and its pager from the tree's libsubcmd.
%/kernel/kernel_cache.o %/kernel/kernel_test.o: \
	override CFLAGS += -DKTSTR_KCONFIG_HASH='"$(kconfig_hash)"'
# A suite in a tree tests the kernel of that tree, also when it was built elsewhere (O=).
%/kernel/kernel.o: override CFLAGS += $(if $(IN_TREE),-DKTSTR_TREE='"$(KSRC)"')
$(foreach f,/ /san/ /fuzz/,$(OBJ)$(f)tools-testing-ktstr/%.o): override CFLAGS += -isystem $(KSRC)/tools/lib

# The script of exported tests is in the tool.
$(foreach f,/ /san/,$(OBJ)$(f)tools-testing-ktstr/export/runfile.o): tools-testing-ktstr/export/runfile.sh

# The TCG plugin runs inside QEMU, which is always the host's.
$(OUTPUT)/hostcall.so: $(wildcard vmm/qemu/plugin/*.[ch]) vmm/qemu/mark.h \
		vmm/qemu/probe_area.h vmm/qemu/tally_area.h vmm/qemu/count_area.h vmm/probe.h vmm/tally.h vmm/count.h $(OBJ)/flags
	$(call msg,PLUGIN,,$@)
	$(Q)$(CC) $(uncounted) -fPIC -shared $(LDFLAGS) $(filter %.c,$^) -o $@

# The init of images is part of their key: no debug information, which has paths in it.
$(OUTPUT)/image_init: harness/guest/boot/boot.c harness/model/late.h $(OBJ)/flags
	$(call msg,CC,,$@)
	$(Q)$(CC) $(uncounted) -g0 -static -s $< -o $@
endif

include tests/Makefile
# What an object depends on, unless its source has gone: then nobody makes it, and make must not ask
# for its source.
dep_source = $(patsubst %.d,%.c,$(patsubst fuzz/%,%,$(patsubst san/%,%,$(1:$(OBJ)/%=%))))
-include $(if $(OBJ),$(foreach d,$(shell find $(OBJ) -path $(OBJ)/tools -prune -o -path $(OBJ)/clang \
	-prune -o -name '*.d' -print 2> /dev/null),$(if $(wildcard $(call dep_source,$d)),$d)))
