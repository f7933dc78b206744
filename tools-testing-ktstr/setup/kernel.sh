#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Bring kernels into the kernel cache: ready ones of the distribution, or one that was built here.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages apt source sources image remote local build; do
	# shellcheck source=/dev/null
	. "$here/$part.sh" || exit
done

usage()
{
	cat <<-EOF
	Usage: kernel.sh fetch [--update] [SERIES...]
	       kernel.sh build [--extra-kconfig FILE] [--force] [--jobs N] [WHAT]
	       kernel.sh add TREE
	       kernel.sh list
	fetch: the newest sched_ext kernel of each SERIES (7.3, 6.18, ...; default: the newest
	of all). A series that the cache has is not fetched again, except with --update.
	build: with this suite's config, and FILE's on top: the kernel of a version (6.12.95), the
	newest of a series (6.12, 6), all of a range (6.12..7.3), that of a kernel tree, which is not
	written to, or of git+URL#REF; default: the newest series with eight point releases.
	add: the kernel that was built in TREE (a build folder) with this suite's config.
	list: what the configured mirror offers, newest first.
	EOF
}

update=''
cmd=${1:-}
case $cmd in
fetch|list|add|build)	shift ;;
-h|--help)	usage; exit ;;
*)		usage >&2; exit 1 ;;
esac
if [ "${1:-}" = --update ]; then
	update=1
	shift
fi
if [ "$cmd" = add ]; then
	[ $# = 1 ] || { usage >&2; exit 1; }
	take_lock
	sweep "$CACHE"
	make_tmp
	kernel_add "$1"
	exit
fi
if [ "$cmd" = build ]; then
	# shellcheck disable=SC2034 # build.sh reads them
	while [ $# -gt 0 ]; do
		case $1 in
		--extra-kconfig)	EXTRA=${2:-}; shift ;;
		--jobs)			JOBS=${2:-}; shift ;;
		--force)		FORCE=1 ;;
		*)			break ;;
		esac
		shift
	done
	[ $# -le 1 ] || { usage >&2; exit 1; }
	kernel_build "$@"
	exit
fi
[ $# -gt 0 ] || set -- ''

want=()
for series; do
	case $series in
	*[!0-9.]*)	die "'$series' is not a kernel series such as 7.3" ;;
	esac
	[ -z "$update" ] && kernel_ready "$series" && [ "$cmd" = fetch ] || want+=("$series")
done
[ ${#want[@]} -gt 0 ] || exit 0
take_lock
sweep "$CACHE"
make_tmp
apt_init
if [ "$cmd" = list ]; then
	kernel_releases
	exit
fi
for series in "${want[@]}"; do
	kernel_fetch "$series" || exit
done
