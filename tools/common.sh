# shellcheck shell=bash
#
# common.sh: what every script in tools/ shares: where the project is, how it
# speaks, which PostgreSQL it uses, how a copy of the project is built.
# Sourced, never run.

set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck disable=SC2034
tools=$project/tools

# What pg_upgrade is tried from, as far as these are older: those that Debian packages
# shellcheck disable=SC2034
all_older=(15 17)

# What exit code 77 means is automake's convention: "could not be tried here".
# shellcheck disable=SC2034
cannot_be_tried=77

# Warnings are errors, except for PostgreSQL's own habits: every SQL-callable
# function has unused parameters, node structs are zeroed by their first member,
# and its macros mix int with sizeof.
# shellcheck disable=SC2034
strict='-Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers -Wno-sign-compare'

say()
{
	printf '%s\n' "sessionize: $*"
}

die()
{
	say "$*" >&2
	exit 1
}

# report passed|failed|skipped TEST [REASON]: on the screen, and for tools/check,
# with the seconds since the last one
report()
{
	printf '%s\t%s (%d s)\n' "$1" "$2${3:+: $3}" $((SECONDS - reported_at)) |
		tee -a "${SESSIONIZE_RESULTS:-/dev/null}"
	reported_at=$SECONDS
}
reported_at=0

# reported passed|failed|skipped: how many tests have been, so far
reported()
{
	grep -c "^$1" "${SESSIONIZE_RESULTS:-/dev/null}" || true
}

# server_program MAJOR NAME: path of a program of that server
server_program()
{
	printf '%s\n' "/usr/lib/postgresql/$1/bin/$2"
}

has_server()
{
	[ -x "$(server_program "$1" postgres)" ]
}

# The major to use when nobody names one: PG_CONFIG's, else the newest
# installed that the extension supports, else none (and status 1).
default_major()
{
	local major

	if [ -n "${PG_CONFIG:-}" ]; then
		"$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/'
		return
	fi
	for major in 18 17 16 15; do
		if has_server "$major"; then
			echo "$major"
			return
		fi
	done
	return 1
}

# The packages that building and testing with this major need
packages_for()
{
	printf '%s\n' gcc libc6-dev make perl libipc-run-perl postgresql-common \
		"postgresql-$1" "postgresql-server-dev-$1"
}

# suite MAJOR: the Debian suite that packages it
suite()
{
	case $1 in
		15) echo bookworm ;;
		17) echo trixie ;;
		18) echo sid ;;
		*) return 1 ;;
	esac
}

# This machine's own Debian mirror; nothing, so debootstrap's default, elsewhere
mirror()
{
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		awk '$1 == "Debian" && $2 == "Debian" { print $3; exit }'
}

# A private directory in $work, removed however the script ends; programs that
# run as another user can read it.  A script that has more to undo defines
# clean_up_more.
make_work_dir()
{
	work=$(mktemp -d "${TMPDIR:-/tmp}/sessionize.XXXXXX")
	trap clean_up EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	chmod 755 "$work"
}

clean_up()
{
	trap '' HUP INT TERM
	if declare -F clean_up_more >/dev/null; then
		clean_up_more
	fi
	rm -rf "$work"
}

# build_copy DIRECTORY MAJOR STAGE [make arguments]: builds a fresh copy of the
# project in DIRECTORY and installs it below STAGE, so that neither the work
# tree nor the system is written to.
build_copy()
{
	local copy=$1 major=$2 stage=$3
	local run_make

	shift 3
	mkdir -p "$copy"
	tar -C "$project" -cf - --exclude-vcs --exclude='*.o' --exclude='*.bc' --exclude='*.so' --exclude=./dist . |
		tar -C "$copy" -xf - --no-same-owner
	run_make=(make --silent --no-print-directory -C "$copy"
		PG_CONFIG="$(server_program "$major" pg_config)" "$@")
	# without the variables of the make that may have started this script
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL "${run_make[@]}" -j"$(nproc)" &&
		env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
			"${run_make[@]}" install DESTDIR="$stage"
}

# staged_conf MAJOR STAGE: what that server needs in its configuration to find the
# extension that build_copy has staged: Debian's servers up to 17 have a patch for
# it, 18 has upstream's own setting.
staged_conf()
{
	local major=$1 stage=$2
	local share libraries sample

	share=$("$(server_program "$major" pg_config)" --sharedir)
	libraries=$("$(server_program "$major" pg_config)" --pkglibdir)
	sample=$share/postgresql.conf.sample
	if grep -q '^#extension_control_path' "$sample"; then
		echo "extension_control_path='$stage$share:\$system'"
	elif grep -q '^#extension_destdir' "$sample"; then
		echo "extension_destdir='$stage'"
	else
		die "this PostgreSQL $major can load extensions from its own folders only"
	fi
	echo "dynamic_library_path='$stage$libraries:\$libdir'"
}
