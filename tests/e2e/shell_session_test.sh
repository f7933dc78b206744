#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ktstr shell on a terminal: what is typed and printed arrives whole, the size of the window, ^C,
# the exit status; ways out, after which the terminal is as before and nothing is left. Three
# machines are booted, one after the other.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
"$out/ktstr" kernel path > /dev/null 2>&1 || { echo "1..0 # SKIP no kernel: run ./run_tests.sh"; exit 4; }
command -v python3 > /dev/null || { echo "1..0 # SKIP no python3"; exit 4; }
mark=shell-session-$$
export KTSTR_RUNS_ROOT=$tmp/runs TMPDIR=$tmp

echo "TAP version 13"
cat > "$tmp/drive.py" << 'E2'
import fcntl, os, pty, select, signal, struct, subprocess, sys, termios, time

PROMPT = b"# "
LIMIT_S = 240

class Session:
    def __init__(self, *args):
        """The tool on a terminal of its own, whose other end we hold."""
        self.master, self.slave = pty.openpty()
        self.size(33, 101)
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        self.child = subprocess.Popen(args, stdin=self.slave, stdout=self.slave,
                                      stderr=self.slave, start_new_session=True,
                                      preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def size(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        while text:
            text = text[os.write(self.master, text[:512]):]
            self.read(0)

    def read(self, timeout):
        if select.select([self.master], [], [], timeout)[0]:
            self.seen += os.read(self.master, 65536)

    def until(self, text):
        """What was printed up to @text, which is taken out too."""
        end = time.monotonic() + LIMIT_S
        while text not in self.seen:
            if self.child.poll() is not None or time.monotonic() > end:
                sys.exit(f"no {text} in {self.seen[-3000:]}, status {self.child.poll()}")
            self.read(0.2)
        at = self.seen.index(text)
        got, self.seen = self.seen[:at], self.seen[at + len(text):]
        return got

    def run(self, command):
        """What a command printed."""
        self.type(command + b"\r")
        self.until(b"\r\n")
        return self.until(PROMPT).replace(b"\r\n", b"\n")

    def end(self):
        end = time.monotonic() + 60
        while self.child.poll() is None and time.monotonic() < end:
            self.read(0.1)
        return self.child.poll()

    def restored(self):
        end = time.monotonic() + 5
        while termios.tcgetattr(self.slave) != self.before and time.monotonic() < end:
            time.sleep(0.01)
        return termios.tcgetattr(self.slave) == self.before

def result(ok, name, got=""):
    print("result", 0 if ok else 1, name, "|", got if not ok else "", flush=True)

def wants(name, got, wanted):
    result(got == wanted, name, f"{got!r}"[:600])

tool = sys.argv[1:]
include = [w for p in ("cat", "cksum", "seq", "sleep", "stty") for w in ("-i", p)]
s = Session(*tool, *include, "--scheduler", "scx_simple")
s.until(PROMPT)
result(termios.tcgetattr(s.slave) != s.before, "the terminal is raw while the shell runs")
wants("the scheduler is attached", s.run(b"cat /sys/kernel/sched_ext/state"), b"enabled\n")
wants("the window has its size from the start", s.run(b"stty size"), b"33 101\n")
s.size(44, 77)
for i in range(50):
    got = s.run(b"stty size")
    if got == b"44 77\n":
        break
wants("and a new one after a resize", got, b"44 77\n")
s.type(b"sleep 1000; echo not killed\r")
s.until(b"\r\n")
time.sleep(1)
s.type(b"\x03")
s.until(PROMPT)
wants("^C reaches what runs in the foreground", s.run(b"echo $?"), b"130\n")
# a shell's child ignores SIGTERM, as its parent does, until it is about to execute the program
got = s.run(b"sleep 1000 & jobs; kill -KILL %1; wait")
result(b"Running" in got, "jobs are controlled", got)
s.run(b"")	# what the shell says about that job
numbers = b"".join(b"%d\n" % i for i in range(1, 20001))
got = s.run(b"seq 20000")
result(got == numbers, "a flood of output arrives whole", f"{len(got)} bytes")
paste = b"".join(b"line %03d of what is pasted\r" % i for i in range(300))
s.run(b"stty -echo")
s.type(b"cat > /tmp/pasted\r" + paste + b"\x04")
s.until(PROMPT)
s.type(b"cksum < /tmp/pasted\r")
got = s.until(PROMPT)
wanted = subprocess.run("cksum", input=paste.replace(b"\r", b"\n"), capture_output=True).stdout
wants("what is pasted arrives whole", got.strip(), wanted.strip())
s.type(b"for p in /proc/[0-9]*; do case $(cat $p/comm) in scheduler) kill ${p#/proc/}; esac; done\r")
s.until(b"ktstr: scheduler process died unexpectedly")
s.type(b"sleep 4; echo it is $(cat /sys/kernel/sched_ext/state)\r")
s.until(b"it is disabled\r\n")
s.until(PROMPT)
result(True, "the scheduler ends, the user is told, the shell goes on")
s.type(b"(exit 7)\r")
s.until(PROMPT)
s.type(b"\x04")
wants("^D ends the shell, the exit status is its own", s.end(), 7)
result(s.restored(), "the terminal is as before")

s = Session(*tool)
s.until(PROMPT)
s.type(b"while :; do :; done\r~.")
wants("~. leaves a guest that is busy: status 130", s.end(), 130)
result(b"the guest is ended by ~." in s.seen, "and says so", s.seen)
result(s.restored(), "and the terminal is as before")

s = Session(*tool)
s.until(PROMPT)
s.child.kill()
s.end()
result(s.restored(), "the tool is killed: the terminal is as before")
E2
while read -r word status name; do
	[ "$word" = result ] || { echo "# $word $status $name"; continue; }
	[ "$status" = 0 ] || echo "# got: ${name#*| }"
	result "$status" "${name%% |*}"
done < <(KTSTR_TEST_MARK=$mark python3 "$tmp/drive.py" "$out/ktstr" shell --accel tcg --topology 1n1l1c1t 2>&1)
[ "$nr" = 15 ]
result $? "the terminal was driven to the end"
gone
result $? "no process is left"
rm -rf "$tmp"/ktstr-shell-*	# of the one that was killed
[ -z "$(find /dev/shm "$tmp" -maxdepth 1 -name 'ktstr*')" ]
result $? "no file is left but the runs'"
finish
