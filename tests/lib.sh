# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the shell tests share: source it or begin.sh first, end with `finish`.

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

# Processes of a run carry KTSTR_TEST_MARK=$mark in their environment, whatever became of their
# parents. ours: their pids.
ours()
{
	# shellcheck disable=SC2154 # the test sets mark
	grep -lzs "^KTSTR_TEST_MARK=$mark\$" /proc/[0-9]*/environ 2> /dev/null |
		sed -n 's,/proc/\([0-9]*\)/.*,\1,p' | grep -vx $$
}

# gone: wait until none of them is left, at most 5 s.
gone()
{
	local limit=$((SECONDS + 5))

	while [ -n "$(ours)" ]; do
		[ $SECONDS -lt $limit ] || return 1
		sleep 0.02
	done
}

# forget_settings: no variable of ktstr's is set, but for the kernel to boot.
forget_settings()
{
	local v

	for v in $(compgen -e KTSTR_); do
		[ "$v" = KTSTR_TEST_KERNEL ] || unset "$v"
	done
}
