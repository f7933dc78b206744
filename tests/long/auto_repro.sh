#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Auto-repro explains crashes of eight kinds: the repro_* tests of scenarios/scheduler_faults.c, each of which fails
# unless the second run has failed at the same nanosecond, and the words in the report that explain
# the mistake. docs/auto-repro.md has the table. With KTSTR_PROBE_ENGINE=bpf the second run is another one, with
# probes by BPF programs, and has to fail in the same way and show the same.
#
# usage: auto_repro.sh [KIND...]
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
engine=${KTSTR_PROBE_ENGINE:-auto}
forget_settings
export KTSTR_PROBE_ENGINE=$engine

# explained KIND VERDICT WORDS...: the verdict, and lines of the report's section, in this order.
explained()
{
	local kind=$1 verdict=$2 from=1 at

	shift 2
	"$out/ktstr" run --seed 1 --verbose --runs "$tmp/r" -t "repro_$kind" > "$tmp/tap" 2>&1
	grep -q "^$verdict 1 ktstr/repro_$kind" "$tmp/tap"
	result $? "$kind: $verdict" "$tmp/tap"
	sed -n '/^--- auto-repro ---/,/^--- [a-z ]*diagnostics ---/p' "$tmp"/r/*/"ktstr.repro_$kind/report.txt" > "$tmp/section"
	for words; do
		at=$(tail -n "+$from" "$tmp/section" | grep -n -m 1 -- "$words" | cut -d : -f 1)
		[ -n "$at" ]
		result $? "$kind: $words" "$tmp/section"
		from=$((from + ${at:-0}))
	done
	rm -rf "$tmp/r"
}

# wanted KIND
wanted()
{
	[ "$all" ] || [[ " $kinds " = *" $1 "* ]]
}

echo "TAP version 13"
kinds=$* all=
[ $# -gt 0 ] || all=1
same='^the second run failed in the same way at the same nanosecond'
[ "$engine" != bpf ] || same='^the second run, another one with probes by BPF, failed in the same way'
! wanted error || explained error ok "$same" \
	'ops\.dispatch cpu=[01] .*(has not returned: scx_ktstr\.bpf\.c:[0-9]*)$' 'kind=SCX_EXIT_ERROR_BPF(1025)'
! wanted stall || explained stall ok "$same" \
	'ops\.enqueue .*ddsp_dsq_id=SCX_DSQ_INVALID->DSQ(0)' 'scx_dispatch_enqueue .*id=DSQ(0)' \
	'kind=SCX_EXIT_ERROR_STALL(1026)'
! wanted bad_dsq || explained bad_dsq ok "$same" \
	'ops\.enqueue .*ddsp_dsq_id=SCX_DSQ_INVALID->DSQ(0xbad)' 'dsq_id=DSQ(0xbad)' 'kind=SCX_EXIT_ERROR(1024)'
! wanted bad_cpu || explained bad_cpu ok "$same" \
	'ops\.enqueue .*ddsp_dsq_id=SCX_DSQ_INVALID->SCX_DSQ_LOCAL_ON|2' 'kind=SCX_EXIT_ERROR(1024)'
! wanted double_insert || explained double_insert ok "$same" \
	'ops\.enqueue .*(has not returned: [a-z_]*\.bpf\.[ch]:[0-9]*)$' 'scx_bpf_dsq_insert.* dsq_id=DSQ(0)' \
	'scx_bpf_dsq_insert.* ddsp_dsq_id=DSQ(0) dsq_id=DSQ(0)' 'kind=SCX_EXIT_ERROR(1024)'
! wanted null_kptr || explained null_kptr ok "$same" \
	'ops\.enqueue comm=.*(has not returned: [a-z_]*\.bpf\.[ch]:[0-9]*)$' 'kind=SCX_EXIT_ERROR_BPF(1025)'
! wanted init_task || explained init_task ok "$same" \
	'scx_fork comm=' 'ops\.init_task .*fork=1 (has not returned: [a-z_]*\.bpf\.[ch]:[0-9]*)$' 'kind=SCX_EXIT_ERROR_BPF(1025)'
! wanted rejected || explained rejected 'not ok' \
	"^not repeated: the verifier rejected ktstr_dispatch: R1 invalid mem access 'scalar'" \
	'122: (b7) r1 = 0 *; R1=0' '(7b) \*(u64 \*)(r1 +0) = r2' "^R1 invalid mem access 'scalar'"
finish
