# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A kernel that is built here, with our config fragment on top of tinyconfig: from the
# distribution's linux-source packages, from a kernel tree or from a git repository (sources.sh).
# The cache gets the image, its config and its metadata. The objects of a tree are kept, so that
# the next build of it is a matter of what has changed; all else goes away.

FRAGMENT=${SETUP_DIR%/*/*}/config
BUILDS=$KERNELS/.builds
# Options of kernel.sh build.
EXTRA=''	# file of --extra-kconfig
FORCE=''
JOBS=''

# probe   apt package   dnf package: what a kernel needs besides packages_build (packages.sh).
packages_kernel()
{
	cat <<-EOF
	bc		bc			bc
	pahole		pahole			dwarves
	lz4		lz4			lz4
	EOF
}

# key_suffix: the end of a key. What was built with other fragments is another entry.
key_suffix()
{
	printf %s "$ARCH-kc$("$SETUP_DIR/crc32.sh" "$FRAGMENT")"
	[ -z "$EXTRA" ] || printf %s "-xkc$("$SETUP_DIR/crc32.sh" "$EXTRA")"
}

# have_key KEY: is it in the cache, or in the remote one, and no --force asks for a new one? Prints the
# key then.
have_key()
{
	[ -z "$FORCE" ] || return
	if [ -s "$KERNELS/$1/bzImage" ] && [ -s "$KERNELS/$1/metadata.json" ]; then
		say "kernel $1: in the cache"
	else
		remote_get "$1" || return
	fi
	echo "$1"
}

# extra_check TREE OUT: end unless what --extra-kconfig asks for is in the configuration. kconfig
# drops an option without a word when something that it depends on is off.
extra_check()
{
	local lost

	[ -n "$EXTRA" ] || return 0
	lost=$(awk '
		function name(line) { sub(/^# /, "", line); sub(/[ =].*/, "", line); return line }
		FNR == NR { have[$0] = 1; known[name($0)] = 1; next }
		/^CONFIG_/ && !($0 in have) { print name($0) }
		/^# CONFIG_.* is not set$/ && !($0 in have) && name($0) in known { print name($0) }
		' "$2/.config" "$TMP/extra" | head -n 5 | paste -sd' ')
	[ -z "$lost" ] ||
		die "$EXTRA: $lost did not come out as it says in the configuration of $1:" \
		    "no such option in this kernel, or something that it depends on is off"
}

# kernel_configure TREE OUT: configure OUT as a build folder of TREE.
kernel_configure()
{
	"${MAKE[@]}" tinyconfig &&
		"$1/scripts/kconfig/merge_config.sh" -m -O "$2" "$2/.config" "$FRAGMENT" "$TMP/extra" &&
		"${MAKE[@]}" olddefconfig
}

# kernel_make TREE OUT: OUT becomes a build folder with an image.
kernel_make()
{
	local tree=$1 out=$2 log=$2.log jobs=${JOBS:-$(nproc)} started=$SECONDS cc=${CC:-}

	[ ! -e "$tree/.config" ] && [ ! -d "$tree/include/config" ] ||
		die "$tree was built in place, and kbuild does not build such a tree elsewhere:" \
		    "make -C $tree mrproper (removes its .config), or" \
		    "'$SETUP_DIR/kernel.sh add $tree' takes what was built there"
	[ -s "$out/vmlinux" ] || need_space "$CACHE" 4000 "building a kernel"
	mkdir -p "$out" || die "cannot make $out"
	[ -n "$cc" ] || ! have ccache || cc='ccache gcc'
	MAKE=(make -C "$tree" "O=$out" KBUILD_BUILD_USER=ktstr KBUILD_BUILD_HOST=ktstr
	      ${cc:+"CC=$cc"})
	kernel_configure "$tree" "$out" > "$log" 2>&1 9>&- < /dev/null || {
		tail -n 5 "$log" >&2
		die "configuring $tree failed, see above"
	}
	extra_check "$tree" "$out"
	say "kernel $(make -s -C "$tree" kernelversion): building, $jobs jobs" \
	    "(26 minutes of CPU time when nothing is there yet)"
	"${MAKE[@]}" -j"$jobs" bzImage >> "$log" 2>&1 9>&- < /dev/null || {
		grep -E -m 5 'error|Error' "$log" >&2 || tail -n 5 "$log" >&2
		cp "$log" "$CACHE/build-failed.log"
		die "building $tree failed, see above and $CACHE/build-failed.log"
	}
	say "kernel $(cat "$out/include/config/kernel.release"): built in $((SECONDS - started)) s"
}

# built_metadata RELEASE OUT SOURCE: SOURCE is the JSON object of where it comes from.
built_metadata()
{
	cat <<-EOF
	{
	  "version": $(json_string "$1"),
	  "source": $3,
	  "arch": $(json_string "$ARCH"),
	  "image_name": "bzImage",
	  "config_hash": $(config_hash "$2/.config"),
	  "ktstr_kconfig_hash": $(json_string "$("$SETUP_DIR/crc32.sh" "$FRAGMENT")"),
	  "extra_kconfig_hash": $([ -n "$EXTRA" ] && json_string "$("$SETUP_DIR/crc32.sh" "$EXTRA")" ||
				  printf null),
	  "built_at": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
	  "has_vmlinux": false,
	  "vmlinux_stripped": false
	}
	EOF
}

# kernel_keep KEY TREE OUT SOURCE: store what was built. Prints the key.
kernel_keep()
{
	local release

	fragment_check "$2" "$3/.config" "$TMP/extra"
	release=$(cat "$3/include/config/kernel.release")
	kernel_place "$1" "$3/arch/x86/boot/bzImage" "$3/.config" '' '' \
		built_metadata "$release" "$3" "$4"
	remote_put "$1"
	echo "$1"
}

# kernel_build_package PACKAGE: the kernel of a source package. Prints the key.
kernel_build_package()
{
	local pkg=$1 version key out=$TMP/out

	version=$(source_version "$pkg")
	key=$(package_release "$version")-tarball-$(key_suffix)
	have_key "$key" && return
	rm -rf "$TMP/source" "$TMP/tree" "$out"
	source_download "$pkg"
	version=$(dpkg-deb -f "$TMP"/source/*.deb Version)
	source_unpack_to "$TMP/tree"
	kernel_make "$TMP/tree" "$out"
	key=$(cat "$out/include/config/kernel.release")-tarball-$(key_suffix)
	kernel_keep "$key" "$TMP/tree" "$out" "{
	    \"type\": \"tarball\",
	    \"package\": $(json_string "$pkg"),
	    \"package_version\": $(json_string "$version")
	  }"
	rm -rf "$TMP/source" "$TMP/tree" "$out"
}

# kernel_build_version VERSION ('': the newest series that has seen eight point releases). An exact
# version that the cache has asks nobody.
kernel_build_version()
{
	local pkg key

	key=$1-tarball-$(key_suffix)
	[ -z "$1" ] || ! have_key "$key" || return 0
	apt_init
	pkg=$(source_choose "$1") || exit
	kernel_build_package "$pkg"
}

# kernel_build_range FIRST LAST: every series between them; what fails does not keep the others from
# being built.
kernel_build_range()
{
	local pkg failed=0 n=0
	local -a packages

	apt_init
	mapfile -t packages < <(source_range "$1" "$2")
	[ ${#packages[@]} -gt 0 ] ||
		die "no source package between $1 and $2; there are: $(source_packages | paste -sd' ')"
	for pkg in "${packages[@]}"; do
		n=$((n + 1))
		( trap - EXIT; kernel_build_package "$pkg" ) || {
			say "$pkg: failed"
			failed=$((failed + 1))
		}
	done
	say "$((n - failed)) of $n kernels are in the cache"
	[ $failed = 0 ]
}

# kernel_build_tree TREE: prints the key.
kernel_build_tree()
{
	local tree state out key

	tree=$(realpath -e "$1" 2> /dev/null) && [ -e "$tree/Kbuild" ] ||
		die "$1 is no kernel tree (no Kbuild in it); say a version such as 6.12, or a tree"
	state=$(tree_state "$tree")
	key=local-$state-$(key_suffix)
	have_key "$key" && return
	printf %s "$tree" > "$TMP/path"
	out=$BUILDS/$("$SETUP_DIR/crc32.sh" "$TMP/path")-$(key_suffix)
	need_dir "$BUILDS"
	kernel_make "$tree" "$out"
	printf '%s\n' "$tree" > "$out.tree"
	[ "$state" = "$(tree_state "$tree")" ] ||
		die "$tree was changed while its kernel was built: nothing is stored, build again"
	kernel_keep "$key" "$tree" "$out" "{
	    \"type\": \"local\",
	    \"source_tree_path\": $(json_string "$tree"),
	    \"git_hash\": $(json_or_null "$(git -C "$tree" rev-parse -q --verify HEAD 2> /dev/null)")
	  }"
}

# kernel_build_git URL REF: prints the key.
kernel_build_git()
{
	local hash key ref

	hash=$(git_hash "$1" "$2") || exit
	ref=$(tr -c 'A-Za-z0-9.\n' _ <<< "$2")
	key=$ref-git-${hash:0:7}-$(key_suffix)
	have_key "$key" && return
	git_fetch "$1" "$2" "$TMP/tree"
	hash=$(git -C "$TMP/tree" rev-parse HEAD)
	key=$ref-git-${hash:0:7}-$(key_suffix)
	[ -e "$TMP/tree/Kbuild" ] || die "$2 of $(git_shown "$1") is no kernel tree (no Kbuild in it)"
	kernel_make "$TMP/tree" "$TMP/out"
	kernel_keep "$key" "$TMP/tree" "$TMP/out" "{
	    \"type\": \"git\",
	    \"ref\": $(json_string "$2"),
	    \"git_hash\": $(json_string "$hash")
	  }"
}

# kernel_build [WHAT]: a version, a range, a tree, git+URL#REF; nothing: the newest settled series.
kernel_build()
{
	local what=${1:-}

	[ -z "$EXTRA" ] || [ -f "$EXTRA" ] || die "--extra-kconfig $EXTRA: there is no such file"
	packages_plan packages_build packages_kernel
	take_lock
	sweep "$CACHE"
	make_tmp
	packages_install packages_build packages_kernel
	need_dir "$KERNELS"
	# In the words of .config, whatever the file's way to say that an option is off.
	sed -E 's/^(CONFIG_[A-Za-z0-9_]+)=n$/# \1 is not set/' "${EXTRA:-/dev/null}" > "$TMP/extra"
	case $what in
	git+*'#'?*)	what=${what#git+}; kernel_build_git "${what%'#'*}" "${what##*'#'}" ;;
	git+*)		die "'$what' has no REF: say git+URL#REF, REF being a branch, a tag or a commit" ;;
	*/*|.*)		kernel_build_tree "$what" ;;
	[0-9]*..[0-9]*)
		is_version "${what%%..*}" && is_version "${what#*..}" ||
			die "'$what' is not a range of versions such as 6.12..6.18"
		kernel_build_range "${what%%..*}" "${what#*..}"
		;;
	''|[0-9]*)
		[ -z "$what" ] || is_version "$what" || die "'$what' is not a kernel version such as 6.12"
		kernel_build_version "$what"
		;;
	*)	kernel_build_tree "$what" ;;
	esac
}
