#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run a command on a machine with KVM, on a machine without: docs/nested-kvm.md.
#
# A KVM host is emulated whose files are this machine's; what is written there is lost, but
# for the folder -o. Output and exit status are the command's. No file is made here and the
# emulator dies with this script, whatever ends it.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
setup=$root/tools-testing-ktstr/setup
OUTPUT=${OUTPUT:-$root/build}
mark=ktstr-nested
last=()
limit=300 mem=4096 cpus=1 cache=loose loglevel=4
out='' kernel='' terminal='' verbose=''

usage()
{
	cat <<-EOF
	Usage: run.sh [OPTION...] [--] COMMAND [ARGUMENT...]
	       run.sh -i [OPTION...] [COMMAND [ARGUMENT...]]
	  -k KERNEL   KTSTR_KERNEL and KTSTR_TEST_KERNEL inside: what ktstr's guests boot
	  -t SECONDS  limit for all of it, start of the host included ($limit; -i: none)
	  -o FOLDER   what the command writes below this existing folder stays
	  -m MIB      memory of the host ($mem)
	  -c CPUS     its CPUs ($cpus); with more than one, guests break
	  -i          a terminal; without a command, a shell
	  -v          show the host's kernel console, on stderr
	Exit status: the command's (128 + N for signal N), 4 when something is missing here,
	124 when the limit passed, 125 when the host does not work.
	EOF
}

# end STATUS MESSAGE
end()
{
	printf 'nested: %s\n' "$2" >&2
	exit "$1"
}

number()
{
	[[ $2 =~ ^[1-9][0-9]{0,5}$ ]] || end 125 "-$1 $2: not a number from 1 to 999999"
}

while getopts :k:t:o:m:c:ivh opt; do
	case $opt in
	k)	kernel=$(realpath -e "$OPTARG" 2> /dev/null) ||
			end 125 "-k $OPTARG: no such file" ;;
	t)	number t "$OPTARG"; limit=$OPTARG ;;
	o)	out=$(realpath -e "$OPTARG" 2> /dev/null) && [ -d "$out" ] && [ -w "$out" ] ||
			end 125 "-o $OPTARG: not a folder that can be written" ;;
	m)	number m "$OPTARG"; mem=$OPTARG ;;
	c)	number c "$OPTARG"; cpus=$OPTARG ;;
	i)	terminal=1 limit=99999999 cache=mmap ;;
	v)	verbose=1 loglevel=6 ;;
	h)	usage; exit ;;
	*)	usage >&2; exit 125 ;;
	esac
done
shift $((OPTIND - 1))
[ -z "$terminal" ] || [ $# -gt 0 ] || set -- "${SHELL:-/bin/sh}"
[ $# -gt 0 ] || { usage >&2; exit 125; }
[ -z "$terminal" ] || { [ -t 0 ] && [ -t 1 ]; } || end 125 "-i needs a terminal"

# The emulator: that of the set-up, or the system's.
find_qemu()
{
	local r
	# shellcheck source=/dev/null
	r=$(. "$setup/common.sh" && . "$setup/qemu.sh" && qemu_ready || exit
	    qemu_cached_ok && realpath "$QEMU_DIR/current" || echo system) ||
		end 4 "no QEMU 10 or newer: $setup/setup.sh provides one"
	if [ "$r" = system ]; then
		qemu=(qemu-system-x86_64)
	else
		qemu=(env "LD_LIBRARY_PATH=$r/usr/lib/x86_64-linux-gnu:$r/lib/x86_64-linux-gnu"
		      "$r/usr/bin/qemu-system-x86_64" -L "$r/usr/share/qemu"
		      -L "$r/usr/share/seabios")
	fi
}

# The host's kernel and initramfs. The latter changes with the former only.
find_host()
{
	local obj=$OUTPUT/obj/tests/nested m

	host=$("$setup/nested.sh" fetch) || exit
	host=$(realpath "$host")
	make -s -C "$root" OUTPUT="$OUTPUT" nested-host >&2 || end 125 "building the host failed"
	initrd=$obj/${host##*/}.cpio
	[ "$initrd" -nt "$obj/init" ] && [ "$initrd" -nt "$host/modules" ] && return
	{
		echo "file /init $obj/init 755 0 0"
		sed 's,^,/,' "$host/modules" > "$obj/modules.$$"
		echo "file /modules $obj/modules.$$ 644 0 0"
		while read -r m; do
			echo "file /$m $host/$m 644 0 0"
		done < "$host/modules"
	} > "$obj/list.$$"
	"$obj/gen_init_cpio" "$obj/list.$$" > "$initrd.$$" && mv "$initrd.$$" "$initrd" ||
		end 125 "$initrd cannot be made"
	rm -f "$obj/list.$$" "$obj/modules.$$"
}

# What /init reads, in its order: see struct spec there.
spec()
{
	local size=

	[ -z "$terminal" ] || size=$(stty size)
	printf '%s\0' "$PWD" "$out" "$cache" "${size% *}" "${size#* }" $# "$@"
	env -0 ${kernel:+KTSTR_KERNEL="$kernel" KTSTR_TEST_KERNEL="$kernel"} KTSTR_NESTED=1
}

# What QEMU is told. The descriptors o, e and s are pipes: opening them by name is the same as
# using them. The kernel's console and our /init share s, a line each. The CPU is the one that
# the SVM emulation runs reliably: "max" and the EPYC models hand the next level an inconsistent
# XSAVE leaf.
arguments()
{
	# shellcheck disable=SC2054 # the commas are QEMU's
	args=(
		-accel tcg,thread=multi -machine pc -smp "$cpus" -m "$mem"
		-cpu qemu64,+svm,+npt,+ssse3,+sse4.1,+sse4.2,+popcnt,+x2apic
		-nodefaults -no-user-config -no-reboot -display none
		-kernel "$host/vmlinuz" -initrd "$initrd" -append
		"console=ttyS0 loglevel=$loglevel panic=-1 mitigations=off
		 nokaslr audit=0 random.trust_cpu=on"
		-chardev "file,id=console,path=/dev/fd/$s" -serial chardev:console
		-device virtio-serial-pci
		-chardev "file,id=out,path=/dev/fd/$o" -device virtserialport,nr=1,chardev=out
		-chardev "file,id=err,path=/dev/fd/$e" -device virtserialport,nr=2,chardev=err
		-chardev "file,id=status,path=/dev/fd/$s"
		-device virtserialport,nr=3,chardev=status
		-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap
		-device virtio-9p-pci,fsdev=root,mount_tag=root
		-fw_cfg "name=opt/ktstr/spec,file=/dev/fd/$d"
	)
	# shellcheck disable=SC2054
	[ -z "$out" ] || args+=(
		-fsdev "local,id=out,path=${out//,/,,},security_model=none,multidevs=remap"
		-device virtio-9p-pci,fsdev=out,mount_tag=out
	)
	# shellcheck disable=SC2054
	[ -z "$terminal" ] || args+=(
		-chardev stdio,id=tty,signal=off -device virtconsole,nr=0,chardev=tty
	)
}

# Start QEMU; its pid goes to qemu_pid, the descriptor that the status comes from to status.
start()
{
	local o e s d in

	exec {in}<&0
	exec {o}> >(exec cat)
	cats=($!)
	exec {e}> >(exec cat >&2)
	cats+=($!)
	exec {d}< <(spec "$@")
	exec {status}< <(
		exec {s}>&1 >&2 <&"$in"
		arguments
		# If we are gone already, the signal that this sets up will never come.
		exec setpriv --pdeathsig KILL sh -c "[ \$PPID = $$ ] && exec \"\$@\"" sh \
			"${qemu[@]}" "${args[@]}"
	)
	qemu_pid=$!
	exec {in}<&- {o}>&- {e}>&- {d}<&-
}

# follow: read what the host says until its last word, which goes to what and value. The
# 20 lines before are kept.
follow()
{
	local line left

	while left=$((limit - SECONDS)) && [ $left -gt 0 ]; do
		IFS= read -r -t "$left" -u "$status" line || {
			[ $? -gt 128 ] && continue
			what=gone
			return
		}
		line=${line%$'\r'}
		case $line in
		"$mark "*)
			read -r _ what value <<< "$line"
			return ;;
		esac
		[ -z "$verbose" ] || printf 'nested: %s\n' "$line" >&2
		last+=("$line")
		[ ${#last[@]} -le 20 ] || last=("${last[@]:1}")
	done
	what=late
}

# Let it switch itself off, so that its files are complete; then print what is under way.
drain()
{
	while [ "$what" != late ] && IFS= read -r -t 20 -u "$status" _; do
		:
	done
	kill -KILL "$qemu_pid" 2> /dev/null
	wait "${cats[@]}"
}

find_qemu
find_host
[ -z "$terminal" ] || { tty=$(stty -g) && trap 'stty "$tty"' EXIT; }
start "$@"
follow
drain
case $what in
exit)	exit "$value" ;;
error)	end 125 "the emulated host does not work: $value" ;;
late)	end 124 "'$*' did not end within $limit s" ;;
*)	printf 'nested: %s\n' "${last[@]}" >&2
	end 125 "the emulated host ended without a word, see above" ;;
esac
