# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A kernel that somebody built with our config fragment, stored in the kernel cache. The entry
# records the fragment's CRC32: once the suite has another fragment, the entry is no longer
# taken unless it is named (docs/kernels.md).

SETUP_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Without these nothing works, and kconfig leaves them out without a word where something that
# they need is off.
CONFIG_NEEDED='SCHED_CLASS_EXT DEBUG_INFO_BTF BPF_SYSCALL BPF_JIT'

# fragment_differs FRAGMENT CONFIG: the options that the kernel knows and has otherwise. One that it
# does not mention belongs to another version or architecture.
fragment_differs()
{
	awk -v needed="$CONFIG_NEEDED" '
		function off(line) { return line ~ /^# CONFIG_[A-Za-z0-9_]+ is not set$/ }
		function name(line) { sub(/^# /, "", line); sub(/[ =].*/, "", line); return line }
		!/^CONFIG_/ && !off($0) { next }
		FNR == NR { want[name($0)] = $0; next }
		{ have[name($0)] = $0 }
		END {
			for (n in want)
				if (n in have && have[n] != want[n])
					print n
			split(needed, list, " ")
			for (i in list)
				if (!(("CONFIG_" list[i]) in have))
					print "CONFIG_" list[i]
		}' "$1" "$2" | sort
}

# local_key TREE CONFIG FRAGMENT_CRC: what spells out the same kernel again is the same entry.
local_key()
{
	local from

	from=$(git -C "$1" rev-parse --short=7 HEAD 2> /dev/null) ||
		from=unknown-$(printf %s "$1" > "$TMP/path" && "$SETUP_DIR/crc32.sh" "$TMP/path")
	echo "local-$from-$ARCH-cfg$("$SETUP_DIR/crc32.sh" "$2")-kc$3"
}

# local_metadata RELEASE TREE BUILD FRAGMENT_CRC
local_metadata()
{
	local git

	git=$(git -C "$2" rev-parse HEAD 2> /dev/null)
	cat <<-EOF
	{
	  "version": $(json_string "$1"),
	  "source": {
	    "type": "local",
	    "source_tree_path": $(json_string "$2"),
	    "git_hash": $([ -n "$git" ] && json_string "$git" || printf null)
	  },
	  "arch": $(json_string "$ARCH"),
	  "image_name": "bzImage",
	  "config_hash": $(config_hash "$3/.config"),
	  "ktstr_kconfig_hash": $(json_string "$4"),
	  "built_at": "$(date -u -r "$3/arch/x86/boot/bzImage" +%Y-%m-%dT%H:%M:%SZ)",
	  "has_vmlinux": false,
	  "vmlinux_stripped": false
	}
	EOF
}

# fragment_check TREE CONFIG [EXTRA]: end unless TREE was configured with our fragment, or where
# EXTRA says something else, with that.
fragment_check()
{
	local differs fragment=${SETUP_DIR%/*/*}/config
	local how="scripts/kconfig/merge_config.sh -m .config $fragment && make olddefconfig && make"

	differs=$(cat "$fragment" "${3:-/dev/null}" | fragment_differs - "$2" | head -n 5 | paste -sd' ')
	[ -z "$differs" ] ||
		die "$1 was not built with this suite's config ($differs): $how;" \
		    "a kernel of another config needs no cache, KTSTR_KERNEL=$1 takes it"
}

# kernel_add BUILD: a tree that was built in place, or the folder of make O=. Prints the key.
kernel_add()
{
	local tree image crc key

	tree=$(realpath -e "$1" 2> /dev/null) || die "$1: no such folder"
	image=$tree/arch/x86/boot/bzImage
	[ -s "$image" ] && [ -s "$tree/.config" ] && [ -s "$tree/include/config/kernel.release" ] ||
		die "$tree holds no kernel that was built there (arch/x86/boot/bzImage, .config); run make first"
	[ ! "$tree/.config" -nt "$image" ] ||
		die "$tree: .config is newer than arch/x86/boot/bzImage; run make first"
	fragment_check "$tree" "$tree/.config"
	crc=$("$SETUP_DIR/crc32.sh" "${SETUP_DIR%/*/*}/config")
	key=$(local_key "$tree" "$tree/.config" "$crc")
	kernel_place "$key" "$image" "$tree/.config" '' '' \
		local_metadata "$(cat "$tree/include/config/kernel.release")" "$tree" "$tree" \
		"$crc"
	echo "$key"
}
