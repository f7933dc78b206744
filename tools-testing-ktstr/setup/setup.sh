#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Provide what building and running ktstr needs: packages, QEMU, a kernel source tree and
# a sched_ext kernel. What is there already is not touched; when all is there, this ends at
# once, without network. Exit status: 0 all there, 4 something has to be installed by hand
# (nothing was done), 1 error.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages apt qemu source image; do
	# shellcheck source=/dev/null
	. "$here/$part.sh" || exit
done

usage()
{
	cat <<-EOF
	Usage: setup.sh [--check] [--dry-run]
	  --check     also what "make check" needs (linters)
	  --dry-run   say what is missing and do nothing
	Everything but packages goes to $CACHE (XDG_CACHE_HOME).
	KSRC=TREE: use that kernel tree. KTSTR_KERNEL or KTSTR_TEST_KERNEL: no kernel is fetched.
	EOF
}

lists=(packages_build)
dry=''
for arg; do
	case $arg in
	--check)	lists+=(packages_check) ;;
	--dry-run)	dry=1 ;;
	-h|--help)	usage; exit ;;
	*)		usage >&2; exit 1 ;;
	esac
done

# A suite in a kernel tree tests the kernel of that tree, which nobody but its owner builds.
image_ready()
{
	[ -e "$here/../../../../lib.mk" ] && [ -e "$here/../../../../kselftest_harness.h" ] ||
	[ -n "${KTSTR_KERNEL:-}${KTSTR_TEST_KERNEL:-}" ] || kernel_ready '' ||
		[ -e "${KSRC:-/nonexistent}/arch/x86/boot/bzImage" ]
}

# Fill todo with what is missing.
look()
{
	todo=()
	qemu_ready || todo+=(qemu)
	source_ready || todo+=(source)
	image_ready || todo+=(kernel)
}

# collect PID NAME: wait for a job; its own message has been printed.
collect()
{
	wait "$1" || die "set-up of $2 failed, see above; what is ready stays"
}

# Jobs do not inherit the lock (9): when we are killed, whoever comes next need not wait for
# them, and takes their folder away.
fetch_all()
{
	local s='' k='' q=''

	if [ ${#todo[@]} -gt 0 ]; then
		apt_init
		case " ${todo[*]} " in
		*" source "*)	source_download 9>&- & s=$! ;;
		esac
		case " ${todo[*]} " in
		*" kernel "*)	kernel_fetch '' 9>&- & k=$! ;;
		esac
	fi
	packages_install "${lists[@]}"
	case " ${todo[*]} " in
	*" qemu "*)	qemu_fetch 9>&- & q=$! ;;
	esac
	if [ -n "$s" ]; then
		collect $s "the kernel source"
		source_unpack 9>&- & s=$!
	fi
	[ -z "$k" ] || collect $k "the kernel"
	[ -z "$q" ] || collect $q QEMU
	[ -z "$s" ] || collect $s "the kernel source"
}

packages_plan "${lists[@]}"
look
[ ${#PKG_NEED[@]} -gt 0 ] || [ ${#todo[@]} -gt 0 ] || exit 0
if [ -n "$dry" ]; then
	say "missing: ${PKG_NEED[*]} ${todo[*]}"
	exit $KSFT_SKIP
fi
started=$SECONDS
take_lock
sweep "$CACHE"
make_tmp
set -m
look		# somebody may have done it while we waited
fetch_all
say "set-up took $((SECONDS - started)) s; everything is in $CACHE"
