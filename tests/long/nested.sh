#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# nested.sh [FOLDER]: every test of the bundled VMM in the nested rig, for hours: all machine
# tests, every preset that fits its memory, the base suite, runs killed at random moments.
# The artefacts go to FOLDER (OUTPUT/obj/check/nested-long).
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
make -s OUTPUT="$out" all e2e-tests nested-host || exit
runs=$(realpath -m "${1:-$out/obj/check/nested-long}")
mkdir -p "$runs" || exit
kernel=${KTSTR_TEST_KERNEL:-$("$out/ktstr" kernel path)}
exec tests/nested/run.sh -t 86400 -m 12000 -o "$runs" ${kernel:+-k "$kernel"} -- \
	env OUTPUT="$out" RUNS_ROOT="$runs" tests/nested/check.sh long
