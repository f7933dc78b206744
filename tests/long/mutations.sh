#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Is every mistake that scx_mutant can make noticed by the catalogue? Each row below names a
# mistake and scenarios of which at least one has to fail because of it, by a finding and not
# because a deadline passed; without a mistake, and without a scheduler, all of them have to pass.
# Prints the table of docs/mutations.md and ends with "N of N"; what the kernel at hand cannot be
# asked for is skipped and does not count.
#
# usage: mutations.sh [MISTAKE...]
#	ALL=1 goes on with the other scenarios of a row after one has failed
#	PART=I/N does every Nth row from the Ith on, so that N of them at once do all
set -u
cd "$(dirname "$0")/../.." || exit 1
export KTSTR_AUTO_REPRO=off	# verdicts are wanted, not reasons
out=${OUTPUT:-$PWD/build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# mistake, topology, duration in seconds, scenarios; a mistake may have a further argument of the
# scheduler behind a colon, which it has without the mistake too
rows=(
	"drop 1n2l2c1t 2 cgroup_oversubscribed"
	"drop-moved 1n2l2c1t 2 cgroup_no_ctrl_task_migration nested_cgroup_task_move"
	"leak-last 1n1l2c1t 2 cgroup_steady"
	"home-queue 1n2l2c1t 2 cgroup_cpuset_apply_midrun"
	"late-wakeup 1n2l2c1t 2 cgroup_bursty_imbalance"
	"ignore-cpuset 1n2l2c1t 2 cgroup_cpuset_apply_midrun cgroup_affinity_pinned"
	"stale-mask 1n2l2c1t 2 cgroup_affinity_change cgroup_cpuset_resize"
	"bad-cpu 1n1l2c1t 2 cgroup_steady"
	"offline-queue 1n1l4c1t 5 cpu_offline_midrun"
	"offline-error 1n1l4c1t 2 cpu_offline_midrun"
	"starve-kthread 1n1l2c1t 5 stall_detect"
	"starve-cgroup 1n1l2c1t 2 cgroup_all_loaded"
	"starve-new 1n2l2c1t 4 cgroup_add_during_imbalance"
	"starve-nested 1n1l2c1t 2 nested_cgroup_steady"
	"starve-pinned 1n2l2c1t 2 cgroup_dsq_contention"
	"starve-batch 1n1l4c1t 4 sched_mixed"
	"starve-nice 1n1l2c1t 4 nice_beside_normal"
	"starve-yield 1n1l2c1t 4 cgroup_load_imbalance"
	"starve-sleeper 1n1l2c1t 4 cgroup_bursty_imbalance"
	"no-preempt 1n1l2c1t 2 cgroup_all_loaded"
	"no-preempt 1n1l4c1t 1 host_cgroup_contention"
	"no-preempt 1n1l4c1t 1 cgroup_pipe_io"
	"no-preempt 1n1l4c1t 1 cgroup_cpuset_load_shift"
	"no-preempt 1n1l4c1t 1 cgroup_affinity_pinned"
	"no-preempt 1n1l4c1t 1 sched_batch"
	"no-preempt 1n1l4c1t 1 stall_detect"
	"no-preempt 1n1l4c1t 1 stall_recovery"
	"no-preempt 1n1l4c1t 1 cgroup_idle_overloaded"
	"no-preempt 1n1l4c1t 1 cgroup_cpuset_overlap_imbalance"
	"no-preempt 1n1l4c1t 1 cgroup_imbalance_mixed_workload"
	"no-preempt 1n1l4c1t 1 cgroup_io_compute_imbalance"
	"no-preempt 1n1l4c1t 1 cache_pipe_io_compute_imbalance"
	"no-preempt 1n1l4c1t 1 cgroup_no_ctrl_load_imbalance"
	"long-slice 1n1l2c1t 2 cgroup_all_loaded"
	"lifo 1n1l2c1t 2 cgroup_all_loaded"
	"new-first 1n2l2c1t 8 cgroup_add_load_imbalance"
	"invert-weight 1n1l2c1t 2 nice_beside_normal"
	"sticky 1n2l2c1t 2 idle_cpus_take_tasks"
	"one-cpu 1n2l2c1t 2 idle_cpus_take_tasks"
	"one-cpu 1n2l4c1t 2 fan_out_wake"
	"one-cpu 1n2l4c1t 2 fan_out_compute"
	"one-cpu 1n2l4c1t 2 cgroup_llc_overflow"
	"one-cpu 1n2l4c1t 2 cgroup_multicpu_pin"
	"one-cpu 1n2l4c1t 2 cgroup_cpuset_multicpu_pin"
	"one-cpu 1n2l4c1t 2 cgroup_cpuset_clear_midrun"
	"one-cpu 1n2l4c1t 2 cgroup_partial_cpus_steady"
	"one-cpu 1n2l4c1t 2 cgroup_cpuset_change_imbalance"
	"one-cpu 1n2l8c1t 2 cgroup_cpuset_overlap_imbalance_combined"
	"no-idle 1n1l4c1t 2 idle_cpus_take_sleepers"
	"wake-local 1n2l2c1t 2 idle_cpus_take_wakeups"
	"wrong-node 2n2l2c1t 2 numa_sleepers_stay"
	"slow-enqueue 1n1l4c1t 2 idle_cpus_take_wakeups"
	"cgroup-leak 1n2l3c1t 2 cgroup_workload_variety"
	"task-leak 1n1l2c1t 2 fork_exit_churn"
	"choke-on-affinity 1n1l2c1t 2 affinity_churn"
	"weight-cache 1n1l2c1t 2 nice_sweep"
	"nice-ignored 1n1l2c1t 2 weights_match_table"
	"cpu-max-ignored 1n1l2c1t 2 cgroup_cpu_max_tight"
	"controllers 1n1l2c1t 1 cgroup_controllers_toggled"
	"drop-returned 1n1l2c1t 2 policy_churn"
	"drop-returned:--partial 1n1l2c1t 2 policy_ext_partial"
	"cancelled-fork 1n1l2c1t 2 forks_cancelled"
	"affinity-queue 1n1l4c1t 2 affinity_beside_idle_cpus"
	"empty-cell 1n1l4c1t 2 cpusets_leave_no_cpu"
	"kthread-wakes-last 1n1l2c1t 2 psi_triggers"
	"heartbeat 1n1l2c1t 2 everybody_frozen"
	"core-order 1n1l2c2t 2 core_cookies"
	"ignore-cpuset 1n2l4c1t 2 cgroup_cpuset_llc_steady"
	"ignore-cpuset 1n2l4c1t 2 cgroup_cpuset_cross_llc_steady"
	"ignore-cpuset 1n2l4c1t 2 cgroup_cpuset_overlap_steady"
	"stale-mask 1n2l4c1t 2 cgroup_cpuset_resize"
	"stale-mask 1n2l4c1t 2 cgroup_cpuset_swap_disjoint"
	"ignore-cpuset 1n2l4c1t 2 cgroup_cpuset_workload_imbalance"
	"choke-on-affinity 1n2l4c1t 2 cgroup_affinity_random"
	"ignore-cpuset 1n2l4c1t 2 cgroup_affinity_spanning"
	"ignore-cpuset 1n2l4c1t 2 cgroup_cpuset_llc_affinity"
	"drop 1n2l4c1t 2 mutex_contention_light"
	"drop 1n2l4c1t 2 mutex_contention_heavy"
	"ignore-cpuset 1n2l4c1t 2 cgroup_cpuset_workload_variety"
	"stale-mask 1n2l4c1t 2 cgroup_cpuset_cross_llc_race"
	"ignore-cpuset 1n2l4c1t 2 cgroup_cpuset_overlap_load_imbalance"
	"drop-moved 1n2l4c1t 2 nested_cgroup_task_move"
	"ignore-cpuset 1n2l4c1t 2 nested_cgroup_cpuset"
	"starve-cgroup 1n2l4c1t 2 cgroup_4way_load_imbalance"
	"ignore-cpuset 1n2l4c1t 2 cgroup_cpuset_imbalance_combined"
	"drop-moved 1n2l2c1t 2 cgroup_no_ctrl_imbalance"
	"ignore-cpuset 1n2l4c1t 2 cgroup_no_ctrl_cpuset_change"
	"stale-mask 2n2l2c1t 2 cgroup_cpuset_numa_swap"
	"drop 1n1l2c1t 2 cgroup_affinity_inherit"
	"drop 1n1l2c1t 2 sched_idle"
	"leak-last 1n1l2c1t 2 sched_fifo"
	"leak-last 1n1l2c1t 2 sched_rr"
	"drop 1n1l2c1t 2 cgroup_rapid_churn"
	"drop 1n1l2c1t 2 cgroup_uneven_steady"
	"drop 1n1l2c1t 2 page_fault_churn"
	"leak-last 1n1l2c1t 2 cgroup_per_cpu"
	"drop 1n1l2c1t 2 cgroup_bursty_load_shift"
	"drop 1n1l2c1t 2 nested_cgroup_rapid_churn"
	"drop 1n1l2c1t 2 nested_cgroup_imbalance"
	"drop 1n1l2c1t 2 nested_cgroup_no_ctrl"
	"drop 1n1l2c1t 2 cgroup_load_oscillation"
	"drop 1n1l2c1t 2 cache_pressure_imbalance"
	"drop 1n2l4c1t 2 cgroup_add_midrun"
	"drop 1n2l4c1t 2 cgroup_remove_midrun"
	"ignore-cpuset 1n2l4c1t 2 cgroup_cpuset_add_remove"
	"leak-last 1n2l4c1t 2 cgroup_exhaust_reuse"
	"drop 1n2l4c1t 2 cgroup_dynamic_workload_variety"
	"leak-last 1n2l4c1t 2 cache_yield_wake_affine"
)

# run TOPOLOGY DURATION SCHEDULER MISTAKE SCENARIO: what failed it, "-" when nothing did, or
# "SKIP reason".
run()
{
	local args=(--scenario "$5" --topology "$1" --duration "$2" --seed 1 --runs "$tmp/runs")

	[ "$3" = eevdf ] || args+=(--scheduler "$3" -- --fault "${4%%:*}")
	[ "$3" = eevdf ] || [ "${4#*:}" = "$4" ] || args+=("${4#*:}")
	"$out/ktstr" run "${args[@]}" > "$tmp/tap" 2> "$tmp/err"
	rm -rf "$tmp/runs"
	if grep -q '^not ok ' "$tmp/tap"; then
		# the first finding; "INCONCLUSIVE" and notes are none
		sed -n '/^# ktstr_test /,/^# ---/s/^#   //p' "$tmp/tap" |
			grep -vE '^(INCONCLUSIVE|note):?' | head -n 1 | grep . || echo "?"
	elif grep -q '^ok .*# SKIP' "$tmp/tap"; then
		sed -n 's/^ok .*# \(SKIP.*\)/\1/p' "$tmp/tap"
	elif grep -q '^ok ' "$tmp/tap"; then
		echo -
	else
		tail -n 3 "$tmp/err" >&2
		echo "?"
	fi
}

caught=0 total=0 alarms=0 skipped=0 nr=0
part=${PART:-1/1}
if ! [[ $part =~ ^[1-9][0-9]*/[1-9][0-9]*$ && ${part%/*} -le ${part#*/} ]]; then
	echo "mutations.sh: PART=$part: must be I/N, with I from 1 to N" >&2
	exit 1
fi
declare -A sound
echo "| mistake | the scheduler ... | scenario | fails with |"
echo "|---|---|---|---|"
for row in "${rows[@]}"; do
	read -r fault topology duration scenarios <<< "$row"
	name=${fault%%:*}
	[ $# = 0 ] || [[ " $* " = *" $name "* ]] || continue
	nr=$((nr + 1))
	[ $(((nr - ${part%/*}) % ${part#*/})) = 0 ] || continue
	what=$("$out/scx_mutant" --list | sed -n "s/^$name\t//p")
	total=$((total + 1)) got=0
	for s in $scenarios; do
		key="$s $topology $duration ${fault#"$name"}"
		if [ -z "${sound[$key]:-}" ]; then
			sound[$key]="$(run "$topology" "$duration" eevdf none "$s") $(run "$topology" "$duration" scx_mutant "none${fault#"$name"}" "$s")"
			[[ ${sound[$key]} = "- -" || ${sound[$key]} = SKIP*SKIP* ]] || {
				alarms=$((alarms + 1))
				echo "| \`none\` | is sound | \`$s\` | ${sound[$key]} (FALSE ALARM) |"
			}
		fi
		why=$(run "$topology" "$duration" scx_mutant "$fault" "$s")
		case $why in
		-)	[ -n "${ALL:-}" ] || continue ;;
		SKIP*)	got=skip ;;
		\?*|*"did not finish within"*)	;;
		*)	got=1 ;;
		esac
		echo "| \`$name\` | $what | \`$s\` | ${why//|/\\|} |"
		[ -n "${ALL:-}" ] || [ $got = 0 ] || break
	done
	[ $got = 0 ] && echo "| \`$name\` | $what | none of: $scenarios | NOT CAUGHT |"
	[ $got = skip ] && skipped=$((skipped + 1)) total=$((total - 1)) && continue
	caught=$((caught + got))
done
[ $skipped = 0 ] || echo "$skipped skipped"
echo "$caught of $total"
[ $caught = "$total" ] && [ $alarms = 0 ]
