# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The tools and libraries a build needs. Looks before it asks: where everything is there,
# no package manager is started and root is not needed.

# probe   apt package   dnf package.  A probe with .h is a header, otherwise a command.
packages_build()
{
	cat <<-EOF
	gcc		gcc			gcc
	make		make			make
	clang-bpf	clang			clang
	llvm-strip	llvm			llvm
	bison		bison			bison
	flex		flex			flex
	perl		perl			perl
	pkg-config	pkg-config		pkgconf-pkg-config
	python3		python3			python3
	rsync		rsync			rsync
	xz		xz-utils		xz
	zstd		zstd			zstd
	file		file			file
	mkfs.ext4	e2fsprogs		e2fsprogs
	stdio.h		libc6-dev		glibc-devel
	linux/kvm.h	linux-libc-dev		kernel-headers
	gelf.h		libelf-dev		elfutils-libelf-devel
	zlib.h		zlib1g-dev		zlib-devel
	lz4.h		liblz4-dev		lz4-devel
	zstd.h		libzstd-dev		libzstd-devel
	jansson.h	libjansson-dev		jansson-devel
	sqlite3.h	libsqlite3-dev		sqlite-devel
	openssl/ssl.h	libssl-dev		openssl-devel
	EOF
}

# What "make check" runs on top. corelist stands for the whole of perl: checkpatch needs
# modules that a minimal installation has not.
packages_check()
{
	cat <<-EOF
	ccache		ccache			ccache
	cppcheck	cppcheck		cppcheck
	shellcheck	shellcheck		ShellCheck
	corelist	perl			perl
	pgrep		procps			procps-ng
	libfuzzer	libclang-rt		compiler-rt
	EOF
}

# The newest clang that sched_ext's BPF programs need (16 or later), or nothing.
find_clang()
{
	local c v

	for c in "${CLANG:-}" clang clang-{19,20,21,22,18,17,16}; do
		[ -n "$c" ] && have "$c" || continue
		v=$("$c" -dumpversion 2> /dev/null)
		v=${v%%.*}
		[ "${v:-0}" -ge 16 ] 2> /dev/null && echo "$c" && return
	done
	return 1
}

# Does that clang have libFuzzer? Its runtime is a package of its own.
find_fuzzer()
{
	local c name

	c=$(find_clang) || return
	for name in fuzzer "fuzzer-$(uname -m)"; do
		[ ! -e "$("$c" --print-file-name="libclang_rt.$name.a")" ] || return 0
	done
	return 1
}

find_llvm_strip()
{
	local c

	for c in "${LLVM_STRIP:-}" llvm-strip llvm-strip-{19,20,21,22,18,17,16}; do
		[ -n "$c" ] && have "$c" && echo "$c" && return
	done
	return 1
}

# All headers in one compiler run when they are there, one by one only when not.
have_headers()
{
	local h

	for h; do
		printf '#include <%s>\n' "$h"
	done | "${CC:-gcc}" -E -x c -o /dev/null - > /dev/null 2>&1
}

# packages_missing LIST-FUNCTION...: "apt dnf" of every line whose probe fails.
packages_missing()
{
	local probe apt dnf all_headers
	local -a lines=() headers=()

	while read -r probe apt dnf; do
		lines+=("$probe $apt $dnf")
		case $probe in
		*.h)	headers+=("$probe") ;;
		esac
	done < <(for f; do "$f"; done)
	have_headers "${headers[@]}" && all_headers=1
	for l in "${lines[@]}"; do
		read -r probe apt dnf <<< "$l"
		case $probe in
		*.h)		[ "${all_headers:-}" ] || have_headers "$probe" ;;
		clang-bpf)	find_clang > /dev/null ;;
		llvm-strip)	find_llvm_strip > /dev/null ;;
		libfuzzer)	find_fuzzer ;;
		*)		PATH=$PATH:/usr/sbin:/sbin have "$probe" ;;
		esac || echo "$apt $dnf"
	done
}

# "clang" and "llvm" as packages of a release that is new enough; "libclang-rt" of the clang
# that is used.
apt_clang_names()
{
	local c v

	if c=$(find_clang); then
		v=$("$c" -dumpversion)
		echo "s/^libclang-rt\$/libclang-rt-${v%%.*}-dev/"
	fi

	for v in 19 20 21 22 18 17 16; do
		if apt-cache show "clang-$v" > /dev/null 2>&1; then
			echo "s/^clang\$/clang-$v/;s/^llvm\$/llvm-$v/"
			echo "s/^libclang-rt\$/libclang-rt-$v-dev/"
			return
		fi
	done
	echo "s/^//"
}

# packages_install NAME...: apt or dnf, as root.
packages_install_apt()
{
	say "installing with apt: $*"
	DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
		-o APT::Keep-Downloaded-Packages=false \
		install --no-install-recommends "$@" > "$TMP/packages.log" 2>&1 9>&- || {
		tail -n 5 "$TMP/packages.log" >&2
		die "apt-get install failed; run it by hand: apt-get install $*"
	}
	# Debian's ccache looks for compilers when it is installed. A clang that comes later, or in the
	# same go, is only found when somebody asks.
	(
		PATH=$PATH:/usr/sbin
		! have update-ccache-symlinks || update-ccache-symlinks >> "$TMP/packages.log" 2>&1
	) || say "update-ccache-symlinks failed: clang is not cached"
}

packages_install_dnf()
{
	say "installing with dnf: $*"
	dnf -q -y install --setopt=install_weak_deps=False "$@" > "$TMP/packages.log" 2>&1 9>&- || {
		tail -n 5 "$TMP/packages.log" >&2
		die "dnf install failed; run it by hand: dnf install $*"
	}
}

# packages_plan LIST-FUNCTION...: fill PKG_TOOL and PKG_NEED. Where something is missing and
# we are not root, print the command and end with SKIP, nothing done.
packages_plan()
{
	local miss

	PKG_NEED=() PKG_TOOL=''
	miss=$(packages_missing "$@")
	[ -n "$miss" ] || return 0
	if have apt-get; then
		PKG_TOOL=apt
		mapfile -t PKG_NEED < <(awk '{ print $1 }' <<< "$miss" | sort -u)
	elif have dnf; then
		PKG_TOOL=dnf
		mapfile -t PKG_NEED < <(awk '{ print $2 }' <<< "$miss" | sort -u)
	else
		skip "missing, and neither apt-get nor dnf is here to install it:" \
			"$(awk '{ print $1 }' <<< "$miss" | paste -sd' ')"
	fi
	[ "$(id -u)" != 0 ] || return 0
	[ $PKG_TOOL = dnf ] || mapfile -t PKG_NEED < <(
		printf '%s\n' "${PKG_NEED[@]}" | sed "$(apt_clang_names)")
	skip "some packages are missing and we are not root; please run:" \
		"sudo ${PKG_TOOL/apt/apt-get} install ${PKG_NEED[*]}"
}

# Install what packages_plan found, then look again.
packages_install()
{
	local miss

	[ ${#PKG_NEED[@]} -gt 0 ] || return 0
	if [ $PKG_TOOL = apt ]; then
		apt-get -q -o DPkg::Lock::Timeout=300 update > "$TMP/packages.log" 2>&1 9>&- ||
			die "apt-get update failed: $(grep -m 1 '^E:' "$TMP/packages.log")"
		mapfile -t PKG_NEED < <(
			printf '%s\n' "${PKG_NEED[@]}" | sed "$(apt_clang_names)")
	fi
	"packages_install_$PKG_TOOL" "${PKG_NEED[@]}"
	hash -r
	miss=$(packages_missing "$@" | awk -v tool="$PKG_TOOL" '{ print tool == "dnf" ? $2 : $1 }' |
		paste -sd' ')
	[ -z "$miss" ] || skip "still missing after installing packages: $miss"
}
