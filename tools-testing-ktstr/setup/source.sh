# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A kernel source tree for builds outside of one: the newest linux-source package.

SRC_DIR=$CACHE/src

source_ready()
{
	[ -n "${KSRC:-}" ] || [ -e "$SRC_DIR/linux/tools/testing/selftests/lib.mk" ]
}

# Download only: needs nothing that packages_install brings.
source_download()
{
	local pkg version

	pkg=$(apt_cmd apt-cache search --names-only '^linux-source-[0-9.]+$' |
		awk '{ print $1 }' | sort -V | tail -n 1)
	[ -n "$pkg" ] || die "no linux-source package in $APT_NEW; set KSRC to a kernel tree"
	version=$(apt_version "$pkg" "$APT_NEW")
	need_space "$CACHE" 2600 "the kernel source"
	say "kernel source: downloading $pkg ${version:-}"
	apt_fetch "$TMP/source" "$pkg${version:+=$version}"
	echo "$pkg" > "$TMP/source/name"
}

# The package holds a tar inside a tar: stream it, without a copy on the disk.
source_unpack()
{
	local pkg name

	pkg=$(cat "$TMP/source/name")
	name=linux-${pkg#linux-source-}
	say "kernel source: unpacking $name"
	mkdir "$TMP/tree" || die "cannot make $TMP/tree"
	(
		set -o pipefail
		dpkg-deb --fsys-tarfile "$TMP"/source/*.deb |
			tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
			xz -dc -T0 | tar -x --strip-components=1 -C "$TMP/tree"
	) 2> "$TMP/source.err" ||
		die "$pkg is damaged or the disk is full:" \
		    "$(head -n 1 "$TMP/source.err"); run set-up again"
	[ -e "$TMP/tree/tools/testing/selftests/lib.mk" ] ||
		die "$pkg holds no kernel tree with selftests; set KSRC to one"
	mkdir -p "$SRC_DIR"
	rm -rf "${SRC_DIR:?}/$name"
	mv -T "$TMP/tree" "$SRC_DIR/$name" &&
		ln -sfn "$name" "$TMP/linux" && mv -T "$TMP/linux" "$SRC_DIR/linux" ||
		die "cannot store the kernel source in $SRC_DIR"
	rm -rf "$TMP/source"
	say "kernel source: ready"
}
