# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A kernel that is built here, with our config fragment on top of tinyconfig: from the
# distribution's linux-source package of a series, or from a kernel tree. The tree is not written
# to. The cache gets the image, its config and its metadata; all else goes away.

# probe   apt package   dnf package: what a kernel needs besides packages_build (packages.sh).
packages_kernel()
{
	cat <<-EOF
	bc		bc			bc
	pahole		pahole			dwarves
	lz4		lz4			lz4
	EOF
}

# kernel_make TREE OUT: OUT becomes a build folder with an image.
kernel_make()
{
	local tree=$1 out=$2 log=$2.log jobs fragment=${SETUP_DIR%/*/*}/config started=$SECONDS
	local -a make=(make -C "$tree" "O=$out" KBUILD_BUILD_USER=ktstr KBUILD_BUILD_HOST=ktstr)

	[ ! -e "$tree/.config" ] && [ ! -d "$tree/include/config" ] ||
		die "$tree was built in place, and kbuild does not build such a tree elsewhere:" \
		    "make -C $tree mrproper (removes its .config), or" \
		    "'$SETUP_DIR/kernel.sh add $tree' takes what was built there"
	need_space "$CACHE" 4000 "building a kernel"
	jobs=$(nproc)
	mkdir -p "$out" || die "cannot make $out"
	say "kernel $(make -s -C "$tree" kernelversion): building, $jobs jobs" \
	    "(26 minutes of CPU time)"
	{
		"${make[@]}" tinyconfig &&
			"$tree/scripts/kconfig/merge_config.sh" -m -O "$out" "$out/.config" "$fragment" &&
			"${make[@]}" olddefconfig && "${make[@]}" -j"$jobs" bzImage
	} > "$log" 2>&1 9>&- < /dev/null || {
		tail -n 5 "$log" >&2
		die "building $tree failed, see above"
	}
	say "kernel $(cat "$out/include/config/kernel.release"): built in $((SECONDS - started)) s"
}

# tarball_metadata RELEASE PACKAGE VERSION CONFIG FRAGMENT_CRC
tarball_metadata()
{
	cat <<-EOF
	{
	  "version": $(json_string "$1"),
	  "source": {
	    "type": "tarball",
	    "package": $(json_string "$2"),
	    "package_version": $(json_string "$3")
	  },
	  "arch": $(json_string "$ARCH"),
	  "image_name": "bzImage",
	  "config_hash": $(config_hash "$4"),
	  "ktstr_kconfig_hash": $(json_string "$5"),
	  "built_at": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
	  "has_vmlinux": false,
	  "vmlinux_stripped": false
	}
	EOF
}

# kernel_build_series SERIES: the newest source package of it. Prints the key.
kernel_build_series()
{
	local pkg=linux-source-$1 version release key crc out=$TMP/out

	apt_init
	source_download "$pkg"
	version=$(dpkg-deb -f "$TMP"/source/*.deb Version)
	source_unpack_to "$TMP/tree"
	kernel_make "$TMP/tree" "$out"
	fragment_check "$TMP/tree" "$out/.config"
	release=$(cat "$out/include/config/kernel.release")
	crc=$("$SETUP_DIR/crc32.sh" "${SETUP_DIR%/*/*}/config")
	key=$release-tarball-$ARCH-kc$crc
	kernel_place "$key" "$out/arch/x86/boot/bzImage" "$out/.config" '' '' \
		tarball_metadata "$release" "$pkg" "$version" "$out/.config" "$crc"
	echo "$key"
}

# kernel_build_tree TREE: prints the key.
kernel_build_tree()
{
	local tree

	tree=$(realpath -e "$1" 2> /dev/null) && [ -e "$tree/Kbuild" ] ||
		die "$1 is no kernel tree (no Kbuild in it); say a series such as 6.12, or a tree"
	kernel_make "$tree" "$TMP/out"
	kernel_add "$TMP/out" "$tree"
}

# kernel_build WHAT: a series or a tree.
kernel_build()
{
	packages_plan packages_build packages_kernel
	take_lock
	sweep "$CACHE"
	make_tmp
	packages_install packages_build packages_kernel
	need_dir "$KERNELS"
	case $1 in
	*/*|.|..)	kernel_build_tree "$1" ;;
	[0-9]*)
		case $1 in
		*[!0-9.]*)	die "'$1' is not a kernel series such as 6.12" ;;
		esac
		kernel_build_series "$1"
		;;
	*)	kernel_build_tree "$1" ;;
	esac
}
