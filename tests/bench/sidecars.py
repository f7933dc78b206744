#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""sidecars.py ROOT TESTS [REPEATS]: two runs, "a" and "b", of so many tests.

The sidecars have the keys, and about the size, of real ones. Figures are functions of test, run and
repeat, so that two calls write the same bytes. In run b, the worst_run_delay_us of every hundredth
test is three times as large; nothing else differs by more than its noise.
"""
import json
import os
import sys


def noise(*key):
    """From 0 to 1, and the same for the same key (FNV-1a)."""
    h = 0xcbf29ce484222325
    for c in repr(key).encode():
        h = ((h ^ c) * 0x100000001b3) & (1 << 64) - 1
    return (h >> 11) / (1 << 53)


def figures(scale):
    return {
        "total_workers": 8, "total_cpus": 4, "worst_spread": 3 * scale, "worst_gap_ms": 60 * scale,
        "worst_gap_cpu": 3, "total_migrations": round(400 * scale),
        "worst_migration_ratio": .01 * scale, "worst_p99_wake_latency_us": 900 * scale,
        "worst_median_wake_latency_us": 300 * scale, "worst_wake_latency_cv": .5 * scale,
        "worst_wake_latency_tail_ratio": 3 * scale, "total_work_units": round(9e6 * scale),
        "total_iterations": round(90000 * scale), "worst_iterations_per_worker": 11000 * scale,
        "worst_iteration_rate": 5500 * scale, "worst_work_rate": 6e5 * scale,
        "worst_mean_run_delay_us": 2000 * scale, "worst_run_delay_us": 4000 * scale,
        "worst_page_locality": None, "worst_cross_node_migration_ratio": None,
        "ext_metrics": {},
    }


def sidecar(run, test, repeat):
    scale = 1 + .04 * (noise(run, test, repeat) - .5)
    stats = figures(scale)
    if run == "b" and test % 100 == 0:
        stats["worst_run_delay_us"] *= 3
    cgroup = {f"figure_of_a_cgroup_{i}": i * scale for i in range(34)}
    cgroup["wake_latency"] = {"total": 9000, "log2_ns": [round(i * scale) for i in range(40)]}
    stats["cgroups"] = [dict(cgroup, name=f"cg_{i}") for i in range(4)]
    return {
        "schema_version": 1, "test_name": f"test_{test}", "variant": f"ktstr/test_{test}",
        "topology": f"1n{1 + test % 4}l4c1t", "duration_s": 5, "scheduler": f"scx_{test % 5}",
        "project_commit": "aaaaaaa" if run == "a" else "bbbbbbb", "kernel_commit": None,
        "work_type": None, "kernel_version": "7.3.4", "run_source": "local", "accel": "tcg",
        "deterministic": False, "seed": repeat, "metrics": [], "verdict": "pass", "passed": True,
        "skipped": False, "inconclusive": False, "stats": stats,
        "monitor": {
            "max_imbalance_ratio": 2 * scale, "max_local_dsq_depth": 3, "stall_detected": False,
            "event_deltas": {"select_cpu_fallback": 2, "dispatch_keep_last": round(30 * scale)},
        },
        "host": {"timestamp": f"2026-01-0{1 + (run == 'b')}T00:00:00Z", "arch": "x86_64"},
    }


def main():
    root, tests = sys.argv[1], int(sys.argv[2])
    repeats = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    for run in "a", "b":
        for test in range(tests):
            for repeat in range(repeats):
                folder = f"{root}/{run}/ktstr.test_{test}" + (f".{repeat + 1}" if repeat else "")
                os.makedirs(folder)
                with open(f"{folder}/test_{test}-0.ktstr.json", "w", encoding="utf-8") as f:
                    json.dump(sidecar(run, test, repeat), f, indent=1)


if __name__ == "__main__":
    main()
