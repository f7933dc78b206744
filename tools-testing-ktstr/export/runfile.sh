#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A test of ktstr in one file, made by `ktstr export`: this script, then its files (a tar archive,
# compressed by gzip). It runs the test's body on this machine and kernel, without a guest, under the
# scheduler that is active. `--help` tells how; ktstr's docs/export.md has the rest.
#
# The program and its libraries come with the file. They are unpacked into a temporary folder, which
# is the root folder of a mount namespace of their own with this machine's /proc, /sys and /dev, so
# nothing depends on what is installed here and no file outside of that folder is changed. What a run
# changes elsewhere is undone at its end: its cgroups, the controllers that were not enabled before,
# and kernel.sched_schedstats.
set -u

# VALUES: an export has those of its test in place of these lines.
name=ktstr/test test=test program=program machine=x86_64 declared=12
files_at=1 files_size=0 files_sum=0
needs()
{
	echo "topology: 1n1l2c1t"
}
# END OF VALUES

me=${0##*/}
cgroups=/sys/fs/cgroup
stats=/proc/sys/kernel/sched_schedstats
dir='' child='' signal='' action=run duration='' results='' cgroup='' verbose='' target=''
own_cgroup='' enabled='' old_stats=''

usage()
{
	cat << USAGE
usage: $me [OPTION...]

Runs the test $name on this machine, as root, under the scheduler that is active.
Prints KTAP. Exit status: 0 passed, 1 failed, 2 inconclusive, 4 skipped as something is missing,
5 a file of the results could not be written, 129 wrong usage.

  --duration S    run the workload for so many seconds (declared: $declared)
  --results DIR   where the run's folder goes: report, sidecar, outputs
                  (default: KTSTR_RUNS_ROOT, or /tmp/ktstr-runs-UID)
  --cgroup DIR    make the test's cgroups in this folder below $cgroups
  --verbose       print the report also when the test passes
  --check         say whether this machine has what the test needs, and run nothing
  --info          what the test needs
  --list          the files in here
  --extract DIR   unpack the files into the new folder DIR
USAGE
}

die()
{
	echo "$me: $1" >&2
	exit "${2:-1}"
}

# Something is missing: a SKIP, unless the user does not accept any.
skip()
{
	[ "$action" = check ] && die "$1" 4
	echo "KTAP version 1"
	echo "1..1"
	if [ -n "${KTSTR_NO_SKIP_MODE+set}" ]; then
		echo "# $1 (no skip: KTSTR_NO_SKIP_MODE is set)"
		echo "not ok 1 $name"
		exit 1
	fi
	echo "ok 1 $name # SKIP $1"
	exit 4
}

value()
{
	[ -n "${2:-}" ] || die "$1 needs a value (see $me --help)" 129
}

while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0 ;;
	--info | --list | --check)
		action=${1#--} ;;
	--verbose)
		verbose=1 ;;
	--duration)
		value "$@"
		duration=$2
		case $2 in *[!0-9]* | 0*) die "--duration $2: is no number of seconds" 129 ;; esac
		shift ;;
	--results)
		value "$@"
		results=$2
		shift ;;
	--cgroup)
		value "$@"
		cgroup=$2
		case $2 in "$cgroups"/?*) ;; *) die "--cgroup $2: must be below $cgroups" 129 ;; esac
		shift ;;
	--extract)
		value "$@"
		action=extract target=$2
		shift ;;
	*)
		die "unknown option '$1' (see $me --help)" 129 ;;
	esac
	shift
done

files()
{
	tail -c "+$files_at" "$0"
}

verify()
{
	[ -r "$0" ] || die "cannot read its own file; start it as a file, not from a pipe"
	for tool in tail cksum gzip tar; do
		command -v "$tool" > /dev/null || skip "there is no $tool, which unpacks the files"
	done
	found=$(files | cksum)
	[ "${found% *}" = "$files_sum $files_size" ] || [ "$found" = "$files_sum $files_size" ] ||
		die "its files are damaged: cksum says \"$found\", not \"$files_sum $files_size\"; copy or export it again"
}

unpack()
{
	files | gzip -dc | tar -xf - -C "$1" || die "$1: its files could not be unpacked"
}

# A run that was killed may have left processes. What is empty goes away at once.
remove_cgroups()
{
	[ -d "$1" ] || return 0
	[ ! -w "$1/cgroup.kill" ] || echo 1 > "$1/cgroup.kill"
	tries=0
	until find "$1" -depth -type d -exec rmdir {} \; 2> /dev/null; [ ! -d "$1" ] || [ $tries = 50 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	[ ! -d "$1" ] || echo "$me: $1 is left behind: there are still processes in it" >&2
}

cleanup()
{
	[ -n "$dir" ] || return 0
	trap '' INT TERM HUP
	[ -z "$own_cgroup" ] || remove_cgroups "$own_cgroup"
	for controller in $enabled; do
		echo "-$controller" > "$cgroups/cgroup.subtree_control"
	done 2> /dev/null
	[ -z "$old_stats" ] || echo "$old_stats" > "$stats"
	# with mounts in it, its removal would be that of this machine's /dev
	if grep -q " $dir/" /proc/self/mountinfo; then
		echo "$me: $dir is left behind: something is mounted in it" >&2
	else
		rm -rf "$dir"
	fi
	dir=
}

# The first signal ends the test, which reports that; the second one ends it without a word.
# shellcheck disable=SC2317 # traps call it
on_signal()
{
	if [ -z "$signal" ]; then
		signal=$1
		[ -z "$child" ] || kill -TERM "$child" 2> /dev/null
	elif [ -n "$child" ]; then
		kill -KILL "$child" 2> /dev/null
	fi
}

prepare()
{
	[ "$(id -u)" = 0 ] || skip "it has to be run by root, for cgroups and a root folder of its own"
	[ "$(uname -m)" = "$machine" ] || skip "its programs are for $machine, this is $(uname -m)"
	for tool in unshare mount chroot mktemp find grep; do
		command -v "$tool" > /dev/null || skip "there is no $tool"
	done
	trap cleanup EXIT
	trap 'on_signal 2' INT
	trap 'on_signal 15' TERM
	trap 'on_signal 1' HUP
	dir=$(mktemp -d "${TMPDIR:-/tmp}/ktstr-export.XXXXXX") || die "no temporary folder; set TMPDIR"
	root=$dir/root
	mkdir "$root"
	unpack "$root"
	mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/run"
	chmod 1777 "$root/tmp"
	[ "$action" = run ] || { results=''; return 0; }
	results=${results:-${KTSTR_RUNS_ROOT:-/tmp/ktstr-runs-$(id -u)}}
	case $results in /*) ;; *) results=$PWD/$results ;; esac
	mkdir -p "$results" "$root$results" || die "--results $results: it cannot be made"
}

# What the kernel has to count, and what the cleanup has to undo.
change_machine()
{
	if [ -w "$stats" ] && [ "$(cat "$stats")" = 0 ]; then
		old_stats=0
		echo 1 > "$stats"
	fi
	[ -z "$cgroup" ] || return 0
	own_cgroup=$cgroups/ktstr-$$
	for controller in cpuset cpu; do
		case " $(cat "$cgroups/cgroup.subtree_control" 2> /dev/null) " in
		*" $controller "*) ;;
		*) enabled="$enabled $controller" ;;
		esac
	done
}

# Start the program with an action as a process of its own, $child, in its own root folder.
start()
{
	path=$(cd "$root" && find include-files -type d 2> /dev/null |
	       while read -r d; do printf '/%s:' "$d"; done)
	export me root results
	# shellcheck disable=SC2016 # for the other shell
	unshare -m sh -c '
		mount --make-rprivate / || exit 1
		for d in proc sys dev; do
			mount --rbind "/$d" "$root/$d" || exit 1
		done
		[ -z "$results" ] || mount --bind "$results" "$root$results" || exit 1
		cd / && exec "$@"' sh \
		env -i "PATH=$path/bin:/usr/bin:/sbin:/usr/sbin" HOME=/tmp TMPDIR=/tmp \
		KTSTR_RUNS_ROOT="$results" KTSTR_HOST_CGROUP_PARENT="${cgroup:-$own_cgroup}" \
		KTSTR_DURATION_S="$duration" KTSTR_VERBOSE="$verbose" \
		${KTSTR_NO_SKIP_MODE+KTSTR_NO_SKIP_MODE=1} \
		"$(command -v chroot)" "$root" /init "$1" "$test" < /dev/null &
	child=$!
}

finish()
{
	# one that came before there was a child
	[ -z "$signal" ] || kill -TERM "$child" 2> /dev/null
	while :; do
		wait "$child"
		status=$?
		kill -0 "$child" 2> /dev/null || break
	done
	child=
}

case $action in
info)
	echo "$me: a test of ktstr, of the program $program"
	needs
	echo "files: $files_size bytes (compressed), cksum $files_sum"
	exit 0 ;;
list)
	verify
	files | gzip -dc | tar -tvf -
	exit ;;
extract)
	verify
	mkdir "$target" || die "--extract $target: must be a folder that is not there yet"
	unpack "$target"
	echo "$me: unpacked into $target"
	exit 0 ;;
esac

verify
prepare
[ -z "$signal" ] || exit $((128 + signal))
if [ "$action" = check ]; then
	start --fits
else
	change_machine
	start --here
fi
finish
cleanup
trap - EXIT
[ -z "$signal" ] || exit $((128 + signal))
exit "$status"
