# SPDX-License-Identifier: GPL-2.0
"""
An independent reader of the traces that ktstr run --trace writes: it knows the wire format of
protocol buffers and the few fields of Perfetto's messages that are looked at here, and nothing of
ktstr. Prints what was found as JSON.

usage: perfetto.py FILE
"""
import collections
import json
import sys


def fields(data):
    """(number, value) of each field of a message; bytes for what is length-delimited."""
    i = 0

    def varint():
        nonlocal i
        v = shift = 0
        while True:
            b = data[i]
            i += 1
            v |= (b & 0x7f) << shift
            shift += 7
            if b < 0x80:
                return v
    while i < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
        elif kind == 2:
            n = varint()
            if i + n > len(data):
                raise ValueError("a field is longer than its message")
            yield key >> 3, data[i:i + n]
            i += n
        else:
            raise ValueError("wire type %d" % kind)


def main():
    switches = collections.Counter()
    events = collections.Counter()
    tracks, used, comms = {}, set(), {}
    last = {}
    ordered = True
    chain = True
    with open(sys.argv[1], "rb") as f:
        data = f.read()
    for nr, packet in fields(data):
        assert nr == 1                                  # Trace.packet
        p = dict(fields(packet))
        if 60 in p:                                     # TracePacket.track_descriptor
            d = dict(fields(p[60]))
            tracks[d[1]] = d[2].decode()
        if 11 in p:                                     # TracePacket.track_event
            e = list(fields(p[11]))
            d = dict(e)
            assert d[9] == 3 and 8 in p and p[10] == 1  # instant, timestamp, sequence
            used.add(d[11])
            events[d[22].decode()] += 1
        if 1 not in p:                                  # TracePacket.ftrace_events
            continue
        cpu = None
        for nr, v in fields(p[1]):
            if nr == 1:                                 # FtraceEventBundle.cpu
                cpu = v
                continue
            assert nr == 2                              # .event
            e = dict(fields(v))
            ns = e[1]
            if 4 not in e:                              # FtraceEvent.sched_switch
                events["waking" if 20 in e else "wakeup" if 17 in e else "wakeup_new"] += 1
                continue
            s = dict(fields(e[4]))
            switches[cpu] += 1
            ordered &= last.get(cpu, (0, None))[0] <= ns
            # what runs is what was switched to before
            if cpu in last:
                chain &= last[cpu][1] == s[2]
            last[cpu] = (ns, s[6])
            comms[s[6]] = s[5].decode()
    print(json.dumps({
        "switches": {str(k): v for k, v in sorted(switches.items())},
        "total": sum(switches.values()), "events": events, "tracks": tracks,
        "unknown_tracks": sorted(used - set(tracks)), "ordered": ordered, "chain": chain,
        "comms": sorted(set(comms.values())),
    }))


main()
