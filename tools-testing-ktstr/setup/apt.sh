# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Packages of suites that the machine does not use, without touching the system's apt.
#
# Idea: a second apt state below our cache, whose only source is the mirror that this
# machine is already configured for. apt itself verifies signatures and checksums with the
# distribution's installed keyring. It needs no root.

APT=$CACHE/apt

apt_cmd()
{
	local tool=$1

	shift
	"$tool" -c="$APT/apt.conf" "$@"
}

# The code name of this distribution ("bookworm").
apt_codename()
{
	# shellcheck disable=SC1091
	( . /etc/os-release && echo "${VERSION_CODENAME:-}" )
}

# Print "URI SUITE" of the first configured source that is this distribution's main suite.
# apt does the parsing, so that every notation of sources works.
apt_mirror()
{
	local code

	code=$(apt_codename)
	apt-get --print-uris update 2> "$TMP/apt.err" | awk -F"'" -v code="$code" '
		match($2, /\/dists\/[^\/]+\/InRelease$/) {
			uri = substr($2, 1, RSTART - 1)
			suite = substr($2, RSTART + 7)
			sub(/\/InRelease$/, "", suite)
			if (suite == code || suite ~ /^(oldstable|stable|testing|unstable|sid)$/) {
				print uri, suite
				exit
			}
		}'
}

# apt_sources URI SUITE...: what the private state reads.
apt_sources()
{
	local uri=$1 keyring k

	shift
	for k in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
		[ -r "$k" ] && keyring=$k && break
	done
	[ -n "${keyring:-}" ] ||
		die "no archive keyring in /usr/share/keyrings: install debian-archive-keyring"
	cat > "$APT/ktstr.sources" <<-EOF
	Types: deb
	URIs: $uri
	Suites: $*
	Components: main
	Architectures: $DEB_ARCH
	Signed-By: $keyring
	EOF
}

apt_conf()
{
	cat > "$APT/apt.conf" <<-EOF
	Dir::Etc::SourceList "$APT/ktstr.sources";
	Dir::Etc::SourceParts "/dev/null";
	Dir::Etc::Preferences "/dev/null";
	Dir::Etc::PreferencesParts "/dev/null";
	Dir::State::Lists "$APT/lists";
	Dir::Cache "$APT/cache";
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	Acquire::Retries "2";
	Acquire::http::Timeout "30";
	Acquire::https::Timeout "30";
	#clear APT::Update::Pre-Invoke;
	#clear APT::Update::Post-Invoke;
	#clear APT::Update::Post-Invoke-Success;
	EOF
}

# apt_update URI SUITE... [-- OPTION...]
apt_update()
{
	local -a suites=()

	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		suites+=("$1")
		shift
	done
	[ $# -gt 0 ] && shift
	apt_sources "${suites[@]}"
	apt_cmd apt-get -q update "$@" > "$TMP/apt.out" 2> "$TMP/apt.err" &&
		! grep -q -E '^(E:|W: (Failed|Some index))' "$TMP/apt.err"
}

apt_why()
{
	sed -n -E '/^(E|W):/{s/^(E|W): *//p;q}' "$TMP/apt.err"
}

# Set APT_URI, APT_OWN (our suite) and APT_NEW (the newest backports suite) and read the
# lists of all of them. The newest one is whatever the mirror calls stable-backports; the
# alias only tells us the name, because mirrors serve aliases with older content. For the
# name, that content may even have passed its Valid-Until; its signature is checked, and
# the suite of that name is then read with every check.
apt_init()
{
	local alias

	have apt-get && have dpkg-deb ||
		skip "this is not an apt system: see docs/setup.md for what to provide by hand"
	need_dir "$APT/lists/partial"
	need_dir "$APT/cache/archives/partial"
	apt_conf
	read -r APT_URI APT_OWN < <(apt_mirror) || true
	[ -n "${APT_URI:-}" ] || die "apt has no source for this distribution's suite" \
		"'$(apt_codename)' ($(apt_why)): add one to /etc/apt/sources.list"
	APT_CODE=$(apt_codename)
	APT_CODE=${APT_CODE:-$APT_OWN}

	say "reading package lists"
	apt_update "$APT_URI" stable-backports -- -o Acquire::Check-Valid-Until=false \
		-o Acquire::IndexTargets::deb::Packages::DefaultEnabled=false ||
		die "cannot read suite stable-backports from the configured mirror:" \
		    "$(apt_why). Is the network up? Ubuntu and derivatives: docs/setup.md"
	alias=$(cat "$APT"/lists/*_stable-backports_InRelease 2> /dev/null)
	APT_NEW=$(sed -n 's/^Codename: *//p' <<< "$alias" | head -n 1)
	APT_NEW=${APT_NEW:-stable-backports}
	local -a suites=("$APT_OWN" "$APT_NEW")
	case $APT_OWN in
	unstable|sid|testing)	;;
	*)	[ "$APT_CODE-backports" = "$APT_NEW" ] ||
			suites+=("$APT_CODE-backports") ;;
	esac
	apt_update "$APT_URI" "${suites[@]}" ||
		die "cannot read suites ${suites[*]} from the configured mirror:" \
		    "$(apt_why). Is the network up?"
}

# apt_fetch DIR PACKAGE=VERSION...: several downloads at once.
apt_fetch()
{
	local dir=$1

	shift
	mkdir -p "$dir" || die "cannot make $dir"
	# Two at a time: more connections than that bring nothing.
	printf '%s\n' "$@" | (
		cd "$dir" && xargs -P 2 -n "$(( ($# + 1) / 2 ))" \
			apt-get -c="$APT/apt.conf" -qq download > /dev/null 2> "$dir/apt.err"
	) || die "download of $* failed:" \
		"$(sed -n -E '/^E:/{s/^E: *//p;q}' "$dir/apt.err");" \
		"is the network up and the disk not full?"
}

# apt_version PACKAGE SUITE: its highest version in that suite, or nothing.
apt_version()
{
	apt_cmd apt-cache madison "$1" 2> /dev/null |
		awk -F' *[|] *' -v s=" $2/" 'index($3, s) { print $2; exit }'
}
