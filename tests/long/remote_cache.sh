#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The remote cache of kernels against a real nginx, the distribution's, unpacked into a temporary
# folder: an entry of the kernel cache is stored and read back, and what the server refuses or does
# not finish is survived. tests/e2e/kernel_build_test.sh has the cases of a folder.
#
# usage: remote_cache.sh [KEY]	(default: the newest entry of the cache)
set -u
cd "$(dirname "$0")/../.." || exit 1
setup=$PWD/tools-testing-ktstr/setup
ktstr=${OUTPUT:-$PWD/build}/ktstr
for p in apt-get dpkg-deb curl zstd; do
	command -v $p > /dev/null || { echo "SKIP: no $p"; exit 4; }
done
key=${1:-$("$ktstr" kernel list --json | python3 -c 'import json, sys
print(next(e["key"] for e in json.load(sys.stdin) if not e["corrupt"]))')}
real=${KTSTR_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ktstr/kernels}
[ -s "$real/$key/bzImage" ] || { echo "SKIP: no kernel $key in the cache"; exit 4; }

tmp=$(mktemp -d) || exit 1
trap 'kill "$pid" 2> /dev/null; rm -rf "$tmp"' EXIT
pid=
chmod 755 "$tmp"
( cd "$tmp" && apt-get -qq download nginx ) || { echo "SKIP: nginx cannot be downloaded"; exit 4; }
dpkg-deb -x "$tmp"/nginx_*.deb "$tmp/nginx" || exit 1
mkdir -p "$tmp/www/kernels" "$tmp/bodies"

# serve METHODS: nginx on a port of the loopback device, which understands these.
serve()
{
	local port=$((20000 + $$ % 20000)) limit=$((SECONDS + 30))

	[ -z "$pid" ] || { kill "$pid"; wait "$pid"; }
	cat > "$tmp/nginx.conf" <<-CONF
	daemon off;
	master_process off;
	pid $tmp/pid;
	error_log $tmp/error.log;
	events { worker_connections 64; }
	http {
		access_log $tmp/access.log;
		client_body_temp_path $tmp/bodies;
		proxy_temp_path $tmp/t1; fastcgi_temp_path $tmp/t2; uwsgi_temp_path $tmp/t3; scgi_temp_path $tmp/t4;
		client_max_body_size ${2:-1g};
		server {
			listen 127.0.0.1:$port;
			root $tmp/www;
			dav_methods $1;
			create_full_put_path on;
		}
	}
	CONF
	"$tmp/nginx/usr/sbin/nginx" -p "$tmp" -c "$tmp/nginx.conf" 2> "$tmp/nginx.err" &
	pid=$!
	export KTSTR_REMOTE_CACHE=http://127.0.0.1:$port/kernels
	until curl -s -o /dev/null "http://127.0.0.1:$port/"; do
		[ $SECONDS -lt $limit ] || { cat "$tmp/nginx.err" "$tmp/error.log"; exit 1; }
		sleep 0.1
	done
}

# The two calls, as kernel.sh makes them.
call()
{
	env XDG_CACHE_HOME="$tmp/cache" KTSTR_CACHE_DIR="$cache" bash -uc '
		for part in common packages apt source sources image remote local build; do
			. "$1/$part.sh" || exit
		done
		need_dir "$CACHE"
		need_dir "$KERNELS"
		make_tmp
		"$2" "$3"' - "$setup" "$@" 2> "$tmp/err"
}

. tests/lib.sh

serve 'PUT'
cache=$real
call remote_put "$key" && [ ! -s "$tmp/err" ] && [ -s "$tmp/www/kernels/$key.tar.zst" ]
result $? "put: the server has $key, $(du -k "$tmp/www/kernels/$key.tar.zst" | cut -f1) KiB" "$tmp/err"
cache=$tmp/kernels
call remote_get "$key" && cmp "$real/$key/bzImage" "$cache/$key/bzImage" >> "$tmp/err" &&
	[ "$(KTSTR_CACHE_DIR=$cache "$ktstr" kernel path "$key" 2>> "$tmp/err")" = "$cache/$key/bzImage" ]
result $? "get: another cache has the same kernel" "$tmp/err"
! call remote_get none && [ ! -s "$tmp/err" ]
result $? "get: a key that is not there is no complaint" "$tmp/err"

printf 'x' | dd of="$tmp/www/kernels/$key.tar.zst" bs=1 seek=100000 conv=notrunc 2> /dev/null
rm -rf "${cache:?}/$key"
! call remote_get "$key" && grep -q 'is damaged or no kernel' "$tmp/err" && [ ! -e "$cache/$key" ]
result $? "get: one byte that differs is noticed" "$tmp/err"

serve off
cache=$real
call remote_put "$key" && grep -q 'cannot store .*: the server says 405' "$tmp/err"
result $? "put: a server that does not understand PUT is said to, and fails nothing" "$tmp/err"
serve PUT 1m
call remote_put "$key" && grep -q 'cannot store .*: ' "$tmp/err"
result $? "put: too large for the server fails nothing" "$tmp/err"
kill "$pid"
wait "$pid"
pid=
cache=$tmp/kernels
! call remote_get "$key" && grep -q 'going on without it' "$tmp/err"
result $? "get: no server is one line" "$tmp/err"

finish
