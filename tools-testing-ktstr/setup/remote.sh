# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A remote cache of kernels: remote_get and remote_put by key. KTSTR_REMOTE_CACHE is a folder, or
# the URL of a folder on an HTTP server that understands GET and PUT (nginx with its dav module).
#
# An object is KEY.tar.zst: the files of an entry and their sums, so that it is whole or worthless.
# It comes from elsewhere: what it may hold is listed here, and nothing else is unpacked. What goes
# wrong is said in one line and is never a reason for a build or a run to fail.

REMOTE_CONNECT_S=10
REMOTE_STALL_S=60	# no byte within that

remote_kind()
{
	case ${KTSTR_REMOTE_CACHE:-} in
	'')			return 1 ;;
	http://*|https://*)	echo http ;;
	/*)			echo folder ;;
	*)	say "remote cache: KTSTR_REMOTE_CACHE is neither an absolute path nor an http URL"
		return 1 ;;
	esac
}

# The place without a password in it.
remote_shown()
{
	sed -E 's,^([a-z]+://)[^/@]*@,\1,; s,/*$,,' <<< "$KTSTR_REMOTE_CACHE"
}

# What a key may be made of in a URL and a file name; '+' of the distribution's releases included.
remote_key_ok()
{
	[[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9._+-]*$ ]]
}

# remote_curl ARG...: prints the status of the answer; 1 when there was none.
remote_curl()
{
	curl -sS --proto =http,https --connect-timeout $REMOTE_CONNECT_S --speed-limit 1 \
		--speed-time $REMOTE_STALL_S -w '%{http_code}' "$@" 2> "$TMP/remote.err" 9>&-
}

# The two calls of a backend. read: 0 FILE has the object, 1 there is none, 2 failed, the reason is in
# $TMP/remote.err. write: 0 or 2.
remote_read_folder()
{
	local from=${KTSTR_REMOTE_CACHE%/}/$1.tar.zst

	[ -e "$from" ] || return 1
	cp "$from" "$2" 2> "$TMP/remote.err" || return 2
}

# Under another name first, so that nobody reads half of it.
remote_write_folder()
{
	local to=${KTSTR_REMOTE_CACHE%/}/$1.tar.zst

	{
		mkdir -p "${to%/*}" && cp "$2" "$to.tmp-$$" && mv -T "$to.tmp-$$" "$to"
	} 2> "$TMP/remote.err" && return
	rm -f "$to.tmp-$$"
	return 2
}

remote_url()
{
	echo "${KTSTR_REMOTE_CACHE%/}/${1//+/%2B}.tar.zst"
}

remote_read_http()
{
	local status

	have curl || { echo "curl is not installed" > "$TMP/remote.err"; return 2; }
	status=$(remote_curl -o "$2" "$(remote_url "$1")") || return 2
	case $status in
	200)	return 0 ;;
	404)	return 1 ;;
	esac
	echo "the server says $status" > "$TMP/remote.err"
	return 2
}

remote_write_http()
{
	local status

	have curl || { echo "curl is not installed" > "$TMP/remote.err"; return 2; }
	status=$(remote_curl -o /dev/null -T "$2" "$(remote_url "$1")") || return 2
	[[ $status == 2?? ]] && return
	echo "the server says $status" > "$TMP/remote.err"
	return 2
}

# remote_check DIR KEY: is what was unpacked the entry KEY, whole?
remote_check()
{
	local name

	( cd "$1" && sha256sum --status --strict -c SHA256SUMS ) 2> /dev/null || return
	# every file is summed up
	( cd "$1" && find . -type f ! -name SHA256SUMS -printf '%P\n' ) |
		while read -r name; do
			grep -qF "  $name" "$1/SHA256SUMS" || exit 1
		done || return
	[ -s "$1/bzImage" ] && grep -q '"version"' "$1/metadata.json" &&
		grep -qF "\"key\": \"$2\"" "$1/KEY"
}

# remote_unpack FILE DIR KEY: 0 or 1. Plain files of known names only: no links, no paths upwards.
remote_unpack()
{
	local bad

	mkdir -p "$2" &&
		zstd -dcq --memory=512MB "$1" 2> /dev/null > "$2.tar" || return
	bad=$(tar -tvf "$2.tar" 2> /dev/null | grep -vE \
		'^-.* (bzImage|config|metadata\.json|KEY|SHA256SUMS|modules/[A-Za-z0-9_]+\.ko)$|^d.* modules/$')
	[ -z "$bad" ] && tar -xf "$2.tar" -C "$2" --no-same-owner --no-same-permissions 2> /dev/null &&
		remote_check "$2" "$3"
}

# remote_get KEY: 0 when the entry is in the cache now.
remote_get()
{
	local kind dir=$TMP/remote tmp=$KERNELS/.tmp-$1-$$ rc

	kind=$(remote_kind) && remote_key_ok "$1" || return
	rm -rf "$dir" "$dir.tar"
	"remote_read_$kind" "$1" "$TMP/remote.zst"
	rc=$?
	if [ $rc = 2 ]; then
		say "remote cache $(remote_shown): $(tail -n 1 "$TMP/remote.err"); going on without it"
	elif [ $rc = 0 ] && ! remote_unpack "$TMP/remote.zst" "$dir" "$1"; then
		say "remote cache $(remote_shown): $1 is damaged or no kernel; going on without it"
		rc=2
	fi
	rm -rf "$TMP/remote.zst" "$dir.tar"
	[ $rc = 0 ] || { rm -rf "$dir"; return 1; }
	rm -f "$dir/SHA256SUMS" "$dir/KEY"
	mkdir -p "$dir/modules"
	rm -rf "$tmp"
	mv -T "$dir" "$tmp" && entry_rename "$tmp" "$1" || return
	say "kernel $1: from the remote cache"
}

# remote_put KEY: an entry of the cache. Where it was built is nobody else's business, and so are the
# kernels of trees that have no commit for what is in them.
remote_put()
{
	local kind dir=$TMP/remote

	case $1 in
	local-t*|local-*-d*)	return 0 ;;
	esac
	kind=$(remote_kind) && remote_key_ok "$1" || return 0
	rm -rf "$dir"
	cp -r "$KERNELS/$1" "$dir" 2> "$TMP/remote.err" &&
		sed -i '/"source_tree_path"/d' "$dir/metadata.json" &&
		printf '{ "key": "%s" }\n' "$1" > "$dir/KEY" &&
		rm -f "$dir/.scx-check" &&
		( cd "$dir" && find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum ) \
			> "$TMP/sums" && mv "$TMP/sums" "$dir/SHA256SUMS" &&
		( cd "$dir" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort |
			tar -cf - --no-recursion --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -T - ) |
			zstd -3 -q -f -o "$TMP/remote.zst" &&
		"remote_write_$kind" "$1" "$TMP/remote.zst" ||
		say "remote cache $(remote_shown): cannot store $1:" \
		    "$(tail -n 1 "$TMP/remote.err" 2> /dev/null)"
	rm -rf "$dir" "$TMP/remote.zst"
}
