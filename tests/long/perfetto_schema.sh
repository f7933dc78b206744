#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Is a trace what Perfetto's schema says? protoc decodes one with the .proto files of Perfetto, which is
# neither our writer nor a reader of ours: all fields are known there, and the events are those of the
# CSV.
#
# usage: perfetto_schema.sh PROTOS [TRACE]	a folder with protos/perfetto/trace/trace.proto; without
#						TRACE, a run makes one
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
protos=${1:?usage: perfetto_schema.sh PROTOS [TRACE]}
trace=${2:-$tmp/a.pftrace}

echo "TAP version 13"
if [ $# -lt 2 ]; then
	"$out/ktstr" run --seed 1 --runs "$tmp/r" -t equal_cgroups_scx_ktstr --duration 1 \
		--trace "$trace" > "$tmp/tap" 2>&1
	result $? "a trace" "$tmp/tap"
fi
protoc -I"$protos" --decode=perfetto.protos.Trace "$protos/protos/perfetto/trace/trace.proto" \
	< "$trace" > "$tmp/text" 2> "$tmp/err"
result $? "protoc decodes it" "$tmp/err"
# what the schema does not know is printed by its number
! grep -nE '^ *[0-9]+(:| \{)' "$tmp/text" > "$tmp/err"
result $? "no field is unknown" "$tmp/err"
"$out/ktstr" trace convert "$trace" "$tmp/a.csv" > "$tmp/err" 2>&1
result $? "as CSV" "$tmp/err"
python3 - "$tmp/text" "$tmp/a.csv" > "$tmp/err" 2>&1 << 'E2'
import collections, csv, re, sys

want = collections.Counter()
for row in csv.DictReader(open(sys.argv[2])):
    values = dict(v.split("=") for v in row["values"].split())
    kind = {"switch": "sched_switch", "waking": "sched_waking", "wakeup": "sched_wakeup",
            "wakeup_new": "sched_wakeup_new"}.get(row["event"])
    if kind == "sched_switch":
        want[row["time_ns"], row["cpu"], kind, row["pid"], row["comm"], values["prev_pid"],
             str(int(values["prev_state"], 0))] += 1
    elif kind:
        want[row["time_ns"], row["cpu"], kind, row["pid"], row["comm"], values["target_cpu"]] += 1
    else:
        want[row["time_ns"], row["event"]] += 1

got = collections.Counter()
for packet in open(sys.argv[1]).read().split("\npacket {"):
    one = lambda name: re.search(r"^ *%s: \"?(.*?)\"?$" % name, packet, re.M).group(1)
    kind = re.search(r"^ *(sched_\w+) \{", packet, re.M)
    if kind and kind.group(1) == "sched_switch":
        got[one("timestamp"), one("cpu"), "sched_switch", one("next_pid"), one("next_comm"),
            one("prev_pid"), one("prev_state")] += 1
    elif kind:
        body = packet[kind.start():]
        part = lambda name: re.search(r"^ *%s: \"?(.*?)\"?$" % name, body, re.M).group(1)
        got[one("timestamp"), one("cpu"), kind.group(1), part("pid"), part("comm"), part("target_cpu")] += 1
    elif "track_event {" in packet:
        assert "type: TYPE_INSTANT" in packet and "trusted_packet_sequence_id: 1" in packet
        got[one("timestamp"), one("categories")] += 1

print(sum(want.values()), sum(got.values()), list((want - got).items())[:3], list((got - want).items())[:3])
sys.exit(0 if want == got and len(want) > 100 else 1)
E2
result $? "the same events, times, CPUs, tasks and states" "$tmp/err"
sed 's/^/# /' "$tmp/err"
finish
