# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The beginning of a shell test, for which the top of the tree is the working directory: $out is the
# build folder, $tmp a folder of its own that goes when it ends, $seed that of its deterministic runs, of
# which tests/long/margins.sh tries others.

# shellcheck disable=SC2034 # the tests read it
out=${OUTPUT:-$PWD/build} seed=${TEST_SEED:-1}
tmp=$(realpath "$(mktemp -d)") || exit 1
trap 'rm -rf "$tmp"' EXIT
. tests/lib.sh
