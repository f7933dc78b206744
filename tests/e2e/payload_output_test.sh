#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What payloads print reaches the run's folder whole: of one whose check fails, of one in the middle
# of a flood, and of one whose body is killed. One guest.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh

cat > "$tmp/prints.c" <<'EOF'
#include <ktstr.h>

KTSTR_PAYLOAD(tests, .binary = "printf", .args = KTSTR_STRS("ok 1 a\nnot ok 2 b\n"),
	      METRIC_RULES({ "passed", "^# pass:([0-9]+)" }), PAYLOAD_CHECKS(METRIC_MIN("passed", 2)));
KTSTR_PAYLOAD(flood, .binary = "seq", .args = KTSTR_STRS("500000"));
KTSTR_PAYLOAD(complains, .binary = "cat", .args = KTSTR_STRS("/nonexistent"));
KTSTR_PAYLOAD(endless, .binary = "awk",
	      .args = KTSTR_STRS("BEGIN { print \"I began\"; fflush(); while (1) i++ }"));

/* Its last step takes longer than it may: the body is killed while a payload runs. */
KTSTR_TEST(prints, .duration_s = 5, .grace_s = 0, .payload = &tests,
	   .workloads = PAYLOADS(&flood, &complains, &endless))
{
	return ktstr_run(ctx,
		STEP(OPS(ADD_CGROUP("cg_a"), RUN_PAYLOAD(&tests, "cg_a"),
			 WAIT_PAYLOAD(&tests, "cg_a"), RUN_PAYLOAD(&flood, NULL),
			 WAIT_PAYLOAD(&flood, NULL), RUN_PAYLOAD(&complains, NULL),
			 WAIT_PAYLOAD(&complains, NULL)), HOLD_NONE),
		STEP(OPS(RUN_PAYLOAD(&endless, NULL),
			 WAIT_PAYLOAD(&endless, NULL, .timeout_ns = 60000000000ull)), HOLD_NONE));
}
EOF

# has FILE TEXT: the run's file has that line.
has()
{
	grep -qxF -- "$2" "$tmp/runs/r/ktstr.prints/$1"
}

echo "TAP version 13"
if ! gcc -std=gnu11 -O2 -Wall -Wextra -Werror -Woverride-init -Wno-missing-field-initializers \
	-D_GNU_SOURCE -Iharness/include -pthread "$tmp/prints.c" "$out/obj/libktstr.a" \
	-Wl,--as-needed -llz4 -lz -lzstd -ljansson -lm -o "$tmp/prints" > "$tmp/log" 2>&1 ||
	! cp "$out"/{hostcall.so,image_init} "$tmp"; then
	result 1 "build" "$tmp/log"
	finish
	exit
fi

KTSTR_ACCEL=tcg KTSTR_SEED=$seed KTSTR_RUNS_ROOT=$tmp/runs KTSTR_RUN_ID=r timeout 250 \
	"$tmp/prints" -t prints > "$tmp/log" 2>&1
grep -q "body did not finish within 5s" "$tmp/log"
result $? "the body was killed as it should" "$tmp/log"
has payload.tests.stdout "not ok 2 b"
result $? "a stream of a payload is a file" "$tmp/log"
grep -q "^# *not ok 2 b$" "$tmp/log" && grep -q "payload.tests.stdout:" "$tmp/log"
result $? "the report shows it, as a check of it failed" "$tmp/log"
has payload.flood.stdout 1 && has payload.flood.stdout 500000 &&
	grep -qx '\[\.\.\. 2340319 bytes cut \.\.\.\]' "$tmp"/runs/r/*/payload.flood.stdout
result $? "a flood is cut in the middle, which is said"
grep -q "No such file or directory" "$tmp"/runs/r/*/payload.complains.stderr
result $? "its standard error has a file of its own"
has payload.endless.stdout "I began"
result $? "what a payload printed whose body was killed is not lost"
! ls "$tmp"/runs/r/*/payload.tests.stderr > /dev/null 2>&1
result $? "a stream that is empty has no file"
finish
