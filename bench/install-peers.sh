#!/usr/bin/env bash
# Installs what the benchmark measures Entrepot against, on Debian and its relatives. A peer that cannot be had is
# named and left out; the benchmark then says so too.
set -u

declare -A program=([docker-registry]=docker-registry [nginx]=nginx [wrk]=wrk [curl]=curl [openssl]=openssl)

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi

wanted=()
for package in "${!program[@]}"; do
  command -v "${program[$package]}" >/dev/null || wanted+=("$package")
done

if [ "${#wanted[@]}" -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "No apt-get here. Install by hand: ${wanted[*]}" >&2
    exit 1
  fi
  # The packages would start nginx on port 80 and the registry on 5000. The benchmark starts its own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
  fi
  "${as_root[@]}" apt-get update
  for package in "${wanted[@]}"; do
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package"
  done
fi

missing=0
for package in "${!program[@]}"; do
  if command -v "${program[$package]}" >/dev/null; then
    echo "ready: $package"
  else
    echo "missing: $package" >&2
    missing=1
  fi
done
exit "$missing"
