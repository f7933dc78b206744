#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The set-up, without network: a small made-up distribution stands behind fake apt-get and
# apt-cache commands, everything else is real. What is promised: it brings everything, a
# second run asks nobody, and whatever goes wrong is said in one sentence and leaves nothing
# that a later run could take for finished.
set -u
cd "$(dirname "$0")/../.." || exit 1
setup=$PWD/tools-testing-ktstr/setup/setup.sh
kernel=$PWD/tools-testing-ktstr/setup/kernel.sh
command -v dpkg-deb > /dev/null || { echo "SKIP: not an apt system"; exit 4; }
[ "$(uname -m)" = x86_64 ] || { echo "SKIP: x86_64 only"; exit 4; }
env -u KSRC "$setup" --dry-run 2>&1 | grep -q 'missing: [a-z]*[-a-z]* .*gcc' &&
	{ echo "SKIP: packages for building are missing"; exit 4; }

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
unset KSRC KTSTR_KERNEL KTSTR_TEST_KERNEL KTSTR_CACHE_DIR
export FAKE=$tmp XDG_CACHE_HOME=$tmp/cache
cache=$XDG_CACHE_HOME/ktstr
rel=9.9.1+x-cloud-amd64

# deb NAME ROOT: a package of the made-up distribution.
deb()
{
	mkdir -p "$2/DEBIAN" "$tmp/debs"
	printf 'Package: %s\nVersion: 9.9.1-1\nArchitecture: amd64\nMaintainer: t <t>\nDescription: t\n' \
		"$1" > "$2/DEBIAN/control"
	dpkg-deb -Zxz -b "$2" "$tmp/debs/$1.deb" > /dev/null || exit 1
}

mkdir -p "$tmp/r/src/linux-source-9.9/tools/testing/selftests" "$tmp/r/s/usr/src"
touch "$tmp/r/src/linux-source-9.9/tools/testing/selftests/lib.mk"
tar -C "$tmp/r/src" -cJf "$tmp/r/s/usr/src/linux-source-9.9.tar.xz" linux-source-9.9
deb linux-source-9.9 "$tmp/r/s"
mkdir -p "$tmp/r/k/boot" "$tmp/r/b/usr/lib/modules/$rel" "$tmp/r/q/usr/bin"
echo image > "$tmp/r/k/boot/vmlinuz-$rel"
deb "linux-binary-$rel" "$tmp/r/k"
echo CONFIG_SCHED_CLASS_EXT=y > "$tmp/r/b/usr/lib/modules/$rel/config"
deb "linux-base-$rel" "$tmp/r/b"
mkdir -p "$tmp/r/m/usr/lib/modules/$rel/kernel/drivers/block"
echo module | xz > "$tmp/r/m/usr/lib/modules/$rel/kernel/drivers/block/virtio_blk.ko.xz"
deb "linux-modules-$rel" "$tmp/r/m"
printf '#!/bin/sh\necho QEMU emulator version 10.9.9\n' > "$tmp/r/q/usr/bin/qemu-system-x86_64"
chmod +x "$tmp/r/q/usr/bin/qemu-system-x86_64"
deb qemu-system-x86 "$tmp/r/q"

mkdir "$tmp/bin"
cat > "$tmp/bin/apt-get" <<'EOF'
#!/bin/bash
# FAKE_BAD=PACKAGE: damaged; FAKE_NET=down; FAKE_SOURCES=none; FAKE_HANG: a fifo to wait on
. /etc/os-release
echo "apt-get $*" >> "$FAKE/calls"
conf=
for a; do
	case $a in
	-c=*)	conf=${a#-c=} ;;
	esac
done
case " $* " in
*" --print-uris update "*)
	[ "${FAKE_SOURCES:-}" = none ] && exit 0
	echo "'http://mirror.invalid/os/dists/$VERSION_CODENAME-updates/InRelease' x 0 "
	echo "'http://mirror.invalid/os/dists/$VERSION_CODENAME/InRelease' x 0 "
	exit ;;
*" update "*)
	[ -n "$conf" ] || exit 0
	[ "${FAKE_NET:-}" != down ] || { echo "E: Could not resolve host" >&2; exit 100; }
	echo "Codename: new-backports" > "${conf%/*}/lists/m_dists_stable-backports_InRelease"
	exit ;;
*" -s install "*)
	echo "Inst libc6 (1 x [amd64])"
	echo "Inst qemu-system-x86 (9.9.1-1 x [amd64])"
	exit ;;
*" install "*)
	exit ;;
esac
while [ "$1" != download ]; do shift; done
shift
[ -z "${FAKE_HANG:-}" ] || { echo here > "$FAKE_HANG"; sleep 600; }
for p; do
	n=${p%%=*}
	[ "${p#*=}" = 9.9.1-1 ] || { echo "E: no version ${p#*=}" >&2; exit 100; }
	if [ "${FAKE_BAD:-}" = "$n" ]; then
		head -c 300 "$FAKE/debs/$n.deb" > "$n.deb"
	else
		cp "$FAKE/debs/$n.deb" . || exit 100
	fi
done
EOF
cat > "$tmp/bin/apt-cache" <<'EOF'
#!/bin/bash
echo "apt-cache $*" >> "$FAKE/calls"
rel=9.9.1+x-cloud-amd64
case "$*" in
*linux-source*search*|*search*linux-source*)
	echo "linux-source-9.8 - old"; echo "linux-source-9.9 - new" ;;
*search*)	echo "linux-image-$rel - meta"; echo "linux-binary-$rel - image" ;;
*"madison qemu"*)
	. /etc/os-release
	echo " p | 1:10.9.9-1 | http://mirror.invalid/os $VERSION_CODENAME-backports/main amd64 Packages" ;;
*madison*)	echo " p | 9.9.1-1 | http://mirror.invalid/os new-backports/main amd64 Packages" ;;
*show*)		printf 'Package: linux-image-%s\nVersion: 9.9.1-1\nSize: 2000\n\n' $rel
		printf 'Package: linux-binary-%s\nVersion: 9.9.1-1\nSize: 13000000\n' $rel ;;
esac
EOF
printf '#!/bin/sh\necho QEMU emulator version 7.2.0\n' > "$tmp/bin/qemu-system-x86_64"
printf '#!/bin/sh\necho update-ccache-symlinks >> "$FAKE/calls"\n' > "$tmp/bin/update-ccache-symlinks"
chmod +x "$tmp"/bin/*
PATH=$tmp/bin:$PATH

. tests/lib.sh

# run STATUS TEXT [VAR=VALUE...]: the set-up ends with STATUS and says TEXT.
run()
{
	local want=$1 text=$2 rc

	shift 2
	timeout 60 env "$@" "$setup" > "$tmp/out" 2> "$tmp/err"
	rc=$?
	[ $rc = "$want" ] && [ ! -s "$tmp/out" ] && grep -q -e "$text" "$tmp/err"
}

clean()
{
	[ -z "$(find "$cache" -name '.tmp-*' 2> /dev/null)" ]
}

fresh()
{
	rm -rf "$cache"
}

complete()
{
	[ -e "$cache/src/linux/tools/testing/selftests/lib.mk" ] &&
		[ -x "$cache/qemu/current/usr/bin/qemu-system-x86_64" ] &&
		[ "$(cat "$cache/kernels/$rel-distro-x86_64/bzImage")" = image ] &&
		[ "$(cat "$cache/kernels/$rel-distro-x86_64/modules/virtio_blk.ko")" = module ] &&
		clean
}

echo "TAP version 13"
run 1 'Is the network up?' FAKE_NET=down && clean
result $? "no network: says so" "$tmp/err"

run 1 'apt has no source' FAKE_SOURCES=none && clean
result $? "no usable apt source: says so" "$tmp/err"

for p in linux-source-9.9 "linux-binary-$rel" qemu-system-x86; do
	fresh
	run 1 "$p.deb is damaged\|$p is damaged" FAKE_BAD="$p" && clean
	result $? "damaged $p: named, nothing half-made stays" "$tmp/err"
done

run 0 'set-up took' && complete
result $? "the next run completes what the failed one left" "$tmp/err"

python3 - "$cache/kernels/$rel-distro-x86_64/metadata.json" > "$tmp/err" 2>&1 <<'EOF'
import json, sys
m = json.load(open(sys.argv[1]))
assert m["version"] == "9.9.1+x-cloud-amd64" and m["arch"] == "x86_64", m
assert m["source"]["type"] == "distro" and m["source"]["suite"] == "new-backports", m
assert m["source"]["package"] == "linux-binary-9.9.1+x-cloud-amd64", m
assert m["image_name"] == "bzImage", m
EOF
result $? "metadata.json says where the kernel came from" "$tmp/err"

: > "$tmp/calls"
"$setup" > "$tmp/err" 2>&1 && [ ! -s "$tmp/err" ] && [ ! -s "$tmp/calls" ]
result $? "a second run is silent and asks nobody" "$tmp/err"

"$kernel" fetch 9.9 > "$tmp/err" 2>&1 && [ ! -s "$tmp/calls" ]
result $? "kernel.sh fetch of a series that is there asks nobody" "$tmp/err"

! "$kernel" fetch 5.5 > "$tmp/err" 2>&1 && grep -q 'has no kernel of series 5.5; series there: ' "$tmp/err"
result $? "kernel.sh fetch of a series that does not exist names those that do" "$tmp/err"

fresh
run 1 'not an absolute path' XDG_CACHE_HOME=here
result $? "a relative XDG_CACHE_HOME is refused" "$tmp/err"

run 1 'set HOME or XDG_CACHE_HOME' -u XDG_CACHE_HOME HOME=
result $? "no HOME and no XDG_CACHE_HOME: says so" "$tmp/err"

# Interrupted in the middle of a download.
fresh
mkfifo "$tmp/fifo"
env FAKE_HANG="$tmp/fifo" "$setup" 2> "$tmp/err" & pid=$!
read -r _ < "$tmp/fifo"
kill -TERM $pid
wait $pid
[ $? = 143 ] && clean && ! complete && [ -z "$(find "$cache" -name bzImage)" ]
result $? "interrupted: ends at once, leaves nothing half-made" "$tmp/err"
run 0 'set-up took' && complete
result $? "and the next run completes" "$tmp/err"

# Killed: nobody tidies up, so the next one must.
fresh
env FAKE_HANG="$tmp/fifo" setsid "$setup" 2> "$tmp/err" & pid=$!
read -r _ < "$tmp/fifo"
# Again until nobody is left: they fork meanwhile.
while p=$(ps -o pid=,stat= -s $pid | awk '$2 !~ /^Z/ { print $1 }') && [ -n "$p" ]; do
	# shellcheck disable=SC2086 # all of them
	kill -KILL $p 2> /dev/null
done
wait $pid 2> /dev/null
run 0 'set-up took' && complete
result $? "killed: the next run sweeps and completes" "$tmp/err"

# Two at once: the second waits and finds everything done.
fresh
: > "$tmp/calls"
"$setup" 2> "$tmp/err1" & a=$!
"$setup" 2> "$tmp/err" & b=$!
wait $a && wait $b && complete &&
	[ "$(grep -c 'apt-get .*download.*linux-source' "$tmp/calls")" = 1 ]
result $? "two at once: both succeed, one downloads" "$tmp/err"

# Packages missing and not root: the command is printed and nothing is done.
printf '#!/bin/sh\n[ "$1" = -u ] && echo 1000\n' > "$tmp/bin/id"
chmod +x "$tmp/bin/id"
fresh
run 4 'sudo apt-get install .*libelf-dev' CC=false && [ ! -e "$cache" ]
result $? "packages missing without root: SKIP with the command, nothing touched" "$tmp/err"
printf '#!/bin/sh\n[ "$1" = -u ] && echo 0\n' > "$tmp/bin/id"
fresh
: > "$tmp/calls"
run 4 'still missing after installing packages: .*libelf-dev' CC=false &&
	sed -n '/apt-get .* install .*libelf-dev/,$p' "$tmp/calls" | grep -q '^update-ccache-symlinks$'
result $? "ccache hears of a clang that was installed" "$tmp/err"
rm "$tmp/bin/id"

# A system with dnf and without apt-get. What it installs is headers: before, its compiler finds
# none. Everything else is here already.
mkdir "$tmp/fedora"
cp -s /usr/bin/* /usr/sbin/* "$tmp/fedora" 2> /dev/null
rm -f "$tmp/fedora"/{apt,dpkg}* "$tmp/fedora/qemu-system-x86_64" "$tmp/fedora/id"
cat > "$tmp/fedora/dnf" <<'EOF'
#!/bin/bash
echo "dnf $*" >> "$FAKE/calls"
case ${FAKE_DNF:-} in
fails)	echo "Error: Failed to download metadata for repo 'fedora'"; exit 1 ;;
useless) exit ;;
esac
: > "$FAKE/installed"
EOF
cat > "$tmp/fedora/fake-cc" <<'EOF'
#!/bin/sh
[ -e "$FAKE/installed" ] && exec gcc "$@"
exit 1
EOF
printf '#!/bin/sh\necho QEMU emulator version 10.9.9\n' > "$tmp/fedora/qemu-system-x86_64"
printf '#!/bin/sh\n[ "$1" = -u ] && echo "${FAKE_UID:-0}"\n' > "$tmp/fedora/id"
chmod +x "$tmp/fedora"/{dnf,fake-cc,qemu-system-x86_64,id}

# fedora STATUS TEXT [VAR=VALUE...]
fedora()
{
	local status=$1 text=$2

	shift 2
	fresh
	: > "$tmp/calls"
	rm -f "$tmp/installed"
	run "$status" "$text" PATH="$tmp/fedora" CC=fake-cc KTSTR_KERNEL=9.9 "$@"
}

fedora 0 'set-up took' KSRC="$tmp" &&
	grep -q '^dnf .* install .*elfutils-libelf-devel.* zlib-devel' "$tmp/calls" &&
	! grep -q zlib1g-dev "$tmp/calls"
result $? "dnf installs what is missing, by Fedora's names" "$tmp/err"

fedora 4 'sudo dnf install .*jansson-devel' KSRC="$tmp" FAKE_UID=1000 && [ ! -s "$tmp/calls" ]
result $? "dnf without root: SKIP with the command, nothing installed" "$tmp/err"

fedora 1 'dnf install failed; run it by hand: dnf install .*jansson-devel' KSRC="$tmp" \
	FAKE_DNF=fails && grep -q 'Failed to download metadata' "$tmp/err"
result $? "dnf fails: its last words, and the command" "$tmp/err"

fedora 4 'still missing after installing packages: .*jansson-devel' KSRC="$tmp" FAKE_DNF=useless
result $? "dnf installs nothing: what is still missing is named" "$tmp/err"

fedora 4 'not an apt system: see docs/setup.md'
result $? "no kernel tree and no apt: says where to read on" "$tmp/err"

# A kernel that somebody built with our fragment.
fresh
tree=$tmp/tree
ktstr=${OUTPUT:-$PWD/build}/ktstr
mkdir -p "$tree/arch/x86/boot" "$tree/include/config"
{ cat config; echo CONFIG_OF_ANOTHER_VERSION=y; } > "$tree/.config"
echo image > "$tree/arch/x86/boot/bzImage"
echo 9.9.2-mine > "$tree/include/config/kernel.release"

# entry PYTHON: what the reader says about the one with our key.
entry()
{
	"$ktstr" kernel list --json > "$tmp/list" 2> "$tmp/err" &&
		python3 - "$tmp/list" "$key" "$1" >> "$tmp/err" 2>&1 <<-'EOF'
		import json, sys
		e = [e for e in json.load(open(sys.argv[1])) if e["key"] == sys.argv[2]]
		assert len(e) == 1, e
		e = e[0]
		assert e["version"] == "9.9.2-mine" and e["source"] == "local" and not e["corrupt"], e
		assert eval(sys.argv[3]), e
		EOF
}

key=$("$kernel" add "$tree" 2> "$tmp/err") && [ "$key" = "$("$kernel" add "$tree" 2> "$tmp/err")" ] &&
	[[ $key == local-*-x86_64-cfg*-kc* ]] && entry 'e["stale"] is None' && clean
result $? "kernel.sh add: the reader knows the fragment's hash as its own" "$tmp/err"

# What the entry has once our fragment has moved on: the hash of another one.
{ cat config; echo CONFIG_MORE=y; } > "$tmp/fragment"
hash=$(tools-testing-ktstr/setup/crc32.sh "$tmp/fragment")
sed -i "s/\"ktstr_kconfig_hash\": \"[0-9a-f]*\"/\"ktstr_kconfig_hash\": \"$hash\"/" \
	"$cache/kernels/$key/metadata.json"
entry "e['stale'] == '$hash'"
result $? "a kernel of another fragment is stale" "$tmp/err"

# refused TEXT: adding the tree fails so, and leaves nothing.
refused()
{
	rm -rf "${cache:?}/kernels/$key"
	! "$kernel" add "$tree" > "$tmp/err" 2>&1 && grep -q -e "$1" "$tmp/err" &&
		[ ! -e "$cache/kernels/$key" ] && clean
}

sed -i 's/^CONFIG_SCHED_CLASS_EXT=y/# CONFIG_SCHED_CLASS_EXT is not set/; /^CONFIG_BPF_JIT=/d' \
	"$tree/.config"
touch -d '1 hour ago' "$tree/.config"
refused "not built with this suite's config (CONFIG_BPF_JIT CONFIG_SCHED_CLASS_EXT)"
result $? "kernel.sh add of another config names the options" "$tmp/err"

touch -d 'now + 1 hour' "$tree/.config"
refused '.config is newer than arch/x86/boot/bzImage; run make first'
result $? "kernel.sh add of an image older than its config is refused" "$tmp/err"

rm "$tree/arch/x86/boot/bzImage"
refused 'holds no kernel that was built there'
result $? "kernel.sh add of a tree without a kernel is refused" "$tmp/err"

# mounted OPTIONS TEXT: set-up fails so with a cache on such a file system.
mounted()
{
	fresh
	mkdir -p "$XDG_CACHE_HOME"
	unshare -rm sh -c "mount -t tmpfs -o $1 none '$XDG_CACHE_HOME' && exec '$setup'" \
		2> "$tmp/err"
	[ $? = 1 ] && grep -q -e "$2" "$tmp/err"
}

if unshare -rm mount -t tmpfs none "$tmp/bin" 2> /dev/null; then
	mounted ro 'cannot.*XDG_CACHE_HOME'
	result $? "a read-only cache: says so" "$tmp/err"
	mounted size=16m 'MiB'
	result $? "a disk that is too small: says so before the download" "$tmp/err"
else
	nr=$((nr + 2))
	echo "ok $((nr - 1)) a read-only cache # SKIP no right to mount"
	echo "ok $nr a disk that is too small # SKIP no right to mount"
fi

finish
