#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is built from the kernel tree itself, out of tree: libbpf, bpftool, vmlinux.h and the
# tree's example schedulers, all by tools/sched_ext's own Makefile; and libsubcmd.
#
#	tools.sh plan KSRC OUTPUT [CACHE]	print the folder to use, clang, llvm-strip
#	tools.sh build KSRC DIR			fill that folder unless it is complete
#
# Idea: the folder's name is made of everything that its content depends on (the tree's
# files, the compilers, the BTF), so what is found under that name is never stale. Outside
# of a kernel tree it lives in the cache, where clean builds and other clones find it too.
#
# Environment: CLANG, LLVM_STRIP, VMLINUX_BTF, O, KBUILD_OUTPUT, ARCH, CROSS_COMPILE, LLVM.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages; do
	# shellcheck source=/dev/null
	. "$here/$part.sh" || exit
done

# The image or ELF that carries the BTF for vmlinux.h.
find_btf()
{
	local ksrc=$1 f newest

	if [ -n "${VMLINUX_BTF:-}" ]; then
		[ -r "$VMLINUX_BTF" ] || die "VMLINUX_BTF=$VMLINUX_BTF cannot be read"
		echo "$VMLINUX_BTF"
		return
	fi
	for f in ${O:+"$O/vmlinux"} ${KBUILD_OUTPUT:+"$KBUILD_OUTPUT/vmlinux"} "$ksrc/vmlinux"; do
		[ -r "$f" ] && echo "$f" && return
	done
	newest=$(printf '%s\n' "$KERNELS"/[0-9]*/bzImage | sort -V | tail -n 1)
	for f in "$newest" /sys/kernel/btf/vmlinux; do
		[ -r "$f" ] && echo "$f" && return
	done
	die "no kernel with BTF for vmlinux.h: build the tree's vmlinux, set VMLINUX_BTF," \
	    "or run $here/setup.sh"
}

tree_version()
{
	awk -F' *= *' '
		/^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) =/ { v[$1] = $2 }
		/^EXTRAVERSION/ { exit }
		END { print v["VERSION"] "." v["PATCHLEVEL"] "." v["SUBLEVEL"] v["EXTRAVERSION"] }
	' "$1/Makefile"
}

tools_key()
{
	{
		cat "$here/tools.sh"
		(cd "$1" && find tools/sched_ext tools/lib/bpf tools/bpf/bpftool tools/build \
			tools/lib/subcmd tools/lib/*.c tools/include scripts/bpf_doc.py \
			-type f -printf '%p %s %T@\n' | sort)
		stat -L -c '%n %s %Y' "$2"
		# Its size and time say nothing about this one.
		[ "$2" != /sys/kernel/btf/vmlinux ] || uname -a
		"$3" --version
		${CROSS_COMPILE:-}gcc --version 2> /dev/null
		echo "${ARCH:-} ${CROSS_COMPILE:-} ${LLVM:-}"
	} | sha256sum | cut -c1-12
}

plan()
{
	local ksrc=$1 out=$2 cache=${3:-} clang strip btf key dir

	clang=$(find_clang) || skip "no clang 16 or newer (BPF programs need it):" \
		"install one, set CLANG, or run $here/setup.sh"
	strip=$(find_llvm_strip) || skip "no llvm-strip: install llvm or set LLVM_STRIP"
	btf=$(find_btf "$ksrc") || exit
	key=$(tree_version "$ksrc")-$(tools_key "$ksrc" "$btf" "$clang") || exit
	dir=$out/obj/tools/$key
	if [ -n "$cache" ]; then
		# A cache that cannot be written serves what it has.
		if [ -e "$CACHE/tools/$key/complete" ] ||
		   { mkdir -p "$CACHE/tools" 2> /dev/null && [ -w "$CACHE/tools" ]; }; then
			dir=$CACHE/tools/$key
		fi
	fi
	echo "$dir $clang $strip $btf"
}

# elf_of BTF FILE: an ELF (or raw BTF) for bpftool.
elf_of()
{
	case $(head -c 4 "$1" | od -An -c | tr -d ' ') in
	177ELF*)	ln -s "$(realpath "$1")" "$2" ;;
	237*)		cat "$1" > "$2" ;;
	*)		"$ksrc/scripts/extract-vmlinux" "$1" > "$2" 2> /dev/null ||
				die "cannot extract vmlinux from $1" ;;
	esac
}

# tree_make FOLDER ARGUMENT...: make in the tree, without what our own make was told.
tree_make()
{
	local folder=$1

	shift
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL -u GNUMAKEFLAGS -u OUTPUT \
		-u KBUILD_OUTPUT -u O -u LDFLAGS -u CC CFLAGS="${maps:-}" \
		make -C "$ksrc/tools/$folder" -j"$(nproc)" ${ARCH:+ARCH="$ARCH"} \
		${CROSS_COMPILE:+CROSS_COMPILE="$CROSS_COMPILE"} ${LLVM:+LLVM="$LLVM"} "$@" \
		>> "$tmp/log" 2>&1 7>&-
}

# What tools/sched_ext's Makefile builds libbpf and bpftool with.
host_cc()
{
	[ -z "${LLVM:-}" ] && echo gcc || echo "$clang"
}

# libbpf with -O2. The Makefile of sched_ext builds it with -O0 when it is not there yet, and each
# scheduler executes it inside an emulated guest: loading is most of a scheduler's start.
build_libbpf()
{
	mkdir -p "$tmp/o/build/obj/libbpf" && tree_make lib/bpf OUTPUT="$tmp/o/build/obj/libbpf/" \
		EXTRA_CFLAGS="-g -O2 -fPIC $maps" DESTDIR="$tmp/o/build" prefix= all install_headers
}

# libsubcmd.a, complete: tools that use it add three files of tools/lib by hand otherwise.
build_subcmd()
{
	local f cc=${CROSS_COMPILE:-}gcc

	[ -z "${LLVM:-}" ] || cc=$clang
	mkdir "$tmp/subcmd" && tree_make lib/subcmd EXTRA_CFLAGS="$maps" OUTPUT="$tmp/subcmd/" \
		"$tmp/subcmd/libsubcmd.a" || return
	for f in string ctype str_error_r; do
		# shellcheck disable=SC2086 # these are words
		"$cc" -O2 -fPIC -D_GNU_SOURCE $maps -I"$ksrc/tools/include" -c "$ksrc/tools/lib/$f.c" \
			-o "$tmp/subcmd/x_$f.o" >> "$tmp/log" 2>&1 || return
	done
	ar qs "$tmp/subcmd/libsubcmd.a" "$tmp"/subcmd/x_*.o >> "$tmp/log" 2>&1
}

build()
{
	local ksrc=$1 dir=$2 clang strip btf tmp b maps

	[ -e "$dir/complete" ] && return
	clang=$(find_clang) && strip=$(find_llvm_strip) || skip "no clang 16 or no llvm-strip"
	btf=$(find_btf "$ksrc") || exit
	mkdir -p "$(dirname "$dir")" || die "cannot make $(dirname "$dir")"
	exec 7>> "$(dirname "$dir")/.lock"
	flock 7
	[ -e "$dir/complete" ] && return
	sweep "$(dirname "$dir")"
	# of this name, which is under the lock, as a compiler's cache has the paths of what it compiled
	tmp=$(dirname "$dir")/.tmp-tools
	rm -rf "$tmp"
	# shellcheck disable=SC2064 # now is right
	trap "rm -rf '$tmp'" EXIT
	trap 'exit 130' INT TERM HUP
	mkdir -p "$tmp/o" || die "cannot make $tmp"
	elf_of "$btf" "$tmp/vmlinux" || exit
	say "building libbpf, bpftool and the schedulers of $ksrc (once)"
	# Schedulers are part of what a deterministic run depends on: no path of this machine in them.
	maps="-ffile-prefix-map=$ksrc=linux -ffile-prefix-map=$(realpath "$ksrc")=linux"
	maps+=" -ffile-prefix-map=$tmp=tools"
	build_libbpf && tree_make sched_ext O="$tmp/o" CLANG="$clang $maps" HOSTCC="$(host_cc) $maps" \
		LLVM_STRIP="$strip" VMLINUX_BTF="$tmp/vmlinux" all && build_subcmd || {
		cp "$tmp/log" "$dir.log"
		grep -m 5 -E 'error|Error' "$tmp/log" >&2
		die "the tree's tools/sched_ext, tools/lib/bpf or tools/lib/subcmd does not build, see $dir.log"
	}
	b=$tmp/o/build
	mkdir "$tmp/t" &&
		mv "$b/bin" "$b/include" "$tmp/t/" &&
		cp "$b/obj/libbpf/libbpf.a" "$tmp/subcmd/libsubcmd.a" "$tmp/t/" &&
		cp "$(find "$b" -path '*/sbin/bpftool' | head -n 1)" "$tmp/t/bpftool" &&
		: > "$tmp/t/complete" && rm -rf "$dir" && mv -T "$tmp/t" "$dir" ||
		die "cannot store the tools in $dir (disk full?)"
}

case ${1:-} in
plan)	plan "$2" "$3" "${4:-}" ;;
build)	build "$2" "$3" ;;
*)	die "usage: tools.sh plan KSRC OUTPUT [CACHE] | build KSRC DIR" ;;
esac
