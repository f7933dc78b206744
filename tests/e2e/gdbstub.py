#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A client of gdb's remote protocol, as far as tests need it: gdbstub.py SOCKET THREAD

Prints where that thread of the machine is, in hexadecimal, and ends the machine. The layout of the
reply to 'g' is that of gdb's features/i386/64bit-core.xml: 16 registers of 8 bytes, then rip.
"""
import socket
import sys


def ask(s, command):
    s.sendall(b'$' + command + b'#%02x' % (sum(command) & 0xff))
    data = b''
    while not (b'$' in data and b'#' in data and len(data) >= data.rindex(b'#') + 3):
        more = s.recv(65536)
        if not more:
            sys.exit('the stub has gone, after: %r' % data[-100:])
        data += more
    s.sendall(b'+')
    return data[data.index(b'$') + 1:data.rindex(b'#')]


s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(sys.argv[1])
ask(s, b'?')
if ask(s, b'Hg' + sys.argv[2].encode()) != b'OK':
    sys.exit('there is no such thread')
rip = bytes.fromhex(ask(s, b'g')[16 * 16:17 * 16].decode())
print('%d' % int.from_bytes(rip, 'little'))
s.sendall(b'$k#6b')
