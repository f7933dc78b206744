# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What every part of the set-up shares: the cache, messages, temporary folders, the lock.
#
# Idea: nothing is ever made in place. Everything is put together in a folder whose name
# starts with .tmp- and carries our pid, and appears under its final name by one rename.
# An interrupted set-up therefore leaves nothing that a later one could take for finished.

KSFT_SKIP=4

say()
{
	printf 'ktstr: %s\n' "$*" >&2
}

# Usage: die MESSAGE. Every message says what, where, and what to do.
die()
{
	printf 'ktstr: error: %s\n' "$*" >&2
	exit 1
}

# The environment lacks something a person can install: kselftest's SKIP.
skip()
{
	printf 'ktstr: skip: %s\n' "$*" >&2
	exit $KSFT_SKIP
}

have()
{
	command -v "$1" > /dev/null 2>&1
}

cache_base()
{
	if [ -n "${XDG_CACHE_HOME:-}" ]; then
		case $XDG_CACHE_HOME in
		/*)	echo "$XDG_CACHE_HOME/ktstr" ;;
		*)	die "XDG_CACHE_HOME is '$XDG_CACHE_HOME', not an absolute path" ;;
		esac
		return
	fi
	case ${HOME:-} in
	/?*)	echo "$HOME/.cache/ktstr" ;;
	*)	die "HOME is '${HOME:-}': set HOME or XDG_CACHE_HOME to an absolute path" ;;
	esac
}

host_arch()
{
	case $(uname -m) in
	x86_64)	echo x86_64 amd64 ;;
	*)	skip "set-up knows x86_64 only, this is $(uname -m);" \
		     "see docs/setup.md for what to provide by hand" ;;
	esac
}

# version_ge A B: is A >= B in dotted numbers?
version_ge()
{
	[ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

CACHE=$(cache_base) || exit
# shellcheck disable=SC2034 # used by the files that source this one
KERNELS=${KTSTR_CACHE_DIR:-$CACHE/kernels}
# shellcheck disable=SC2034 # used by the files that source this one
read -r ARCH DEB_ARCH < <(host_arch) || exit $KSFT_SKIP

# Make the folder $1 or say why that is impossible.
need_dir()
{
	local why

	why=$(mkdir -p "$1" 2>&1) || die "cannot make $1: ${why##*: };" \
		"point XDG_CACHE_HOME at a folder that can be written"
	[ -w "$1" ] || die "$1 cannot be written;" \
		"point XDG_CACHE_HOME at a folder that can be written"
	# Permission bits mean nothing to root on a read-only mount: try. A signal has to wait.
	( trap '' INT TERM HUP
	  : > "$1/.tmp-probe-$BASHPID" && rm "$1/.tmp-probe-$BASHPID" ) 2> /dev/null ||
		die "$1 cannot be written (read-only or full file system);" \
		    "point XDG_CACHE_HOME at a folder that can be written"
}

# need_space DIR MIB WHAT: refuse before the download, not in the middle of it.
need_space()
{
	local avail

	avail=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	[ "${avail:-0}" -ge "$2" ] || die "$3 needs $2 MiB in $1, $avail MiB are free;" \
		"free some, or point XDG_CACHE_HOME elsewhere"
}

# Remove the temporary folders below $1 whose owner is dead. Call with the lock held.
sweep()
{
	local d pid

	for d in "$1"/.tmp-*; do
		[ -e "$d" ] || continue
		pid=${d##*-}
		case $pid in
		''|*[!0-9]*)	continue ;;
		esac
		[ -d "/proc/$pid" ] || rm -rf "$d"
	done
}

# take_lock: one set-up at a time per cache. Held until this process and its jobs end.
take_lock()
{
	need_dir "$CACHE"
	exec 9>> "$CACHE/.setup.lock"
	flock -n 9 && return
	say "another set-up is at work in $CACHE: waiting for it"
	flock -w 1800 9 || die "another set-up holds $CACHE/.setup.lock for 30 minutes;" \
		"end it and try again"
}

# Become the owner of $TMP. It disappears when we end, however we end; so do our jobs.
make_tmp()
{
	TMP=$CACHE/.tmp-setup-$$
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir -p "$TMP" || die "cannot make $TMP"
}

cleanup()
{
	local jobs

	trap - EXIT INT TERM HUP
	jobs=$(jobs -p)
	if [ -n "$jobs" ]; then
		# Each job leads a process group of its own (set -m below).
		for j in $jobs; do
			kill -TERM -- "-$j" 2> /dev/null
		done
		wait
	fi
	rm -rf "${TMP:-}"
}

# unpack DEB DIR: a damaged package is named as such.
unpack()
{
	dpkg-deb -x "$1" "$2" 2> "$TMP/unpack.err" ||
		die "$(basename "$1") is damaged or the disk is full:" \
		    "$(tail -n 1 "$TMP/unpack.err"); run set-up again"
}
