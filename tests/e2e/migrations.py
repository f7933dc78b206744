# SPDX-License-Identifier: GPL-2.0
"""Are the migrations that workers recorded (migrations.csv) those that a trace (*.sqlite) saw?

A worker looks where it is from time to time, so it has a part of what the trace has. Each migration
must be true: at that moment the worker had the CPU that it went to, and since its migration before it
also had the CPU that it came from. It reads the clock before it looks where it is, so it may have had to
leave its CPU in between: then it is where it went to as soon as it runs again. Prints a line for each
worker, and one for each migration that is wrong.
"""
import csv
import sqlite3
import sys

END = 1 << 62
db = sqlite3.connect(sys.argv[2])
bad = total = 0
workers = {}
for r in csv.DictReader(open(sys.argv[1])):
    workers.setdefault(int(r["tid"]), []).append(r)
for tid, rows in workers.items():
    ran = [(cpu, begin, end or END) for cpu, begin, end in db.execute(
        "SELECT cpu, from_ns, to_ns FROM slice WHERE pid = ? ORDER BY from_ns", (tid,))]
    before = 0
    for r in rows:
        at, came, went = int(r["at_ns"]), int(r["from"]), int(r["to"])
        now = [i for i, (_, begin, end) in enumerate(ran) if begin <= at <= end][-1:]
        places = [cpu for i in now for cpu, _, _ in ran[i:i + 2]]
        if places and places[0] == came:
            places.pop(0)
        was_there = any(cpu == came and begin <= at and end >= before for cpu, begin, end in ran)
        if places[:1] != [went] or not was_there:
            bad += 1
            print("wrong:", r)
        before = at
        total += 1
    cpus = [cpu for cpu, begin, _ in ran if begin <= before]
    moves = sum(a != b for a, b in zip(cpus, cpus[1:]))
    told = int(rows[-1]["number"])
    bad += told > moves
    print("task %d tells of %d migrations, the trace of %d" % (tid, told, moves))
print("%d migrations, %d wrong" % (total, bad))
sys.exit(1 if bad or not total else 0)
