#!/usr/bin/env bash
# Installs what the benchmark measures Entrepot against and with: Debian packages (whatever version the release carries),
# and Go, Python and Node.js programs at the versions pinned here. A peer that cannot be had is named and left out; the
# benchmark then says so too. Exits 1 when something is missing.
set -u
cd "$(dirname "$0")/.."

readonly peers="${ENTREPOT_PEERS:-$HOME/.cache/entrepot-peers}"
readonly clients="${ENTREPOT_CLIENTS:-$HOME/.cache/entrepot-clients}"
readonly versions="$peers/versions"

# The first versions had a module path that Go refuses.
readonly zot_version=v2.1.11
readonly athens_version=v0.16.1
readonly pypiserver_version=2.4.2
readonly devpi_version=6.20.3
# How its own image serves it.
readonly gunicorn_version=23.0.0
readonly gevent_version=25.9.1
readonly watchdog_version=6.0.0

export PATH="$PATH:/usr/sbin:/sbin:/usr/local/go/bin"
mkdir -p "$peers/bin" "$versions"
problems=()

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# The packages would start nginx on port 80 and the registry on 5000. The benchmark starts its own.
debian_packages() {
  local -A program=([docker-registry]=docker-registry [nginx]=nginx [wrk]=wrk [apache2-utils]=ab [curl]=curl
    [openssl]=openssl)
  local wanted=() package policy=/usr/sbin/policy-rc.d
  for package in "${!program[@]}"; do
    command -v "${program[$package]}" >/dev/null || wanted+=("$package")
  done
  if [ "${#wanted[@]}" -gt 0 ] && command -v apt-get >/dev/null; then
    if [ ! -e "$policy" ]; then
      printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
      as_root chmod 755 "$policy"
      # shellcheck disable=SC2064
      trap "$(declare -f as_root); as_root rm -f '$policy'" EXIT
    fi
    as_root apt-get update
    for package in "${wanted[@]}"; do
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package"
    done
  fi
  for package in "${!program[@]}"; do
    told "$package" "$(command -v "${program[$package]}")" 'not in the packages of this system'
  done
}

# Names a program that is there, and remembers one that is not with the reason.
told() {
  local name="$1" path="$2" reason="$3"
  if [ -n "$path" ] && [ -x "$path" ]; then
    echo "ready: $name"
  else
    problems+=("$name ($reason)")
  fi
}

built() { [ -e "$versions/$1-$2" ]; }

# A version counts as built only when its mark is there, so an interrupted build is repeated.
mark() {
  rm -f "$versions/$1-"*
  touch "$versions/$1-$2"
}

# Puts the program that `go install` makes of a package into bin, under a name of its own.
go_program() {
  local name="$1" version="$2" package="$3" work reason='no Go here'
  if ! built "$name" "$version" && command -v go >/dev/null; then
    work="$(mktemp -d)"
    echo "go install $package@$version"
    if GOBIN="$work" CGO_ENABLED=0 timeout 1200 go install -trimpath -ldflags='-s -w' "$package@$version" 2>"$work/log"; then
      mv "$work/$(basename "$package")" "$peers/bin/$name"
      mark "$name" "$version"
    fi
    reason="go install: $(tail -n 1 "$work/log")"
    rm -rf "$work"
  fi
  told "$name" "$peers/bin/$name" "$reason"
}

python_program() {
  local name="$1" version="$2" program="$3" home="$peers/python/$1"
  shift 3
  local reason='no Python here'
  if ! built "$name" "$version" && command -v python3 >/dev/null; then
    echo "pip install $*"
    rm -rf "$home"
    if python3 -m venv "$home" && "$home/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; then
      mark "$name" "$version"
    else
      rm -rf "$home"
    fi
    reason='pip install failed'
  fi
  told "$name" "$home/bin/$program" "$reason"
}

debian_packages
go_program zot "$zot_version" zotregistry.dev/zot/v2/cmd/zot
go_program zb "$zot_version" zotregistry.dev/zot/v2/cmd/zb
go_program athens "$athens_version" github.com/gomods/athens/cmd/proxy
python_program pypiserver "$pypiserver_version" pypi-server \
  "pypiserver==$pypiserver_version" "gunicorn==$gunicorn_version" "gevent==$gevent_version" "watchdog==$watchdog_version"
python_program devpi "$devpi_version" devpi-server "devpi-server==$devpi_version"
# Verdaccio and npm, with all other clients of the tests.
.ci/install-clients.sh
told Verdaccio "$clients/npm-clients/verdaccio/node_modules/.bin/verdaccio" '.ci/install-clients.sh failed'

for problem in ${problems[@]+"${problems[@]}"}; do echo "missing: $problem" >&2; done
[ "${#problems[@]}" -eq 0 ]
