#!/usr/bin/env bash
# Debian's servers and tools for tests/real and bench. Never fails a build: what is missing makes its tests skip.
set -u
export PATH="$PATH:/usr/sbin:/sbin" DEBIAN_FRONTEND=noninteractive
declare -A package=(
  [nsd]=nsd [knotd]=knot [unbound]=unbound [unbound-host]=unbound-host
  [ldns-signzone]=ldnsutils [dnsperf]=dnsperf [delv]=bind9-dnsutils [kresd]=knot-resolver
  [nginx]=nginx-light [posttls-finger]=postfix [ip]=iproute2
)
browser=(chromium-headless-shell chromium) # one of them is enough for the report; the first is not in every release
missing=() wanted=()
for command in "${!package[@]}"; do
  command -v "$command" >/dev/null || missing+=("${package[$command]}")
done
command -v "${browser[0]}" >/dev/null || command -v "${browser[1]}" >/dev/null || wanted=("${browser[@]}")
[ ${#missing[@]} -eq 0 ] && [ ${#wanted[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "servers: not root on Debian, so these stay away and their tests skip: ${missing[*]} ${wanted[*]}"
  exit 0
fi
policy=/usr/sbin/policy-rc.d # the packages must not start daemons of their own
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
fi
for try in 1 2 3 4 5; do # another apt-get may hold the lists
  apt-get -qq update >/dev/null 2>&1 && break
  sleep $((try * 2))
done
install() {
  [ $# -eq 0 ] && return
  apt-get -qq -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" </dev/null >/dev/null 2>&1 && return
  echo "servers: apt-get could not install $*; their tests skip"
  false
}
install "${missing[@]}"
for one in "${wanted[@]}"; do
  install "$one" && break
done
if [ -d /run/systemd/system ]; then
  for unit in nsd knot unbound nginx postfix; do
    [[ " ${missing[*]} " == *" $unit "* ]] && systemctl disable --quiet "$unit" 2>/dev/null
  done
fi
echo "servers: asked apt-get for ${missing[*]} ${wanted[*]}"
