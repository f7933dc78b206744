# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A kernel source tree for builds outside of one: the newest linux-source package.

SRC_DIR=$CACHE/src

source_ready()
{
	[ -n "${KSRC:-}" ] || [ -e "$SRC_DIR/linux/tools/testing/selftests/lib.mk" ]
}

# source_packages: all linux-source packages on offer, oldest first.
source_packages()
{
	apt_cmd apt-cache search --names-only '^linux-source-[0-9.]+$' |
		awk '{ print $1 }' | sort -V
}

# source_download [PACKAGE]: the newest one if none is named. Download only: needs nothing that
# packages_install brings.
source_download()
{
	local pkg=${1:-} version

	if [ -z "$pkg" ]; then
		pkg=$(source_packages | tail -n 1)
		[ -n "$pkg" ] || die "no linux-source package in $APT_NEW; set KSRC to a kernel tree"
	elif ! source_packages | grep -qxF "$pkg"; then
		die "no package $pkg; there are: $(source_packages | paste -sd' ')"
	fi
	version=$(apt_version "$pkg" "$APT_NEW")
	need_space "$CACHE" 2600 "the kernel source"
	say "kernel source: downloading $pkg ${version:-}"
	apt_fetch "$TMP/source" "$pkg${version:+=$version}"
	echo "$pkg" > "$TMP/source/name"
}

# source_unpack_to DIR: a new folder. The package holds a tar inside a tar: stream it, without a copy
# on the disk.
source_unpack_to()
{
	local pkg

	pkg=$(cat "$TMP/source/name")
	say "kernel source: unpacking linux-${pkg#linux-source-}"
	mkdir "$1" || die "cannot make $1"
	(
		set -o pipefail
		dpkg-deb --fsys-tarfile "$TMP"/source/*.deb |
			tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
			xz -dc -T0 | tar -x --strip-components=1 -C "$1"
	) 2> "$TMP/source.err" ||
		die "$pkg is damaged or the disk is full:" \
		    "$(head -n 1 "$TMP/source.err"); run set-up again"
	[ -e "$1/tools/testing/selftests/lib.mk" ] ||
		die "$pkg holds no kernel tree with selftests; set KSRC to one"
}

source_unpack()
{
	local name

	name=linux-$(sed 's/^linux-source-//' "$TMP/source/name")
	source_unpack_to "$TMP/tree"
	mkdir -p "$SRC_DIR"
	rm -rf "${SRC_DIR:?}/$name"
	mv -T "$TMP/tree" "$SRC_DIR/$name" &&
		ln -sfn "$name" "$TMP/linux" && mv -T "$TMP/linux" "$SRC_DIR/linux" ||
		die "cannot store the kernel source in $SRC_DIR"
	rm -rf "$TMP/source"
	say "kernel source: ready"
}
