# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Where the sources of a kernel come from: which source package is meant by a version, in which
# state a kernel tree is, what a git repository has.

is_version()
{
	[[ $1 =~ ^[0-9]+(\.[0-9]+){0,2}(-rc[0-9]+)?$ ]]
}

# source_version PACKAGE: that of the package that source_download gets.
source_version()
{
	local version

	version=$(apt_version "$1" "$APT_NEW")
	echo "${version:-$(apt_cmd apt-cache madison "$1" 2> /dev/null | awk -F' *[|] *' 'NR == 1 { print $2 }')}"
}

# package_release VERSION: the release of the kernel in a package of that version:
# "6.12.95-1~bpo12+1" has 6.12.95, "7.4~rc2-1~exp1" has 7.4.0-rc2.
package_release()
{
	local v=${1#*:}

	v=${v%%-*}
	case $v in
	*~rc*)
		[[ $v == *.*.* ]] || v=${v/'~'/.0'~'}
		v=${v/'~'/-}
		;;
	esac
	echo "$v"
}

# "linux-source-6.12 6.12.95" of every source package, oldest first.
source_releases()
{
	local pkg

	source_packages | while read -r pkg; do
		echo "$pkg $(package_release "$(source_version "$pkg")")"
	done
}

# source_choose VERSION: the package that is meant. "6" is the highest 6.x, "6.12" its newest
# release; '' the highest series with eight point releases, as toolchains have met those.
source_choose()
{
	local all pkg release best=''

	all=$(source_releases)
	[ -n "$all" ] || die "no linux-source package in $APT_NEW; build from a kernel tree"
	while read -r pkg release; do
		case $1 in
		'')
			[[ $release =~ ^[0-9]+\.[0-9]+\.([0-9]+)$ ]] && [ "${BASH_REMATCH[1]}" -ge 8 ] &&
				best=$pkg
			;;
		*)	[[ $release == "$1" || ( $release == "$1".* && $release != *-rc* ) ]] && best=$pkg ;;
		esac
	done <<< "$all"
	if [ -z "$1" ] && [ -z "$best" ]; then
		best=$(tail -n 1 <<< "$all" | cut -d' ' -f1)
		say "no series has seen eight point releases: $best"
	fi
	[ -n "$best" ] ||
		die "no source package has kernel $1; there are: $(cut -d' ' -f2 <<< "$all" | paste -sd' ');" \
		    "others from a tree, or with git+URL#REF"
	echo "$best"
}

# source_range FIRST LAST: packages of the series from FIRST to LAST, which includes all of a series
# that is named without a point release.
source_range()
{
	local pkg release last=$2

	[[ $last == *.*.* ]] || last=$last.99999
	version_ge "$last" "$1" || die "$1..$2 ends before it begins: say $2..$1"
	source_releases | while read -r pkg release; do
		version_ge "$release" "$1" && version_ge "$last" "$release" && echo "$pkg"
	done
}

json_or_null()
{
	[ -n "$1" ] && json_string "$1" || printf null
}

# tree_state TREE: its commit ("1234567"), with the hash of what differs from it when something does
# ("1234567-d89abcdef"). Without git ("t89abcdef"), of names, sizes and times of all files.
tree_state()
{
	local hash

	if [ "$(git -C "$1" rev-parse --show-toplevel 2> /dev/null)" = "$1" ] &&
	   hash=$(git -C "$1" rev-parse -q --verify --short=7 HEAD 2> /dev/null); then
		{
			git -C "$1" diff --binary HEAD
			git -C "$1" ls-files -oz --exclude-standard |
				( cd "$1" && xargs -0r sha256sum -- )
		} > "$TMP/state"
		[ ! -s "$TMP/state" ] || hash+=-d$("$SETUP_DIR/crc32.sh" "$TMP/state")
	else
		( cd "$1" && find . -type f -printf '%P %s %T@\n' | LC_ALL=C sort ) > "$TMP/state"
		hash=t$("$SETUP_DIR/crc32.sh" "$TMP/state")
	fi
	rm -f "$TMP/state"
	echo "$hash"
}

# Transports that run a program of the URL's choice are not for a command line that may come from a
# file of a stranger.
git_cmd()
{
	GIT_ALLOW_PROTOCOL=file:git:http:https:ssh GIT_TERMINAL_PROMPT=0 git "$@" 9>&- < /dev/null
}

# The URL without what stands before "@" in its host: it may be a password.
git_shown()
{
	sed -E 's,^([a-z+]+://)[^/@]*@,\1,' <<< "$1"
}

git_check()
{
	have git || die "git is not installed"
	case $1$2 in
	-*)	die "'$(git_shown "$1")' is not a URL of a git repository" ;;
	esac
	case $2 in
	-*|*[!A-Za-z0-9._/-]*)	die "'$2' is not a branch, tag or commit" ;;
	esac
}

# git_hash URL REF: its commit. A REF that is a whole commit id is not asked for.
git_hash()
{
	local hash

	git_check "$1" "$2"
	[[ $2 =~ ^[0-9a-f]{40}$ ]] && echo "$2" && return
	hash=$(git_cmd ls-remote "$1" "$2" "$2^{}" 2> "$TMP/git.err") ||
		die "cannot read $(git_shown "$1"): $(tail -n 1 "$TMP/git.err")"
	# A tag that has an object of its own: the commit it is of stands in the line with ^{}.
	hash=$(awk '/\^\{\}$/ { peeled = $1 } !first { first = $1 } END { print peeled ? peeled : first }' \
		<<< "$hash")
	[ -n "$hash" ] || die "$(git_shown "$1") has no branch or tag $2"
	echo "$hash"
}

# git_fetch URL REF DIR: that commit alone, without history.
git_fetch()
{
	need_space "$CACHE" 6500 "the kernel source and its build"
	say "kernel source: fetching $2 of $(git_shown "$1")"
	git_cmd init -q "$3" &&
		git_cmd -C "$3" fetch -q --depth 1 "$1" "$2" 2> "$TMP/git.err" &&
		git_cmd -C "$3" -c advice.detachedHead=false checkout -q FETCH_HEAD ||
		die "cannot fetch $2 of $(git_shown "$1"): $(tail -n 1 "$TMP/git.err")"
}
