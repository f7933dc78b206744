# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# QEMU 10 or newer. The system's own when it is new enough; otherwise the distribution's
# backport, unpacked (not installed) into the cache together with the libraries that the
# machine lacks.

QEMU_MIN=10
QEMU_BIN=qemu-system-x86_64
QEMU_DIR=$CACHE/qemu

qemu_system_ok()
{
	local v

	have $QEMU_BIN || return 1
	v=$($QEMU_BIN --version 2> /dev/null | sed -n 's/^QEMU emulator version \([0-9]*\).*/\1/p')
	[ "${v:-0}" -ge $QEMU_MIN ]
}

# qemu_note ROOT: write down what it says it is, so that not every run has to ask (vmm/qemu/find.c).
qemu_note()
{
	local text

	text=$(qemu_run "$1" --version 2>&1) && printf '%s\n' "$text" > "$1/version.$$" &&
		mv "$1/version.$$" "$1/version" && return
	printf '%s\n' "${text%%$'\n'*}"
	return 1
}

qemu_cached_ok()
{
	[ -x "$QEMU_DIR/current/usr/bin/$QEMU_BIN" ] || return
	[ -s "$QEMU_DIR/current/version" ] || qemu_note "$QEMU_DIR/current" > /dev/null
}

qemu_ready()
{
	qemu_cached_ok || qemu_system_ok
}

# qemu_run ROOT ARG...: run the unpacked one.
qemu_run()
{
	local root=$1 t=$ARCH-linux-gnu

	shift
	LD_LIBRARY_PATH=$root/usr/lib/$t:$root/lib/$t "$root/usr/bin/$QEMU_BIN" \
		-L "$root/usr/share/qemu" -L "$root/usr/share/seabios" "$@"
}

# "PACKAGE=VERSION" of QEMU and of what it needs and the machine lacks. libc is never
# among them: the program interpreter is the machine's.
qemu_closure()
{
	apt_cmd apt-get -s install --no-install-recommends -t "$1" qemu-system-x86 \
		2> "$TMP/qemu.err" | sed -n -E \
		-e '/^Inst (libc6|libc-bin|ipxe-qemu) /d' \
		-e 's/^Inst ((lib|qemu-system-|seabios)[^ ]*) (\[[^]]*\] )?\(([^ ]+) .*/\1=\4/p'
}

qemu_fetch()
{
	local suite version root=$TMP/qemu list d

	for suite in "$APT_CODE-backports" "$APT_OWN" "$APT_NEW"; do
		version=$(apt_version qemu-system-x86 "$suite")
		version=${version#*:}
		version_ge "${version%%[+~-]*}" $QEMU_MIN && break
		version=''
	done
	[ -n "$version" ] ||
		die "neither $APT_OWN nor its backports have QEMU $QEMU_MIN; install one by hand"
	mapfile -t list < <(qemu_closure "$suite")
	case " ${list[*]}" in
	*" qemu-system-x86="*)	;;
	*)	# Installed already, or the solver found no way.
		die "apt cannot work out the packages of QEMU $version:" \
		    "$(sed -n 's/^E: *//p' "$TMP/qemu.err" | head -n 1)" ;;
	esac
	need_space "$CACHE" 300 "QEMU $version"
	say "QEMU ${version%%[+~-]*}: downloading ${#list[@]} packages of $suite"
	apt_fetch "$TMP/qemu-debs" "${list[@]}"
	mkdir "$root"
	for d in "$TMP"/qemu-debs/*.deb; do
		unpack "$d" "$root"
	done
	rm -rf "$root/usr/share/doc" "$root/usr/share/man"
	d=$(qemu_note "$root") || die "the unpacked QEMU $version does not run: $d"
	mkdir -p "$QEMU_DIR"
	rm -rf "${QEMU_DIR:?}/$version"
	mv -T "$root" "$QEMU_DIR/$version" &&
		ln -sfn "$version" "$TMP/current" &&
		mv -T "$TMP/current" "$QEMU_DIR/current" ||
		die "cannot store QEMU in $QEMU_DIR"
	say "QEMU ${version%%[+~-]*}: ready"
}
