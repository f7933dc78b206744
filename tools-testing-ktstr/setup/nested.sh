#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel of the nested rig's host (docs/nested-kvm.md), from the distribution: an image
# and the few modules that the rig loads, unpacked. nested.sh fetch provides it and prints
# its folder; nested.sh path only prints it. Same exit statuses as setup.sh.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common apt; do
	# shellcheck source=/dev/null
	. "$here/$part.sh" || exit
done

NESTED=$CACHE/nested
# Long-term series first: any with KVM and 9p would do.
NESTED_SERIES='6.12 6.18 6.6 6.1'
# What the rig needs, if the kernel has it as a module at all.
NESTED_MODULES='virtio_pci virtio_console qemu_fw_cfg overlay 9pnet_virtio 9p kvm-amd'

nested_ready()
{
	[ -s "$NESTED/current/vmlinuz" ] && [ -s "$NESTED/current/modules" ]
}

# nested_release: the newest release of the first series on offer. The generic flavour: the
# cloud one has no 9p.
nested_release()
{
	local s offer

	offer=$(apt_cmd apt-cache search --names-only "^linux-image-[0-9.]+[^ ]*-$DEB_ARCH\$" |
		sed -E 's/^linux-image-([^ ]+) .*/\1/' | grep -v -E -e '-(cloud|rt)-' | sort -Vr)
	for s in $NESTED_SERIES; do
		grep -m 1 -F "$s." <<< "$offer" && return
	done
	return 1
}

# load_order ROOT NAME: file names of the module and, before it, of what it depends on. A
# name without a file is built in.
load_order()
{
	local file dep

	file=$(find "$1" -name "${2//[-_]/[-_]}.ko*" -print -quit)
	[ -n "$file" ] || return
	case $file in
	*.xz)	xz -dq "$file" ;;
	*.zst)	zstd -dq --rm "$file" ;;
	*.gz)	gzip -d "$file" ;;
	esac
	file=${file%.ko*}.ko
	for dep in $(tr '\0' '\n' < "$file" | sed -n 's/^depends=//p' | tr , ' '); do
		load_order "$1" "$dep"
	done
	echo "$file"
}

nested_fetch()
{
	local rel version m f root=$TMP/nested-root new=$TMP/nested

	rel=$(nested_release) ||
		die "no kernel of series $NESTED_SERIES in $APT_OWN or its backports"
	version=$(apt_cmd apt-cache show --no-all-versions "linux-image-$rel" |
		sed -n 's/^Version: *//p')
	need_space "$CACHE" 900 "kernel $rel"
	say "nested rig: downloading kernel $rel"
	apt_fetch "$TMP/nested-debs" "linux-image-$rel=$version"
	unpack "$TMP/nested-debs/"*.deb "$root"
	mkdir "$new"
	cp "$root/boot/vmlinuz-$rel" "$new/vmlinuz" ||
		die "package linux-image-$rel holds no kernel image where one is expected"
	for m in $NESTED_MODULES; do
		load_order "$root" "$m"
	done | awk '!seen[$0]++' > "$TMP/order"
	while read -r f; do
		cp "$f" "$new/" && basename "$f" >> "$new/modules"
	done < "$TMP/order"
	grep -q '^kvm-amd' "$new/modules" || die "kernel $rel has no KVM for AMD"
	mkdir -p "$NESTED"
	rm -rf "${NESTED:?}/$rel"
	mv -T "$new" "$NESTED/$rel" && ln -sfn "$rel" "$TMP/current" &&
		mv -T "$TMP/current" "$NESTED/current" ||
		die "cannot store kernel $rel in $NESTED"
	say "nested rig: kernel $rel ready"
}

case ${1:-} in
fetch)	if ! nested_ready; then
		take_lock
		sweep "$CACHE"
		make_tmp
		nested_ready || { apt_init; nested_fetch; }
	fi
	echo "$NESTED/current" ;;
path)	nested_ready || exit
	echo "$NESTED/current" ;;
*)	echo "usage: nested.sh fetch | path" >&2
	exit 1 ;;
esac
