# SPDX-License-Identifier: GPL-2.0
# The schedulers: the tree's example schedulers, built with the tree's own tools, and ours. Included
# by ../Makefile; the lists own_scheds, upstream_scheds and bpf_tools stand there.
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

$(TOOLS)/complete:
	@O='$(O)' KBUILD_OUTPUT='$(KBUILD_OUTPUT)' $(SETUP)/tools.sh build '$(KSRC)' '$(TOOLS)'

# flags names the tools: files that .SECONDARY covers do not make a target out of date by being absent.
$(addprefix $(OUTPUT)/,$(upstream_scheds)): $(OUTPUT)/%: $(TOOLS)/complete $(OBJ)/flags
	$(call msg,COPY,,$@)
	$(Q)install -D $(TOOLS)/bin/$* $@

# The tree's tests of schedulers, which scenarios/upstream.c runs; `make all` does not need them.
.PHONY: scx_selftests
scx_selftests: $(OUTPUT)/scx_selftests
$(OUTPUT)/scx_selftests: $(TOOLS)/complete
	$(call msg,MAKE,,$@)
	$(Q)mkdir -p $(OBJ)/scx_selftests
	$(Q)env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL -u CFLAGS -u LDFLAGS \
		$(MAKE) -s -j$(shell nproc) -C $(KSRC)/tools/testing/selftests/sched_ext \
		OUTPUT=$(abspath $(OBJ)/scx_selftests) CLANG=$(BPF_CLANG) \
		BPFTOOL=$(abspath $(TOOLS))/bpftool VMLINUX_H=$(abspath $(TOOLS))/include/vmlinux.h \
		VMLINUX_BTF=$(abspath $(TOOLS))/include/vmlinux.h \
		$(abspath $(OBJ)/scx_selftests)/runner > $(OBJ)/scx_selftests.log || \
		{ tail -n 20 $(OBJ)/scx_selftests.log >&2; exit 1; }
	$(Q)install $(OBJ)/scx_selftests/runner $@

# One of ours is the BPF side, its skeleton and the loader around it. The skeleton's name becomes
# part of the maps' names (bpf_bpf.bss), by which tests find a scheduler's variables.
scx_inc := $(KSRC)/tools/sched_ext/include
BPF_CFLAGS := -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(SRCARCH) \
	-Wall -Wno-compare-distinct-pointer-types -Wno-microsoft-anon-tag -fms-extensions $(prefix_maps) \
	-I. -Ibpf -I$(scx_inc) -I$(scx_inc)/bpf-compat -I$(TOOLS)/include \
	-I$(KSRC)/tools/include/uapi -I$(KSRC)/include
$(OBJ)/%.bpf.o: %.bpf.c $(TOOLS)/complete $(OBJ)/flags
	$(call msg,BPF,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(BPF_CLANG) $(BPF_CFLAGS) $$($(BPF_CLANG) -v -E - < /dev/null 2>&1 | \
		sed -n '/<...> search/,/^End/s| \(/.*\)|-idirafter \1|p') -MMD -MP -c $< -o $@

$(OBJ)/%.bpf.skel.h: $(OBJ)/%.bpf.o
	$(call msg,SKEL,,$@)
	$(Q)$(TOOLS)/bpftool gen object $(<:.o=.linked.o) $<
	$(Q)$(TOOLS)/bpftool gen skeleton $(<:.o=.linked.o) name bpf_bpf > $@

define link_loader
$(call msg,LINK,,$@)
$(Q)$(CC) $(CFLAGS) -I$(<D) -I$(OBJ)/$(<D) -isystem $(TOOLS)/include -isystem $(scx_inc) \
	-idirafter $(KSRC)/tools/include -isystem $(KSRC)/tools/include/uapi \
	-MMD -MP -MF $(OBJ)/$(<:.c=.d) -MT $@ $(LDFLAGS) $< $(filter %.o,$^) $(TOOLS)/libbpf.a \
	-Wl,--as-needed -lelf -lz -lzstd -o $@
endef

$(OUTPUT)/scx_ktstr: $(OBJ)/bpf/scx_ktstr_options.o $(OBJ)/bpf/scx_ktstr_stats.o \
	$(addprefix $(OBJ)/lib/,jtree.o jtree_text.o json.o err.o)
$(addprefix $(OUTPUT)/,$(own_scheds) $(bpf_tools)): $(OUTPUT)/%: bpf/%.c $(OBJ)/bpf/%.bpf.skel.h
	$(link_loader)
