# SPDX-License-Identifier: GPL-2.0
"""
What drgn reads in a core, by the kernel's DWARF, against the dump of the same moment, which ktstr
has made by BTF and kallsyms from the guest's memory. drgn executes this:

    drgn -c CORE -s VMLINUX vmcore.py DUMP

Prints "FIGURE: equal N, wrong N" for each figure and exits with 1 if anything is wrong.
"""
import json
import os
import sys

from drgn.helpers.linux.cpumask import for_each_online_cpu
from drgn.helpers.linux.percpu import per_cpu
from drgn.helpers.linux.pid import for_each_task

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from figures import Figures  # noqa: E402

FIGURES = Figures("drgn")
note = FIGURES.note


def compare_tasks(dump):
    """All tasks; the idle ones of the CPUs are in the dump only."""
    its = {t.pid.value_(): t for t in for_each_task(prog)}
    ours = {t["pid"]: t for t in dump["task_enrichments"] if t["pid"]}
    note("tasks", sorted(ours), sorted(its), "pids")
    for pid in set(ours) & set(its):
        t, k = ours[pid], its[pid]
        where = "%s[%d]" % (t["comm"], pid)
        for figure, mine, theirs in (
                ("comm", t["comm"], k.comm.string_().decode()),
                ("kva", t["kva"], k.value_()),
                ("prio", t["prio"], k.prio.value_()),
                ("nvcsw", t["nvcsw"], k.nvcsw.value_()),
                ("nr_cpus_allowed", t["nr_cpus_allowed"], k.nr_cpus_allowed.value_()),
                ("scx.flags", t["scx_flags"], k.scx.flags.value_()),
                ("scx.slice", t["scx_slice"], k.scx.slice.value_()),
                ("scx.weight", t["weight"], k.scx.weight.value_()),
                ("sum_exec_runtime", t["sum_exec_runtime_ns"], k.se.sum_exec_runtime.value_())):
            note("task." + figure, mine, theirs, where)


def compare_cpus(dump):
    """Runqueues and, by unwinding, where each CPU is."""
    regs = {r["cpu"]: r for r in dump["vcpu_regs"]}
    for c in dump["rq_scx_states"]:
        rq, where = per_cpu(prog["runqueues"], c["cpu"]), "CPU %d" % c["cpu"]
        note("cpu.nr_running", c["rq_nr_running"], rq.nr_running.value_(), where)
        note("cpu.scx.nr_running", c["nr_running"], rq.scx.nr_running.value_(), where)
        note("cpu.clock", c["clock"], rq.clock.value_(), where)
        note("cpu.curr", c["curr_pid"], rq.curr.pid.value_(), where)
        trace = prog.stack_trace(rq.curr)
        note("cpu.pc", int(regs[c["cpu"]]["instruction_pointer"], 16), trace[0].pc, where)
        if regs[c["cpu"]]["mode"] != "user":
            note("cpu.function", regs[c["cpu"]]["symbol"].split("+")[0], trace[0].name, where)
            note("cpu.unwound", len(trace) > 1, True, where)
    note("cpus", [c["cpu"] for c in dump["rq_scx_states"]], list(for_each_online_cpu(prog)), "CPUs")


def compare_scheduler(dump):
    """What is attached, and why it left."""
    sched, ours = prog["scx_root"], dump["scx_sched_state"]
    note("jiffies", dump["jiffies"], prog["jiffies_64"].value_(), "the machine")
    note("sched.ops", ours["ops"], sched.ops.name.string_().decode(), "scheduler")
    note("sched.kva", ours["sched_kva"], sched.value_(), "scheduler")
    if "exit_info" in dump:
        ei = sched.exit_info
        note("exit.kind", dump["exit_info"]["kind"], ei.kind.value_(), "exit")
        note("exit.msg", dump["exit_info"]["msg"], ei.msg.string_().decode(), "exit")
        note("exit.bt_len", len(dump["exit_info"]["backtrace"]), ei.bt_len.value_(), "exit")


def main():
    with open(sys.argv[1]) as f:
        root = json.load(f)
    dump = root.get("late", root)
    compare_tasks(dump)
    compare_cpus(dump)
    compare_scheduler(dump)
    sys.exit(FIGURES.status())


main()
