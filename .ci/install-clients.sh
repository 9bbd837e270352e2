#!/usr/bin/env bash
# Installs the clients and peers that the end-to-end tests and benchmarks use: Debian packages (whatever version the
# release carries), and Go, Node.js and Python programs at the versions pinned here, put into a cache outside the repository.
# Does nothing, quickly, when all is there. E2E tests look in the same place: ENTREPOT_CLIENTS, else ~/.cache.
set -euo pipefail

readonly cache="${ENTREPOT_CLIENTS:-$HOME/.cache/entrepot-clients}"
readonly bin="$cache/bin"
export PATH="$bin:$PATH:/usr/sbin:/sbin"

readonly crane_version=v0.22.1
readonly helm_version=v3.22.0
readonly oras_version=v1.3.0
# The newest suite that module proxies serve: distribution-spec as it was between 1.1.0-rc3 and 1.1.0.
readonly conformance_version=v0.0.0-20231101194043-f2182352d4cc
readonly npm_version=11.21.2
readonly pnpm_version=12.21.0
# The last of the first Yarn; what came after it is another program, here called berry.
readonly yarn_version=1.22.22
readonly berry_version=4.18.1
readonly bun_version=1.4.5
# Object storage on a directory, which checks signatures and checksums as Amazon's does.
readonly versitygw_version=v1.8.0
# The newest that Node.js 20 runs.
readonly verdaccio_version=6.8.0
readonly pip_version=26.3
# Debian 12 has it, and it reads indexes in JSON in a way that later ones do not.
readonly old_pip_version=23.0.1
readonly twine_version=7.0.0
readonly uv_version=0.13.9
readonly poetry_version=2.5.1
readonly hatch_version=1.18.2
readonly flit_version=4.2.0

say() { printf 'install-clients: %s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_updated=''
apt_get() {
  if [ -z "$apt_updated" ]; then
    as_root apt-get update -qq
    apt_updated=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >/dev/null
}

# Every package here has a program of its own name, nothing else to ask for.
debian_packages() {
  local missing=()
  for package in curl podman buildah skopeo umoci docker-registry nginx wrk strace faketime; do
    command -v "$package" >/dev/null || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "apt-get install ${missing[*]}"
  apt_get install --yes --no-install-recommends "${missing[@]}"
}

# Maven with the two of its plugins that its tests need, from Debian, so that none is asked for elsewhere.
maven() {
  local repository=/usr/share/maven-repo/org/apache/maven/plugins
  if command -v mvn >/dev/null && command -v unzip >/dev/null && [ -d "$repository/maven-deploy-plugin/3.0.0" ] &&
    [ -d "$repository/maven-dependency-plugin/3.5.0" ]; then
    return
  fi
  say 'apt-get install maven'
  apt_get install --yes --no-install-recommends maven default-jre-headless libmaven-deploy-plugin-java \
    libmaven-dependency-plugin-java unzip
}

# Gradle as Debian has it, which is the newest that a registry of packages has, and the way for it to publish.
debian_gradle() {
  local java=/usr/share/java
  if command -v gradle >/dev/null && [ -e "$java/maven-resolver-transport-wagon.jar" ] &&
    [ -e "$java/wagon-http-lightweight.jar" ] && [ -e "$java/jsoup.jar" ]; then
    return
  fi
  say 'apt-get install gradle'
  apt_get install --yes --no-install-recommends gradle default-jre-headless libmaven-resolver-java libwagon-http-java \
    libjsoup-java
}

# The docker command alone. Its package would bring and start the engine, so it is unpacked and not installed.
docker_cli() {
  command -v docker >/dev/null && return
  local package=docker.io work
  apt-cache show docker-cli >/dev/null 2>&1 && package=docker-cli
  say "unpacking docker from $package"
  [ -n "$apt_updated" ] || { as_root apt-get update -qq && apt_updated=yes; }
  work="$(mktemp -d)"
  (cd "$work" && apt-get download -qq -o APT::Sandbox::User=root "$package" && dpkg-deb --extract ./*.deb .)
  install -m 0755 "$work/usr/bin/docker" "$bin/docker"
  rm -rf "$work"
}

built() { [ -x "$bin/$1" ] && [ -e "$cache/versions/$1-$2" ]; }

# A version counts as built only when its mark is there, so an interrupted build is repeated.
mark() {
  rm -f "$cache/versions/$1-"*
  touch "$cache/versions/$1-$2"
}

go_install() {
  local name="$1" version="$2" path="$3"
  built "$name" "$version" && return
  say "go install $path@$version"
  GOBIN="$bin" CGO_ENABLED=0 go install -trimpath -ldflags='-s -w' "$path@$version"
  mark "$name" "$version"
}

# `go install` wants a list of the module's versions and its entry in the checksum database, and oras.land serves
# neither through every proxy. A module that requires it, with its checksums written here, needs neither.
oras() {
  built oras "$oras_version" && return
  say "go build oras.land/oras@$oras_version"
  local work
  work="$(mktemp -d)"
  printf 'module build\n\ngo 1.25\n\nrequire oras.land/oras %s\n' "$oras_version" >"$work/go.mod"
  cat >"$work/go.sum" <<SUMS
oras.land/oras $oras_version h1:PdxrW0wRu24AMRnJcQWhUXTk33bDHCdSvyWcKoAxArE=
oras.land/oras $oras_version/go.mod h1:vhmQNvH70/XwJhSqqO7kITlD2fWNxlOj/4rxdamNU1c=
SUMS
  (cd "$work" && GONOSUMDB=oras.land/oras CGO_ENABLED=0 \
    go build -mod=mod -trimpath -ldflags='-s -w' -o "$bin/oras" oras.land/oras/cmd/oras)
  rm -rf "$work"
  mark oras "$oras_version"
}

# The official conformance suite is the tests of a module; built, they are a program.
conformance() {
  built oci-conformance "$conformance_version" && return
  local module=github.com/opencontainers/distribution-spec/conformance work
  say "go test -c $module@$conformance_version"
  work="$(mktemp -d)"
  printf 'module build\n\ngo 1.21\n\nrequire %s %s\n' "$module" "$conformance_version" >"$work/go.mod"
  cat >"$work/go.sum" <<SUMS
$module $conformance_version h1:jL+CgYEEZluGb08ZcLpEyhn389kNMlwrWOHaIqXazq0=
$module $conformance_version/go.mod h1:odnkI+gfnNSdq8NaG/nKvENDEWkXAjjbgp8GKMllVSI=
SUMS
  (cd "$work" && GONOSUMDB="$module" CGO_ENABLED=0 GOFLAGS=-mod=mod go test -c -o "$bin/oci-conformance" "$module")
  rm -rf "$work"
  mark oci-conformance "$conformance_version"
}

# Node.js programs stay in directories of their own, outside of bin: they are called what the machine's own are called.
npm_client() {
  local name="$1" package="$2" version="$3" overrides="${4:-}" home="$cache/npm-clients/$1"
  [ -d "$home/node_modules/.bin" ] && [ -e "$cache/versions/$name-$version" ] && return
  say "npm install $package@$version"
  rm -rf "$home"
  mkdir -p "$home"
  printf '{"private":true,"dependencies":{"%s":"%s"},"overrides":{%s}}\n' "$package" "$version" "$overrides" \
    >"$home/package.json"
  (cd "$home" && npm install --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null)
  mark "$name" "$version"
}

# Python programs have an environment each, outside of bin.
python_client() {
  local name="$1" package="$2" version="$3" home="$cache/python-clients/$1"
  [ -x "$home/bin/python" ] && [ -e "$cache/versions/$name-$version" ] && return
  say "pip install $package==$version"
  rm -rf "$home"
  python3 -m venv "$home"
  "$home/bin/python" -m pip install --quiet --disable-pip-version-check "$package==$version"
  mark "$name" "$version"
}

mkdir -p "$bin" "$cache/versions"
debian_packages
maven
debian_gradle
docker_cli
# Go compiles while the others wait for registries.
(
  go_install crane "$crane_version" github.com/google/go-containerregistry/cmd/crane
  go_install helm "$helm_version" helm.sh/helm/v3/cmd/helm
  go_install versitygw "$versitygw_version" github.com/versity/versitygw/cmd/versitygw
  oras
  conformance
) &
compiling=$!
npm_client npm npm "$npm_version"
npm_client pnpm pnpm "$pnpm_version"
npm_client yarn yarn "$yarn_version"
npm_client berry @yarnpkg/cli-dist "$berry_version"
npm_client bun bun "$bun_version"
# Verdaccio asks for this one by a tag, which mirrors need not have.
npm_client verdaccio verdaccio "$verdaccio_version" '"node-fetch":"2.6.7"'
python_client pip pip "$pip_version"
python_client old-pip pip "$old_pip_version"
python_client twine twine "$twine_version"
python_client uv uv "$uv_version"
python_client poetry poetry "$poetry_version"
python_client hatch hatch "$hatch_version"
python_client flit flit "$flit_version"
wait "$compiling"
