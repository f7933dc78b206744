#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The main job in one command: set up what is missing, build, boot real kernels, print KTAP.
# stdout is KTAP only, progress goes to stderr, the exit status is that of the run.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")" || exit

usage()
{
	cat <<-'EOF'
	Usage: ./run_tests.sh [-h] [ARGUMENTS OF "ktstr run"]

	  -t NAME     only this test (shell pattern)    --seed N   deterministic run with seed N
	  -j N        that many VMs at once             build/ktstr run -h   all of them

	The first run installs packages (as root; otherwise it says which), fetches QEMU, a kernel
	source tree and a sched_ext kernel from the distribution into $XDG_CACHE_HOME/ktstr, and
	builds. Later runs use no network.

	KSRC=TREE            kernel tree to build with     KTSTR_KERNEL=...     kernel to boot
	KTSTR_ACCEL=kvm|tcg  how to run VMs                OUTPUT=DIR           instead of build/

	Exit status: 0 all passed, 1 something failed, 2 something was inconclusive,
	4 skipped (environment lacks something).
	EOF
}

case ${1:-} in
-h|--help)	usage; exit ;;
esac

# In a kernel tree the kernel source is at hand.
if [ -e ../../lib.mk ] && [ -e ../../kselftest_harness.h ]; then
	KSRC=$(cd ../../../../.. && pwd)
	export KSRC
fi

out=${OUTPUT:-build}
tools-testing-ktstr/setup/setup.sh >&2 || exit
make -s -j"$(nproc)" OUTPUT="$out" ${KSRC:+KSRC="$KSRC"} >&2 || {
	echo "ktstr: error: the build failed, see above" >&2
	exit 1
}
exec "$out/ktstr" run "$@"
