# Sourced by the toolbox scripts: where things live, and how they speak to the person at the terminal.
# All messages go to standard error; standard output belongs to the command that was asked for.

set -euo pipefail

toolbox_dir=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
checkout=$(dirname "$toolbox_dir")
cache=${PINTAIL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pintail}
suite=testing
# Raised when the way a root is made changes, so that roots made the old way are not reused.
recipe=1

say() { printf 'toolbox: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# The packages of a list, one a line, comments and blank lines dropped.
packages() { sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$toolbox_dir/$1.list"; }

# The folder of a list's root: its name changes whenever the list does.
root_path() {
  local hash
  hash=$({
    echo "recipe $recipe suite $suite $(uname -m)"
    packages "$1" | LC_ALL=C sort -u
  } | sha256sum | cut -c1-12)
  echo "$cache/$1-$hash"
}

require_list() {
  [ -f "$toolbox_dir/$1.list" ] || die "there is no list '$1'; the lists are: $(
    cd "$toolbox_dir" && ls -- *.list | sed 's/\.list$//' | tr '\n' ' '
  )"
}

# True where no toolbox is needed: already inside one, told so, or on a Debian testing that has the packages of the list.
toolbox_not_needed() {
  [ -n "${PINTAIL_TOOLBOX:-}" ] && return 0
  [ "${PINTAIL_NO_TOOLBOX:-}" = 1 ] && return 0
  # Debian testing and unstable carry no VERSION_ID; every release does.
  (
    . /etc/os-release
    [ "${ID:-}" = debian ] && [ -z "${VERSION_ID:-}" ]
  ) 2>/dev/null || return 1
  # Some names of the lists are provided by packages of another name.
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' 2>/dev/null | sed -n 's/^installed //p' |
    tr ', ' '\n\n' | grep '^[a-z]' | LC_ALL=C sort -u)
  [ -z "$(packages "$1" | sed 's/=.*//' | LC_ALL=C sort -u | LC_ALL=C comm -23 - <(echo "$installed"))" ]
}
