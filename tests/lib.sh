# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the shell tests share: source it first, end with `finish`.

nr=0
failed=0

# result STATUS NAME [LOG]: one TAP line, after the end of LOG when it failed.
result()
{
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then
		echo "ok $nr $2"
	else
		[ ! -s "${3:-}" ] || tail -n 30 "$3" | sed 's/^/# /'
		echo "not ok $nr $2"
		failed=$((failed + 1))
	fi
}

finish()
{
	echo "1..$nr"
	[ "$failed" = 0 ]
}
