# SPDX-License-Identifier: GPL-2.0
"""
Compares a dump with the kernel's own words about the same moment. When a scheduler leaves by an
error, the kernel writes a debug dump in the function at whose entry ktstr takes its own; the
scheduler's loader prints it. Nothing happens in between, so both have to say the same.

usage: dump_truth.py DUMP SCHED_LOG [CORE]

With CORE, the ELF core of the same moment has to have the same registers, and each task of the dump at
its address.

Prints "FIGURE: equal N, wrong N" for each figure and exits with 1 if anything is wrong or missing.
"""
import json
import re
import struct
import sys

sys.dont_write_bytecode = True
from figures import Figures  # noqa: E402

FIGURES = Figures("the kernel")
note = FIGURES.note


def mask_of(cpus):
    """The bits of a list as 0-2,5."""
    bits = 0
    for part in cpus.split(",") if cpus else []:
        first, _, last = part.partition("-")
        for cpu in range(int(first), int(last or first) + 1):
            bits |= 1 << cpu
    return bits


def tasks_of(text):
    """{pid: {figure: value}} of the kernel's lines about tasks."""
    tasks = {}
    pattern = re.compile(r"^ ([* ])([A-Z?]) (.*)\[(\d+)\] ?(?:\S+ )?([+-]\d+)ms\n((?:      .*\n)+)", re.M)
    for m in pattern.finditer(text):
        task = {"running": m[1] == "*", "comm": m[3], "wait": -int(m[5])}
        for key, value in re.findall(r"([\w/]+)=(\S+)", m[6]):
            task[key] = value
        tasks[int(m[4])] = task
    return tasks


def compare_tasks(late, text):
    """Each task that the kernel lists, value by value."""
    ours = {t["pid"]: t for t in late["task_enrichments"]}
    for pid, k in tasks_of(text).items():
        t = ours.get(pid)
        where = "%s[%d]" % (k["comm"], pid)
        note("task.listed", t is not None, True, where)
        if t is None:
            continue
        note("task.comm", t["comm"], k["comm"], where)
        note("task.running", t["running"], k["running"], where)
        if not k["running"]:
            note("task.runnable_for_ms", t.get("runnable_for_ms", 0), k["wait"], where)
        flags = int(k["scx_state/flags"].split("/")[1], 16)
        note("task.scx_flags", t["scx_flags"] & 0xff, flags & 0xff, where)
        dsq = k["dsq_id"]
        note("task.dsq_id", t.get("dsq_id", "(n/a)"), dsq, where)
        sticky, holding = k["sticky/holding_cpu"].split("/")
        note("task.sticky_cpu", t["scx_sticky_cpu"], int(sticky), where)
        note("task.holding_cpu", t["scx_holding_cpu"], int(holding), where)
        note("task.dsq_vtime", t["scx_dsq_vtime"], int(k["dsq_vtime"]), where)
        # 6.12 prints neither
        for key, ours_key in (("slice", "scx_slice"), ("weight", "weight")):
            if key in k:
                note("task." + key, t[ours_key], int(k[key]), where)
        note("task.cpus_allowed", mask_of(t["cpus_allowed"]), int(k["cpus"].replace(",", ""), 16),
             where)
        state = ["NONE", "QUEUEING", "QUEUED", "DISPATCHING"]
        note("task.ops_state", t["ops_state"], state[int(k["ops_state/qseq"].split("/")[0])], where)


def compare_cpus(late, text):
    """The lines about CPUs, those with tasks or something to say."""
    ours = {c["cpu"]: c for c in late["rq_scx_states"]}
    pattern = re.compile(r"^CPU (\d+)\s*: (.*)\n((?:          .*\n)+)", re.M)
    for m in pattern.finditer(text):
        c, where = ours[int(m[1])], "CPU " + m[1]
        figures = dict(re.findall(r"(\w+)=(\S+)", m[2]))
        note("cpu.nr_running", c["nr_running"], int(figures["nr_run"]), where)
        note("cpu.flags", c["flags"], int(figures["flags"], 16), where)
        note("cpu.cpu_released", c["cpu_released"], int(figures["cpu_rel"]), where)
        # it has become kick_sync since
        if "pnt_seq" in figures:
            note("cpu.pnt_seq", c["pnt_seq"], int(figures["pnt_seq"]), where)
        curr = re.search(r"curr=(.*)\[(-?\d+)\]", m[3])
        note("cpu.curr", "%s[%d]" % (c["curr_comm"], c["curr_pid"]), curr[1] + "[%s]" % curr[2], where)
        listed = re.split(r"^CPU \d", text[m.end():], maxsplit=1, flags=re.M)[0]
        # what runs is listed too, but it is not on the list
        pids = [int(p) for p in re.findall(r"^  [A-Z?] .*\[(\d+)\]", listed, re.M)]
        names = {t["pid"]: "%s[%d]" % (t["comm"], t["pid"]) for t in late["task_enrichments"]}
        note("cpu.runnable_tasks", c["runnable_tasks"], [names.get(p) for p in pids], where)


def variable(late, name):
    """A global variable of the scheduler."""
    for m in late["maps"]:
        for v in m.get("value", {}).get("members", []):
            if v["name"] == name:
                return int(v["value"]["value"])
    return None


def compare_scheduler(late, text):
    """Its exit, its events, its variables and its queue, as its own dump callbacks print them."""
    e = late["exit_info"]
    kind = re.search(r"triggered exit kind (\d+)", text)
    note("exit.kind", e["kind"], int(kind[1]), "exit")
    words = re.search(r"^  (.*) \((.*)\)$", text, re.M)
    note("exit.reason", e["reason"], words[1], "exit")
    note("exit.msg", e["msg"], words[2], "exit")
    trace = re.search(r"Backtrace:\n((?:  .*\n)+)", text)
    kernels = [line.strip().split("/")[0] for line in trace[1].splitlines()]
    note("exit.backtrace", e["backtrace"], kernels, "exit")
    for name, value in re.findall(r"^\s+SCX_EV_(\w+):\s+(-?\d+)$", text, re.M):
        note("events", late["event_counters"].get(name.lower()), int(value), name)
    for pair in re.findall(r"^ktstr: (.*=.*)$|(?<=degrade_cnt)()", text, re.M):
        for key, value in re.findall(r"(\w+)=(\d+)", pair[0].replace("ktstr:", " ")):
            for name in (key, "nr_" + key):
                if variable(late, name) is not None:
                    note("map.variables", variable(late, name), int(value), name)
    queued = re.search(r"shared_dsq=(\d+)", text)
    user = [q for q in late["dsq_states"] if q["origin"] == "user"]
    if queued and user:
        note("dsq.nr", user[0]["nr"], int(queued[1]), "DSQ " + user[0]["id"])
        note("dsq.tasks", len(user[0]["tasks"]), int(queued[1]), "DSQ " + user[0]["id"])
    magic = re.findall(r"ctx magic=([0-9a-f]+) counter=(\d+)", text)
    slots = [m for m in late["maps"] if m["name"].startswith("ktstr_task_slo")]
    for value, counter in magic[:1] if slots else []:
        for e in slots[0]["entries"]:
            ctx = e["value"]["members"][0]["value"].get("deref")
            members = {m["name"]: m["value"].get("value") for m in ctx["members"]} if ctx else {}
            note("arena.magic", members.get("magic"), int(value, 16), e.get("owner"))
            note("arena.counter", members.get("counter"), int(counter), e.get("owner"))


def compare_registers(late, text):
    """One CPU stands in the function that writes the kernel's dump; it runs the task that wrote it."""
    regs = {r["cpu"]: r for r in late["vcpu_regs"]}
    where = [r for r in late["vcpu_regs"] if re.fullmatch(
        r"scx_(disable|error|ops_error)_irq_workfn\+0(x0)?",
        r.get("symbol", ""))]
    note("regs.symbol", len(where), 1, "CPUs at the function")
    author = re.search(r"^(.*)\[(\d+)\] triggered exit kind", text, re.M)
    for r in where:
        note("regs.curr", "%s[%d]" % (r["curr_comm"], r["curr_pid"]),
             "%s[%s]" % (author[1], author[2]), "CPU %d" % r["cpu"])
    for m in re.finditer(r"^CPU (\d+)\s*: .*\n\s+curr=(.*)\[(-?\d+)\]", text, re.M):
        r = regs[int(m[1])]
        note("regs.curr", "%s[%d]" % (r["curr_comm"], r["curr_pid"]), "%s[%s]" % (m[2], m[3]),
             "CPU " + m[1])


def segments(core):
    """The program headers of an ELF core: type, offset, vaddr, paddr, size."""
    with open(core, "rb") as f:
        head = f.read(64)
        if head[:5] != b"\x7fELF\x02" or struct.unpack_from("<HH", head, 16) != (4, 62):
            sys.exit("%s is no ELF core of x86-64" % core)
        at, = struct.unpack_from("<Q", head, 32)
        size, nr = struct.unpack_from("<HH", head, 54)
        f.seek(at)
        table = f.read(size * nr)
    return [(kind, offset, vaddr, paddr, length) for kind, _, offset, vaddr, paddr, length in
            (struct.unpack_from("<IIQQQQ", table, i * size) for i in range(nr))]


def notes(data):
    """(name, type, description) of each note."""
    at = 0
    while at < len(data):
        name, desc, kind = struct.unpack_from("<III", data, at)
        at += 12
        text = data[at:at + name].rstrip(b"\0").decode()
        at += name + -name % 4
        yield text, kind, data[at:at + desc]
        at += desc + -desc % 4


def compare_core(late, core):
    """Registers and tasks, found in the core by what an ELF file says of itself."""
    parts = segments(core)
    with open(core, "rb") as f:
        status = []
        for kind, offset, _, _, length in parts:
            if kind == 4:
                f.seek(offset)
                status = [n for n in notes(f.read(length))]
        cpus = [d for name, kind, d in status if (name, kind) == ("CORE", 1)]
        info = [d.decode() for name, _, d in status if name == "VMCOREINFO"]
        note("core.vmcoreinfo", info and "PAGESIZE=4096\n" in info[0], True, "notes")
        note("core.cpus", len(cpus), len(late["vcpu_regs"]), "notes")
        for desc, r in zip(cpus, late["vcpu_regs"]):
            where = "CPU %d" % r["cpu"]
            pid, = struct.unpack_from("<i", desc, 32)
            regs = struct.unpack_from("<27Q", desc, 112)
            note("core.pid", pid, r["curr_pid"], where)
            note("core.rip", regs[16], int(r["instruction_pointer"], 16), where)
            note("core.rsp", regs[19], int(r["stack_pointer"], 16), where)
        for t in late["task_enrichments"]:
            found = False
            for kind, offset, vaddr, _, length in parts:
                if kind == 1 and vaddr <= t["kva"] < vaddr + length:
                    f.seek(offset + t["kva"] - vaddr)
                    found = t["comm"].encode() + b"\0" in f.read(16384)
            note("core.tasks", found, True, "%s[%d]" % (t["comm"], t["pid"]))


def main():
    with open(sys.argv[1]) as f:
        root = json.load(f)
    with open(sys.argv[2], errors="replace") as f:
        text = f.read()
    late = root.get("late", root)
    at = text.find("DEBUG DUMP\n")
    if at < 0:
        sys.exit("the scheduler's log has no debug dump of the kernel")
    text = text[at:]
    compare_tasks(late, text)
    compare_cpus(late, text)
    compare_scheduler(late, text)
    compare_registers(late, text)
    if len(sys.argv) > 3:
        compare_core(late, sys.argv[3])
    status = FIGURES.status()
    if "task.dsq_id" not in FIGURES.counts or "map.variables" not in FIGURES.counts:
        sys.exit("tasks or variables were not compared")
    sys.exit(status)


main()
