# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Ready sched_ext kernels from the distribution's packages, stored in the kernel cache that
# harness/kernel/kernel.h describes.
#
# Idea: look at what the suite holds today and let the content decide. Package names were
# split anew several times and versions vanish as newer ones arrive, so no name is fixed:
# of the packages that are named after a release, the smallest that can hold a kernel is
# taken, and its configuration has to say CONFIG_SCHED_CLASS_EXT=y. Where the package with
# the configuration has vanished already, the image itself is asked.

KERNEL_MIN_BYTES=4000000
# Drivers of the devices that a test can ask for, where the kernel has them as modules: stored
# unpacked beside the image, for harness/devices/devices.c.
KERNEL_MODULES='virtio_blk virtio_net net_failover failover'

# Does the cache hold an image of series $1 ("": any)?
kernel_ready()
{
	local d

	for d in "$KERNELS"/[0-9]*-distro-"$ARCH"; do
		[ -z "$1" ] || [[ ${d##*/} == "$1"[.+-]* ]] || continue
		[ -s "$d/bzImage" ] && [ -s "$d/metadata.json" ] && [ -d "$d/modules" ] && return
	done
	return 1
}

# All releases on offer, newest first: "7.3.4+deb13-cloud-amd64".
kernel_releases()
{
	apt_cmd apt-cache search --names-only \
		"^linux-(image|binary|binary-unsigned)-[0-9].*-cloud-$DEB_ARCH\$" |
		sed -E 's/^linux-(image|binary-unsigned|binary)-([^ ]+) .*/\2/' |
		sort -Vru
}

# kernel_package RELEASE: "PACKAGE VERSION" that holds the image.
kernel_package()
{
	apt_cmd apt-cache show --no-all-versions "linux-image-$1" "linux-binary-$1" \
		"linux-binary-unsigned-$1" 2> /dev/null |
		awk -v min=$KERNEL_MIN_BYTES '
			/^Package:/ { p = $2 }
			/^Version:/ { v = $2 }
			/^Size:/ && $2 >= min && (!best || $2 < best) {
				best = $2
				found = p " " v
			}
			END { print found }'
}

first_file()
{
	local f

	for f; do
		[ -f "$f" ] && echo "$f" && return
	done
	return 1
}

json_string()
{
	printf '"%s"' "$(sed 's/[\\"]/\\&/g' <<< "$1")"
}

config_hash()
{
	[ -n "$1" ] && json_string "$(sha256sum < "$1" | cut -c1-16)" || printf null
}

# kernel_metadata RELEASE PACKAGE VERSION CONFIG: the metadata.json of a cache entry.
kernel_metadata()
{
	cat <<-EOF
	{
	  "version": $(json_string "$1"),
	  "source": {
	    "type": "distro",
	    "package": $(json_string "$2"),
	    "package_version": $(json_string "$3"),
	    "suite": $(json_string "$APT_NEW")
	  },
	  "arch": $(json_string "$ARCH"),
	  "image_name": "bzImage",
	  "config_hash": $(config_hash "$4"),
	  "built_at": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
	  "has_vmlinux": false,
	  "vmlinux_stripped": false
	}
	EOF
}

# kernel_modules ROOT RELEASE TO: the modules of an unpacked package; TO exists even if empty.
kernel_modules()
{
	local m f

	mkdir -p "$3" || return
	[ -n "$1" ] || return 0
	for m in $KERNEL_MODULES; do
		f=$(find "$1" -path "*/modules/$2/kernel/*" -name "$m.ko*" | head -n 1)
		case $f in
		*.ko)		cp "$f" "$3/" ;;
		*.ko.xz)	xz -dc "$f" > "$3/$m.ko" ;;
		*.ko.zst)	zstd -dcq "$f" > "$3/$m.ko" ;;
		esac || return
	done
}

# entry_rename TMP KEY: TMP becomes that entry of the cache.
entry_rename()
{
	mkdir -p "$KERNELS/.locks"
	(
		flock -w 60 8 || die "$KERNELS/.locks/$2.lock is held for a minute: try again"
		rm -rf "${KERNELS:?}/$2" && mv -T "$1" "$KERNELS/$2"
	) 8> "$KERNELS/.locks/$2.lock" || {
		rm -rf "$1"
		die "cannot store $2 in $KERNELS"
	}
}

# kernel_place KEY IMAGE CONFIG (which may be empty: unknown) ROOT RELEASE COMMAND...: make that entry
# of the cache, with the modules of ROOT and what COMMAND prints as its metadata.
kernel_place()
{
	local key=$1 image=$2 config=$3 root=$4 release=$5 tmp

	shift 5
	tmp=$KERNELS/.tmp-$key-$$
	rm -rf "$tmp"
	mkdir -p "$tmp" "$KERNELS/.locks" && cp "$image" "$tmp/bzImage" &&
		{ [ -z "$config" ] || cp "$config" "$tmp/config"; } &&
		kernel_modules "$root" "$release" "$tmp/modules" &&
		"$@" > "$tmp/metadata.json" || {
		rm -rf "$tmp"
		die "cannot write to $KERNELS (disk full?)"
	}
	entry_rename "$tmp" "$key" || exit
}

# kernel_store RELEASE PACKAGE VERSION IMAGE CONFIG ROOT
kernel_store()
{
	kernel_place "$1-distro-$ARCH" "$4" "$5" "$6" "$1" kernel_metadata "$1" "$2" "$3" "$5"
}

# kernel_has_scx IMAGE CONFIG
kernel_has_scx()
{
	local extract=${KSRC:-$CACHE/src/linux}/scripts/extract-vmlinux

	if [ -n "$2" ]; then
		grep -q '^CONFIG_SCHED_CLASS_EXT=y' "$2"
		return
	fi
	[ -x "$extract" ] || return
	"$extract" "$1" 2> /dev/null > "$TMP/vmlinux"
	grep -a -q -F 'sched_ext: BPF scheduler' "$TMP/vmlinux"
}

# kernel_fetch_release RELEASE: 0 stored, 1 there is no sched_ext in it.
kernel_fetch_release()
{
	local rel=$1 pkg version extra dir=$TMP/kernel-$1 image config d p
	local -a debs

	read -r pkg version < <(kernel_package "$rel")
	[ -n "${version:-}" ] || return 1
	debs=("$pkg=$version")
	for p in "linux-base-$rel" "linux-modules-$rel"; do
		extra=$(apt_version "$p" "$APT_NEW")
		[ -z "$extra" ] || debs+=("$p=$extra")
	done
	need_space "$CACHE" 200 "kernel $rel"
	say "kernel $rel: downloading"
	apt_fetch "$dir/debs" "${debs[@]}"
	for d in "$dir"/debs/*.deb; do
		unpack "$d" "$dir/root"
	done
	config=$(first_file "$dir"/root/{boot/config-"$rel",{usr/,}lib/modules/"$rel"/config})
	image=$(first_file "$dir"/root/boot/vmlinuz-"$rel" \
		"$dir"/root/{usr/,}lib/modules/"$rel"/vmlinuz{,.unsigned}) ||
		die "package $pkg holds no kernel image where one is expected"
	kernel_has_scx "$image" "$config" || {
		say "kernel $rel: no sign of sched_ext in its configuration or image"
		rm -rf "$dir"
		return 1
	}
	kernel_store "$rel" "$pkg" "$version" "$image" "$config" "$dir/root"
	rm -rf "$dir"
	say "kernel $rel: ready"
}

# kernel_fetch [SERIES]: the newest sched_ext release, of that series if one is given.
kernel_fetch()
{
	local want=${1:-} rel tried=0 others
	local -a offer

	mapfile -t offer < <(kernel_releases)
	need_dir "$KERNELS"
	sweep "$KERNELS"
	for rel in "${offer[@]}"; do
		[ -z "$want" ] || [[ $rel == "$want"[.+-]* ]] || continue
		[ $((++tried)) -le 3 ] || break
		kernel_fetch_release "$rel" && return
	done
	others=$(printf '%s\n' "${offer[@]}" | cut -d. -f1,2 | uniq | grep -vxF -- "$want" | paste -sd' ')
	if [ "$tried" -gt 0 ]; then
		die "the kernel${want:+ of series $want} in $APT_NEW has no sched_ext," \
			"which begins with 6.12 and is not on in every build; other series there: ${others:-none}"
	fi
	die "$APT_NEW has no kernel${want:+ of series $want}; series there: ${others:-none}"
}
