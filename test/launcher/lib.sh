# TAP and the makers of bundles and hosts. Sourced by every test; BUILD holds the programs that `run` has built.
set -u
count=0
failures=0
work=$(mktemp -d /tmp/np-launcher.XXXXXX)
chmod 0755 "$work"
work=$(realpath "$work")
cleanups=
# Accident prevented: what is still mounted or bound below the directory of the test may be the host's own, and rm follows it.
mounts_below() { awk -v below="$work/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo; }
clean() {
  eval "$cleanups"
  mounts_below | tac | while read -r point; do umount -l "$(printf %b "$point")"; done
  [ -z "$(mounts_below)" ] && [ -r /proc/self/mountinfo ] || return
  chmod -R u+w "$work" 2>/dev/null
  rm -rf "$work"
}
trap clean EXIT
NIXPACK_CACHE_DIR=$work/cache
export NIXPACK_CACHE_DIR
unset NIXPACK_ENGINE
tab=$(printf '\t')

hash_a=00000000000000000000000000000000
hash_b=11111111111111111111111111111111
hash_r=rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr

# report STATUS TITLE
report() {
  count=$((count + 1))
  if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else
    failures=$((failures + 1))
    echo "not ok $count - $2"
  fi
}

# check TITLE COMMAND...: passes when the command succeeds
check() {
  title=$1
  shift
  if "$@" >"$work/.check" 2>&1; then report 0 "$title"; else
    report 1 "$title"
    sed 's/^/# /' "$work/.check" | head -20
  fi
}

# equal TITLE ACTUAL EXPECTED
equal() {
  if [ "$2" = "$3" ]; then report 0 "$1"; else
    report 1 "$1"
    printf '%s\n' "got: $2" "expected: $3" | sed 's/^/# /' | head -40
  fi
}

# contains TITLE TEXT PART
contains() {
  case $2 in
    *"$3"*) report 0 "$1" ;;
    *)
      report 1 "$1"
      printf '%s\n' "got: $2" "expected in it: $3" | sed 's/^/# /' | head -20
      ;;
  esac
}

# in_own_mounts: the test is executed again in a mount namespace of its own, and goes on behind this line
in_own_mounts() {
  [ "${NP_INSIDE:-}" != 1 ] || return 0
  rm -rf "$work"
  trap - EXIT
  NP_INSIDE=1 exec unshare -m --propagation private bash "$0"
}

# hide_nix: the host's own store is out of reach of what follows, or nothing follows
hide_nix() {
  mkdir -p /nix
  mount -t tmpfs -o mode=0755 tmpfs /nix && [ "$(stat -f -c %T /nix)" = tmpfs ] || exit 1
}

skip() {
  count=$((count + 1))
  echo "ok $count - $1 # SKIP $2"
}

finish() {
  echo "1..$count"
  [ "$failures" -eq 0 ]
}

# await SECONDS COMMAND...: until the command succeeds
await() {
  deadline=$(($(date +%s%N) + $1 * 1000000000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s%N)" -lt "$deadline" ] || return 1
    read -r -t 0.01 _ <>"$work/.never" || :
  done
}
mkfifo "$work/.never"

# bundle OUTPUT [LAUNCHER]: a script for mkbundle with "|" for tabs on standard input
bundle() {
  tr '|' '\t' | "$BUILD/mkbundle" "${2:-$BUILD/launcher}" "$1"
}

fresh_cache() {
  chmod -R u+w "$work/cache" 2>/dev/null
  rm -rf "$work/cache"
}

# plain OUTPUT PROGRAM: PROGRAM (a file) becomes the main program. The name of the store path is always the same, so what
# the cache holds under it goes.
plain() {
  fresh_cache
  bundle "$1" <<END
name|hello
program|bin/hello
path|$hash_a-hello
dir|$hash_a-hello
dir|$hash_a-hello/bin
file|$hash_a-hello/bin/hello|555|$2
END
}

# composed OUTPUT [LAUNCHER]: the test supervisor as runtime
composed() {
  bundle "$1" "${2:-$BUILD/launcher}" <<END
name|group
entry|$hash_a-group
runtime|$hash_r-nixpack-runtime-1
path|$hash_a-group
dir|$hash_a-group
path|$hash_r-nixpack-runtime-1
dir|$hash_r-nixpack-runtime-1
dir|$hash_r-nixpack-runtime-1/lib
file|$hash_r-nixpack-runtime-1/lib/ld-linux-${machine:-$(uname -m | tr _ -)}.so.${loader_version:-2}|555|${supervisor:-$BUILD/supervisor}
END
}

script() {
  cat >"$1"
  chmod 0755 "$1"
}

as_nobody() {
  setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
}
