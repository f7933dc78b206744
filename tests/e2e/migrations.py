# SPDX-License-Identifier: GPL-2.0
"""Are the migrations that workers recorded (migrations.csv) those that a trace (*.sqlite) saw?

A worker looks where it is from time to time, so it has a part of what the trace has. Each migration
must be true: at that moment the worker had the CPU that it went to, and since its migration before it
also had the CPU that it came from. Prints a line, and a line for each that is not.
"""
import csv
import sqlite3
import sys

rows = list(csv.DictReader(open(sys.argv[1])))
db = sqlite3.connect(sys.argv[2])
bad, before = 0, {}
for r in rows:
    tid, at, number = r["tid"], int(r["at_ns"]), int(r["number"])
    there = db.execute("SELECT cpu, from_ns FROM slice WHERE pid = ? AND from_ns <= ? AND "
                       "(to_ns IS NULL OR to_ns >= ?)", (tid, at, at)).fetchall()
    came = db.execute("SELECT count(*) FROM slice WHERE pid = ? AND cpu = ? AND from_ns < ? AND "
                      "to_ns > ?", (tid, r["from"], at, before.get(tid, 0))).fetchone()[0]
    if [cpu for cpu, _ in there] != [int(r["to"])] or not came:
        bad += 1
        print("wrong:", r, "the trace has it on", there, "and", came, "times where it came from")
    before[tid] = at
for tid in {r["tid"] for r in rows}:
    # CPUs that follow each other in the trace, up to the last one that the worker noticed
    cpus = [c for c, in db.execute("SELECT cpu FROM slice WHERE pid = ? AND from_ns <= ? "
                                   "ORDER BY from_ns", (tid, before[tid]))]
    moves = sum(a != b for a, b in zip(cpus, cpus[1:]))
    told = max(int(r["number"]) for r in rows if r["tid"] == tid)
    if told > moves:
        bad += 1
        print("wrong:", tid, "tells of", told, "migrations, the trace of", moves)
    print("task %s: %d of %d migrations of the trace" % (tid, told, moves))
print("%d migrations, %d wrong" % (len(rows), bad))
sys.exit(1 if bad or not rows else 0)
