. "$(dirname "$0")/lib.sh"
in_own_mounts
script "$work/program" <<'END'
#!/bin/sh
case $1 in
  store) cd /nix/store && echo * ;;
  read) cat "$2" ;;
  root) cd / && ls -A ;;
  userns) readlink /proc/self/ns/user ;;
  id) id -u ;;
  nested) unshare -Ur id -u ;;
  nscd) echo x | nc -U /run/nscd/socket ;;
  kind) stat -c %F "$2" ;;
  cwd) pwd -P ;;
  touch) touch "$2" ;;
  *) echo started ;;
esac
END
chmod 755 "$work"
plain "$work/hello" "$work/program"
mkdir -m 0777 "$work/open"
nobody() { as_nobody env NIXPACK_CACHE_DIR="$work/open/cache" "$@"; }

equal "root needs no user namespace" "$("$work/hello" userns)" "$(readlink /proc/self/ns/user)"
check "others get one" test "$(nobody "$work/hello" userns)" != "$(readlink /proc/self/ns/user)"
equal "in which they are who they were" "$(nobody "$work/hello" id)" 65534
equal "engine userns can be forced for root" "$(NIXPACK_ENGINE=userns "$work/hello" id)" 0
check "and then is used" test "$(NIXPACK_ENGINE=userns "$work/hello" userns)" != "$(readlink /proc/self/ns/user)"
output=$(nobody env NIXPACK_ENGINE=mount "$work/hello" 2>&1)
equal "a forced engine that cannot work is status 125" $? 125
contains "and says why" "$output" 'cannot make "/nix/store" visible: engine mount: unshare(CLONE_NEWNS): Operation not permitted (needs root)  [NIXPACK_STORE_UNAVAILABLE]'
output=$(NIXPACK_ENGINE=relocated "$work/hello" 2>&1)
equal "an engine that is not known is status 125" $? 125
contains "and the known ones are listed" "$output" 'cannot use engine "relocated" (from NIXPACK_ENGINE): it is not known, the known ones are host, mount, userns, relocate, nix-dir'
equal "user namespaces can be nested inside" "$(nobody "$work/hello" nested)" 0

# without_userns COMMAND: in a user namespace that allows no further one, without the right to mount
without_userns() {
  unshare -U --map-root-user bash -c 'echo 0 >/proc/sys/user/max_user_namespaces
    exec setpriv --bounding-set -all --inh-caps -all --securebits +noroot,+noroot_locked -- "$@"' - "$@"
}
for engine in mount userns; do
  without_userns env NIXPACK_ENGINE=$engine NIXPACK_CACHE_DIR="$work/cache" "$work/hello" >"$work/$engine.refusal" 2>&1
  equal "without namespaces engine $engine ends with status 125" $? 125
  equal "with one error and one hint" "$(wc -l <"$work/$engine.refusal")" 2
done
contains "engine mount says why it cannot work" "$(cat "$work/mount.refusal")" "engine mount: unshare(CLONE_NEWNS): Operation not permitted"
contains "engine userns says why it cannot work" "$(cat "$work/userns.refusal")" "engine userns: unshare(CLONE_NEWUSER|CLONE_NEWNS): No space left on device (switched off by sysctl user.max_user_namespaces=0)"
equal "without namespaces it starts all the same" "$(without_userns env NIXPACK_CACHE_DIR="$work/cache" "$work/hello")" started
check "relocated" test -d "$work/cache/0"

# The memory of what worked.
remembered() { sed 's/.* //' "$work"/open/memory/engines/*; }
memory() { as_nobody env -u NIXPACK_ENGINE NIXPACK_CACHE_DIR="$work/open/memory" "$@"; }
memory "$work/hello" >/dev/null
equal "the engine that worked is remembered" "$(remembered)" userns
sed -i 's/userns/mount/' "$work"/open/memory/engines/*
equal "one that does not work any more is given up" "$(memory "$work/hello")" started
equal "and forgotten" "$(remembered)" userns
without_userns setpriv --reuid=0 env NIXPACK_CACHE_DIR="$work/memory-of-root" "$work/hello" >/dev/null
equal "without namespaces relocation is remembered" "$(sed 's/.* //' "$work"/memory-of-root/engines/*)" relocate
NIXPACK_CACHE_DIR="$work/memory-of-root" "$work/hello" >/dev/null
equal "but not where the answer could be another one" "$(sed 's/.* //' "$work"/memory-of-root/engines/*)" mount
for filter in mount=EACCES unshare=EPERM unshare=ENOSYS unshare=kill pivot_root=EPERM; do
  rm -rf "$work/m-$filter"
  equal "a filter with $filter leaves relocation" "$(cd "$work" && ulimit -c unlimited && NIXPACK_CACHE_DIR=$work/m "$BUILD/seccomp-run" $filter -- "$work/hello")" started
  check "which is what was used" test -d "$work/m/0"
  rm -rf "$work/m"
done
check "no core file is left" test ! -e "$work/core"
equal "a file system without locks will do" "$(NIXPACK_CACHE_DIR="$work/unlocked" "$BUILD/seccomp-run" flock=ENOLCK -- "$work/hello")" started
check "and holds what is durable" await 10 test -s "$work/unlocked/durable/$hash_a-hello"

for engine in userns relocate; do
  equal "engine $engine starts for a caller whose umask leaves no rights to anybody" \
    "$(as_nobody env NIXPACK_ENGINE=$engine NIXPACK_CACHE_DIR="$work/open/m$engine" bash -c 'umask 0777; exec "$0"' "$work/hello")" started
done

equal "what lies in / of the host lies in / of the program" "$("$work/hello" root | grep -vx nix)" "$(ls -A / | grep -vx nix)"
"$work/hello" touch /np-not-lost 2>/dev/null
check "a file in / that would be lost is refused" test $? -ne 0
ln -s /usr "$work/open/absolute"
equal "the working directory is found through symbolic links" "$(cd "$work/open/absolute/bin" && "$work/hello" cwd)" /usr/bin
[ -e /nix ] || { mkdir /nix && cleanups='rmdir /nix'; }
equal "a mount that the host makes later is seen" "$(
  mkdir "$work/later"
  mount --make-shared --bind "$work/later" "$work/later"
  mkfifo "$work/go"
  script "$work/waits" <<END
#!/bin/sh
read x <$work/go
ls $work/later
END
  bundle "$work/waiter" <<END
path|$hash_b-waiter
file|$hash_b-waiter|555|$work/waits
END
  "$work/waiter" >"$work/seen" &
  exec 7>"$work/go"
  mkdir "$work/later/in" "$work/from" && touch "$work/from/file"
  mount --bind "$work/from" "$work/later/in"
  script "$work/x" </dev/null
  echo go >&7
  wait $!
  cat "$work/seen"
  umount "$work/later/in" "$work/later"
)" in

mount -t tmpfs -o mode=0755 none /run
mkdir -p /run/nscd
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/run/nscd/socket")' 2>/dev/null || skip "nscd" "no python3"
[ ! -S /run/nscd/socket ] || equal "the socket of the host's name service cache is hidden" "$("$work/hello" kind /run/nscd/socket)" "character special file"
umount /run

# A host with a store of its own.
mount -t tmpfs none /nix
mkdir -p "/nix/store/$hash_b-host" /nix/var "/nix/store/$hash_a-hello"
echo host >"/nix/store/$hash_b-host/file"
echo file >"/nix/store/$hash_r-file"
ln -s "$hash_b-host/file" "/nix/store/${hash_r}x-link"
# host_store TITLE PREFIX...: what a program sees beside its own paths
host_store() {
  title=$1
  shift
  contains "$title: the host's paths are seen" "$("$@" store)" "$hash_b-host"
  equal "$title: and can be read" "$("$@" read "/nix/store/$hash_b-host/file")" host
  equal "$title: files and links, too" "$("$@" read "/nix/store/$hash_r-file")$("$@" read "/nix/store/${hash_r}x-link")" filehost
  equal "$title: of a path in both, ours is seen" "$("$@" start)" started
  contains "$title: the rest of /nix is seen" "$("$@" root)" nix
}
host_store "mount" "$work/hello"
nobody_hello() { nobody "$work/hello" "$@"; }
host_store "userns" nobody_hello
# Overlays cannot be stacked higher than two: the next one is refused.
mkdir "$work/o1" "$work/o2" "$work/stacked" "$work/up1" "$work/work1" "$work/up2" "$work/work2"
mount -t tmpfs none "$work/up1" && mkdir "$work/up1/u" "$work/up1/w"
mount -t tmpfs none "$work/up2" && mkdir "$work/up2/u" "$work/up2/w"
mount -t overlay -o "lowerdir=$work/o1,upperdir=$work/up1/u,workdir=$work/up1/w" none "$work/o2"
mount -t overlay -o "lowerdir=$work/o2,upperdir=$work/up2/u,workdir=$work/up2/w" none "$work/stacked"
stacked_hello() { NIXPACK_CACHE_DIR=$work/stacked/cache "$work/hello" "$@"; }
stacked_hello >/dev/null
check "the kernel refuses a third overlay" eval '! mount -t overlay -o "ro,lowerdir=$work/stacked:/nix/store" none "$work/later"'
host_store "without an overlay" stacked_hello
for dir in stacked o2 up2 up1; do await 5 umount "$work/$dir" || umount -l "$work/$dir"; done
umount /nix

# PID 1 of a container, and a host without /proc.
equal "it works as process 1" "$(unshare -pf --mount-proc "$work/hello")" started
fresh_cache
equal "and so does a first start as process 1" "$(unshare -pf --mount-proc "$work/hello")" started
check "which syncs before it starts the program" test -e "$work/cache/durable/$hash_a-hello"
fresh_cache
cp "$work/hello" "$work/open/hello"
equal "it works without /proc" "$(unshare -m bash -c 'umount -l /proc && "$1" start && "$1" start' - "$work/open/hello" 2>&1)" "started
started"
finish
