#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ktstr kernel build and clean: which kernel is meant, under which key it is kept, when it is built
# again. The kernel trees are made up and "built" within a second; kernel.sh, git, kconfig's
# merge_config.sh and the reader of the cache are the real ones. tests/long/kernel_build.sh builds a
# real kernel.
set -u
last=
cd "$(dirname "$0")/../.." || exit 1
[ "$(uname -m)" = x86_64 ] || { echo "SKIP: x86_64 only"; exit 4; }
merge=${KSRC:-}/scripts/kconfig/merge_config.sh
[ -x "$merge" ] || { echo "SKIP: no kernel tree, set KSRC"; exit 4; }
command -v git dpkg-deb > /dev/null || { echo "SKIP: no git, or not an apt system"; exit 4; }

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
unset KTSTR_KERNEL KTSTR_TEST_KERNEL KTSTR_CACHE_DIR KTSTR_REMOTE_CACHE CC
export FAKE=$tmp XDG_CACHE_HOME=$tmp/cache HOME=$tmp
ktstr=${OUTPUT:-$PWD/build}/ktstr
kernels=$XDG_CACHE_HOME/ktstr/kernels
kc=x86_64-kc$(tools-testing-ktstr/setup/crc32.sh config)
export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t

# make_tree DIR RELEASE: its "build" knows all options but CONFIG_UNKNOWN, and leaves a line in $FAKE/built.
make_tree()
{
	mkdir -p "$1/scripts/kconfig" "$1/tools/testing/selftests"
	cp "$merge" "$1/scripts/kconfig/"
	touch "$1/Kbuild" "$1/MAINTAINERS" "$1/tools/testing/selftests/lib.mk"
	echo source > "$1/main.c"
	cat > "$1/Makefile" <<-MAKE
	.RECIPEPREFIX = >
	tinyconfig:
	> echo '# CONFIG_SCHED_CLASS_EXT is not set' > \$(O)/.config
	olddefconfig:
	> sed -i '/CONFIG_UNKNOWN/d' \$(O)/.config
	kernelversion:
	> @echo $2
	bzImage:
	> mkdir -p \$(O)/arch/x86/boot \$(O)/include/config
	> ! grep -q broken main.c
	> cat \$(FAKE)/header main.c > \$(O)/arch/x86/boot/bzImage
	> touch \$(O)/vmlinux
	> echo $2 > \$(O)/include/config/kernel.release
	> echo $2 >> \$(FAKE)/built
	MAKE
}

# The first sectors of a bzImage, with its version string.
python3 - "$tmp/header" <<'EOF'
import sys
b = bytearray(2048)
b[0x1f1] = 1
b[0x202:0x208] = b"HdrS\x0f\x02"
b[0x20e] = 0x80
b[0x280:0x286] = b"9.9.9\0"
open(sys.argv[1], "wb").write(b)
EOF

# source_package SERIES RELEASE VERSION
source_package()
{
	local dir=$tmp/p/linux-source-$1

	make_tree "$tmp/p/t/linux-source-$1" "$2"
	mkdir -p "$dir/usr/src" "$dir/DEBIAN" "$tmp/debs"
	tar -C "$tmp/p/t" -cJf "$dir/usr/src/linux-source-$1.tar.xz" "linux-source-$1"
	printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: t <t>\nDescription: t\n' \
		"linux-source-$1" "$3" > "$dir/DEBIAN/control"
	dpkg-deb -Znone -b "$dir" "$tmp/debs/linux-source-$1.deb" > /dev/null || exit 1
	echo "linux-source-$1 $3" >> "$tmp/offer"
}
source_package 9.8 9.8.12 9.8.12-1~bpo1+1
source_package 9.9 9.9.3 9.9.3-1
source_package 9.10 9.10.0-rc2 9.10~rc2-1~exp1

mkdir "$tmp/bin"
cat > "$tmp/bin/apt-get" <<'EOF'
#!/bin/bash
. /etc/os-release
echo "apt-get $*" >> "$FAKE/calls"
for a; do
	case $a in
	-c=*)	lists=$(dirname "${a#-c=}")/lists ;;
	esac
done
case " $* " in
*" --print-uris "*)	echo "'http://mirror.invalid/os/dists/$VERSION_CODENAME/InRelease' x 0 " ;;
*" update "*)		echo "Codename: new-backports" > "$lists/m_dists_stable-backports_InRelease" ;;
*" download "*)
	while [ "$1" != download ]; do shift; done
	cp "$FAKE/debs/${2%%=*}.deb" . ;;
esac
EOF
cat > "$tmp/bin/apt-cache" <<'EOF'
#!/bin/bash
case "$*" in
*madison*)	awk -v p="${!#}" '$1 == p { print " p | " $2 " | http://m.invalid new-backports/main amd64 P" }' \
			"$FAKE/offer" ;;
*)		sed 's/ .*/ - sources/' "$FAKE/offer" ;;
esac
EOF
for p in bc pahole lz4; do
	printf '#!/bin/sh\n' > "$tmp/bin/$p"
done
chmod +x "$tmp"/bin/*
PATH=$tmp/bin:$PATH

. tests/lib.sh

# build KEY BUILDS [ARG...]: it prints KEY, the cache has it, and BUILDS kernels were built.
build()
{
	local want=$1 builds=$2 key

	shift 2
	: > "$tmp/built"
	key=$(timeout 120 "$ktstr" kernel build "$@" 2> "$tmp/err") || return
	echo "key $key" >> "$tmp/err"
	# shellcheck disable=SC2053 # a pattern
	[[ $key == $want ]] && [ -s "$kernels/$key/bzImage" ] && [ -s "$kernels/$key/config" ] &&
		[ "$(grep -c . "$tmp/built")" = "$builds" ] &&
		[ -z "$(find "$XDG_CACHE_HOME" -name '.tmp-*')" ] && last=$key
}

# refused TEXT [ARG...]
refused()
{
	local text=$1 before

	shift
	before=$(ls "$kernels")
	! timeout 120 "$ktstr" kernel build "$@" > "$tmp/err" 2>&1 && grep -q -e "$text" "$tmp/err" &&
		[ "$before" = "$(ls "$kernels")" ] && [ -z "$(find "$XDG_CACHE_HOME" -name '.tmp-*')" ]
}

# --- source packages
build "9.8.12-tarball-$kc" 1
result $? "no argument: the newest series with eight point releases" "$tmp/err"
build "9.8.12-tarball-$kc" 0 9.8 && ! grep -q downloading "$tmp/err"
result $? "what the cache has is not downloaded or built again" "$tmp/err"
rm -f "$tmp/calls"
build "9.8.12-tarball-$kc" 0 9.8.12 && [ ! -e "$tmp/calls" ]
result $? "an exact version that the cache has asks nobody" "$tmp/err"
build "9.8.12-tarball-$kc" 1 --force 9.8.12
result $? "--force builds it again" "$tmp/err"
build "9.9.3-tarball-$kc" 1 9
result $? "a major number is its highest release, not a candidate" "$tmp/err"
build "9.10.0-rc2-tarball-$kc" 1 9.10.0-rc2
result $? "a release candidate is built when it is named" "$tmp/err"
refused 'no source package has kernel 9.8.3; there are: 9.8.12 9.9.3 9.10.0-rc2' 9.8.3
result $? "a version that is not on offer: names those that are" "$tmp/err"
rm -rf "${kernels:?}/9.9.3-tarball-$kc"
"$ktstr" kernel build 9.8..9.9 > "$tmp/out" 2> "$tmp/err" &&
	[ "$(cat "$tmp/out")" = "$(printf '%s\n' "9.8.12-tarball-$kc" "9.9.3-tarball-$kc")" ]
result $? "a range is every series from end to end, the last one whole" "$tmp/err"
refused 'ends before it begins: say 9.8..9.9' 9.9..9.8
result $? "a range that ends before it begins is refused" "$tmp/err"

# --- more options
printf 'CONFIG_SCHED_CORE=y\nCONFIG_PSI=n\n' > "$tmp/extra"
build "9.8.12-tarball-$kc-xkc????????" 1 --extra-kconfig "$tmp/extra" 9.8 &&
	grep -qx 'CONFIG_SCHED_CORE=y' "$kernels/$last/config" &&
	grep -qx '# CONFIG_PSI is not set' "$kernels/$last/config"
result $? "--extra-kconfig is another entry, its options win" "$tmp/err"
[ "$("$ktstr" kernel path 9.8 2> "$tmp/err")" = "$kernels/9.8.12-tarball-$kc/bzImage" ] &&
	[ "$("$ktstr" kernel path "$last" 2> "$tmp/err")" = "$kernels/$last/bzImage" ]
result $? "a version does not mean an entry with options of its own, its key does" "$tmp/err"
echo CONFIG_UNKNOWN=y > "$tmp/extra"
refused 'extra: CONFIG_UNKNOWN did not come out as it says' --extra-kconfig "$tmp/extra" 9.8
result $? "an extra option that does not come out is an error" "$tmp/err"
refused 'there is no such file' --extra-kconfig "$tmp/gone" 9.8
result $? "an extra file that is not there is an error" "$tmp/err"

# --- trees
make_tree "$tmp/tree" 9.9.9
build "local-t????????-$kc" 1 "$tmp/tree"
result $? "a tree without git: the key is of its state" "$tmp/err"
build "$last" 0 "$tmp/tree" && before=$last && echo changed > "$tmp/tree/main.c" &&
	build "local-t????????-$kc" 1 "$tmp/tree" && [ "$last" != "$before" ] &&
	[ "$(tail -c 8 "$kernels/$last/bzImage")" = changed ]
result $? "a tree is built again when it has changed, and only then" "$tmp/err"
git -C "$tmp/tree" init -q -b main && git -C "$tmp/tree" add -A && git -C "$tmp/tree" commit -qm one
hash=$(git -C "$tmp/tree" rev-parse --short=7 HEAD)
build "local-$hash-$kc" 1 "$tmp/tree"
result $? "a clean git tree: the key is of its commit" "$tmp/err"
echo other > "$tmp/tree/main.c"
build "local-$hash-d????????-$kc" 1 "$tmp/tree" && before=$last && echo new > "$tmp/tree/new.c" &&
	build "local-$hash-d????????-$kc" 1 "$tmp/tree" && [ "$last" != "$before" ]
result $? "changes and new files of a git tree are part of its key" "$tmp/err"
[ "$(find "$kernels/.builds" -name vmlinux | wc -l)" = 1 ]
result $? "one build folder is kept for a tree" "$tmp/err"
echo broken > "$tmp/tree/main.c"
refused 'building .* failed, see above' "$tmp/tree"
result $? "a tree that does not build stores nothing" "$tmp/err"
touch "$tmp/tree/.config"
refused 'was built in place' "$tmp/tree"
result $? "a tree that was built in place is not touched" "$tmp/err"
refused 'is no kernel tree' "$tmp/bin"
result $? "a folder that is no kernel tree is refused" "$tmp/err"
rm "$tmp/tree/.config"

# --- git
git -C "$tmp/tree" checkout -q -- . && git -C "$tmp/tree" tag -a v9 -m v9
build "v9-git-$hash-$kc" 1 "git+file://$tmp/tree#v9" &&
	grep -q "\"git_hash\": \"$(git -C "$tmp/tree" rev-parse HEAD)\"" "$kernels/$last/metadata.json"
result $? "git+URL#REF: a tag is the commit it is of" "$tmp/err"
build "v9-git-$hash-$kc" 0 "git+file://$tmp/tree#v9" && ! grep -q fetching "$tmp/err"
result $? "git: a commit that the cache has is not fetched" "$tmp/err"
build "a_b-git-???????-$kc" 1 "git+file://$tmp/tree#$(git -C "$tmp/tree" checkout -qb a/b && echo a/b)"
result $? "git: a branch with a slash has a key" "$tmp/err"
refused 'has no branch or tag gone' "git+file://$tmp/tree#gone"
result $? "git: a branch that is not there is an error" "$tmp/err"
refused 'say git+URL#REF' "git+file://$tmp/tree"
result $? "git: without a branch is an error" "$tmp/err"
refused 'cannot read ext::' "git+ext::touch $tmp/run#v9" && [ ! -e "$tmp/run" ]
result $? "git: a URL that runs a program is refused" "$tmp/err"

# --- several kernels in one run; the test needs no guest
# runs STATUS-PATTERN KERNELS [ARG...]: that many kernels ran it.
runs()
{
	local rc want=$1 kernels=$2

	shift 2
	timeout 120 "$ktstr" run -j1 --runs "$tmp/runs" "$@" -t two_cgroups_here > "$tmp/out" 2> "$tmp/err"
	rc=$?
	cat "$tmp/out" >> "$tmp/err"
	# shellcheck disable=SC2053 # a pattern
	[[ $rc == $want ]] && [ "$(grep -cE '^(not )?ok ' "$tmp/out")" = "$kernels" ]
}

runs '[04]' 2 --kernel 9.8 --kernel 9.9.3 && grep -q '^ok 1 ktstr/two_cgroups_here/kernel_9_8\b' "$tmp/out" &&
	grep -q '^ok 2 ktstr/two_cgroups_here/kernel_9_9_3\b' "$tmp/out" &&
	grep -qE '^# verdict by kernel +9_8 +9_9_3 *$' "$tmp/out" &&
	grep -qE '^# two_cgroups_here +(pass +pass|skip +skip) *$' "$tmp/out" &&
	[ "$(find "$tmp/runs" -name 'two_cgroups_here-*.ktstr.json' | wc -l)" = 2 ]
result $? "run --kernel twice: a verdict for each, a table, two records" "$tmp/err"
runs '[04]' 2 --kernel 9.8..9.9
result $? "run --kernel RANGE: one kernel of each series" "$tmp/err"
"$ktstr" kernel list --range 9.8..9.9 > "$tmp/out" 2> "$tmp/err" && [ "$(xargs < "$tmp/out")" = "9.8 9.9" ] &&
	"$ktstr" kernel list --json --range 9.8..9.9 2> "$tmp/err" | python3 -c 'import json, sys
assert json.load(sys.stdin) == {"range": "9.8..9.9", "start": "9.8", "end": "9.9", "versions": ["9.8", "9.9"]}'
result $? "kernel list --range: what that would be" "$tmp/err"
"$ktstr" kernel list --range 9.9..9.8 > "$tmp/out" 2> "$tmp/err"
[ $? = 129 ] && grep -q '^ktstr: kernel list: --range: .*ends before it begins' "$tmp/err"
result $? "... of one that is none, an error" "$tmp/err"
runs '[04]' 1 --kernel 9.8 --kernel "9.8.12-tarball-$kc" && ! grep -q 'verdict by kernel' "$tmp/out" &&
	grep -q '^ok 1 ktstr/two_cgroups_here\( \|$\)' "$tmp/out"
result $? "run: a kernel that is named twice runs once, and its ids have no label" "$tmp/err"
: > "$tmp/built"
echo fresh >> "$tmp/tree/main.c"
runs '[04]' 2 --kernel 9.8 --kernel "$tmp/tree" && grep -q 'two_cgroups_here/kernel_path_tree_' "$tmp/out" &&
	[ "$(grep -c . "$tmp/built")" = 1 ]
result $? "run --kernel TREE builds a tree that has no kernel" "$tmp/err"
runs 1 0 --kernel 9.77 && grep -q 'kernel 9.77 is neither in the cache nor a ready package' "$tmp/err"
result $? "run --kernel VERSION that is nowhere is an error" "$tmp/err"
runs 129 0 --kernel 9.9..9.8 && grep -q 'ends before it begins' "$tmp/err"
result $? "run --kernel: a range that ends before it begins is wrong usage" "$tmp/err"

# --- a remote cache that is a folder; tests/long/remote_cache.sh has a real server
export KTSTR_REMOTE_CACHE=$tmp/remote
key=9.8.12-tarball-$kc
object=$KTSTR_REMOTE_CACHE/$key.tar.zst
build "$key" 1 --force 9.8.12 && [ -s "$object" ] && cp "$kernels/$key/bzImage" "$tmp/image"
result $? "remote cache: what was built is stored" "$tmp/err"
rm -rf "${kernels:?}/$key"
build "$key" 0 9.8.12 && cmp -s "$tmp/image" "$kernels/$key/bzImage" &&
	[ "$("$ktstr" kernel path 9.8.12 2>> "$tmp/err")" = "$kernels/$key/bzImage" ]
result $? "remote cache: a kernel from there is as good as a built one" "$tmp/err"

# distrusted WHAT: the object is not used, and the kernel is built all the same.
distrusted()
{
	rm -rf "${kernels:?}/$key"
	build "$key" 1 9.8.12 && grep -q "$key is damaged or no kernel; going on without it" "$tmp/err"
	result $? "remote cache: $1" "$tmp/err"
}

# repack COMMAND: run it in the unpacked object.
repack()
{
	rm -rf "$tmp/o" && mkdir "$tmp/o" && zstd -dcq "$object" | tar -xf - -C "$tmp/o" &&
		( cd "$tmp/o" && eval "$1" && tar -cf - -- * ) | zstd -q -f -o "$object"
}
head -c 300 "$object" > "$tmp/cut" && mv "$tmp/cut" "$object"
distrusted "an object that was cut short is not used"
repack 'echo other >> bzImage'
distrusted "an image that differs from its sum is not used"
repack 'ln -sf /etc/passwd modules/x.ko'
distrusted "a link in it is not unpacked"
repack 'echo x > more'
distrusted "a file that does not belong there is not unpacked"
cp "$KTSTR_REMOTE_CACHE/$key.tar.zst" "$tmp/right"
repack "sed -i s/9.8.12/9.8.11/ KEY; sha256sum bzImage config metadata.json KEY > SHA256SUMS"
distrusted "an object under another's name is not used"
rm -rf "${kernels:?}/$key" "$KTSTR_REMOTE_CACHE" && touch "$KTSTR_REMOTE_CACHE" &&
	build "$key" 1 9.8.12 && grep -q 'remote cache .*: cannot store' "$tmp/err"
result $? "remote cache: one that cannot be written fails nothing" "$tmp/err"
unset KTSTR_REMOTE_CACHE

# --- clean
"$ktstr" kernel list --json > "$tmp/list" 2> "$tmp/err"
python3 - "$tmp/list" >> "$tmp/err" 2>&1 <<'EOF'
import json, sys
e = json.load(open(sys.argv[1]))
assert {x["source"] for x in e} == {"tarball", "local", "git"}, e
assert [x["key"] for x in e if x["extra_kconfig"]] == [x["key"] for x in e if "-xkc" in x["key"]], e
assert not any(x["corrupt"] or x["stale"] for x in e), e
EOF
result $? "kernel list --json knows where each came from" "$tmp/err"
rm "$kernels/9.9.3-tarball-$kc/bzImage"
mapfile -t all < <(find "$kernels" -mindepth 1 -maxdepth 1 -not -name '.*')
"$ktstr" kernel clean -n --keep 2 > "$tmp/out" 2> "$tmp/err" &&
	[ "$(wc -l < "$tmp/out")" = $((${#all[@]} - 2)) ] &&
	[ "$(find "$kernels" -mindepth 1 -maxdepth 1 -not -name '.*' | wc -l)" = ${#all[@]} ]
result $? "kernel clean -n removes nothing" "$tmp/err"
"$ktstr" kernel clean > "$tmp/out" 2> "$tmp/err" && [ "$(cat "$tmp/out")" = "9.9.3-tarball-$kc" ]
result $? "kernel clean removes what is corrupt" "$tmp/err"
touch -d '1 hour ago' "$kernels/9.8.12-tarball-$kc/metadata.json"
exec 7>> "$kernels/.locks/9.8.12-tarball-$kc.lock"
flock -s 7
"$ktstr" kernel clean --keep 2 --builds > "$tmp/out" 2> "$tmp/err" &&
	grep -q "9.8.12-tarball-$kc is in use: it stays" "$tmp/err" &&
	[ "$(find "$kernels" -mindepth 1 -maxdepth 1 -not -name '.*' | wc -l)" = 3 ] &&
	[ ! -e "$kernels/.builds" ]
result $? "kernel clean --keep 2: the newest two stay, and one that is in use" "$tmp/err"
exec 7>&-

finish
