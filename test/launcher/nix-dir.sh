# Engine nix-dir where somebody else uses /nix/store, too: another user, Nix, a start at the same time.
. "$(dirname "$0")/lib.sh"
in_own_mounts
hide_nix
export NIXPACK_ENGINE=nix-dir
state=/nix/store/.nixpack
hello=/nix/store/$hash_a-hello
make() {
  bundle "$work/$1" <<END
name|$1
program|bin/program
path|$2-$1
note|compressed|data
dir|$2-$1
dir|$2-$1/bin
text|$2-$1/bin/program|555|#!/bin/sh
text|$2-$1/data|444|data
END
}
make hello "$hash_a"
make other "$hash_b"
settled() { await 10 eval "[ -s $state/durable/$1 ] && [ ! -e $state/pending/$1 ]"; }

# At the same time.
wrong=
NIXPACK_CACHE_DIR=$work/busy "$BUILD/seccomp-run" unshare -- sh -c 'while [ ! -e "$1/enough" ]; do "$1/other" --nixpack-doctor >/dev/null; done' - "$work" &
for i in $(seq 40); do
  "$work/hello" 2>"$work/error" || wrong="$wrong $i: $(cat "$work/error")"
  # Its sync may still be at work there.
  await 10 eval 'chmod -R u+w /nix/store; rm -rf /nix/store'
done
: >"$work/enough"
wait
equal "a doctor that tries /nix/store out does not disturb a first start" "$wrong" ""

# Another user.
mkdir /nix/store
for dir in /nix/store /nix; do
  chown 65534 $dir
  contains "a $dir of another user, who could exchange what is in it, is refused" "$("$work/hello" 2>&1)" \
    "engine nix-dir: owner $dir: Operation not permitted ($dir is another user's, or anybody can write to it)"
  chown 0 $dir
  chmod 0777 $dir
  contains "so is one that anybody can write to" "$("$work/hello" 2>&1)" "engine nix-dir: owner $dir"
  chmod 0755 $dir
done
equal "nothing is left in it" "$(ls -A /nix/store)" ""
chmod 1777 /nix/store
check "where nobody can exchange what is another's it starts" "$work/hello"
chmod 0755 /nix/store

# What it has put there has a lease, and is not for the engine host, which has none.
contains "what was put there is not the host's own" "$(NIXPACK_ENGINE=host "$work/hello" 2>&1)" "engine host: $hello was not put there by Nix but by the engine nix-dir  ["

# Nix, which knows nothing of what was put there, and makes a path of that name itself.
check "what was put there becomes durable" settled "$hash_a-hello"
find $state -type f -exec touch -d '40 days ago' {} +
# remake FILE...: Nix makes the path
remake() {
  # Later than anything so far, by a clock that ticks every few milliseconds.
  : >"$work/before"
  await 5 eval ': >"$work/tick"; [ "$work/tick" -nt "$work/before" ]' || return
  chmod -R u+w $hello && rm -rf $hello && mkdir -p $hello/bin || return
  printf '#!/bin/sh' >$hello/bin/program && printf 'nix!' >"$hello/$1" && chmod -R 0555 $hello
}
remake data
check "another bundle starts" "$work/other"
check "and its collector comes by" await 10 eval '[ -n "$(find $state/gc -mmin -60)" ] && flock -w 10 $state/gc true'
check "a path that Nix has made since then is not collected" test -e $hello/data
check "it is used as it is" "$work/hello"
equal "and not replaced" "$(cat $hello/data)" 'nix!'
remake data-2
printf longer >$hello/data-2
contains "not even when it is not whole" "$("$work/hello" 2>&1)" "cannot use \"$hello\" of the host: size"
chmod -R u+w $hello && rm -rf $hello
check "once it is gone it is ours again" "$work/hello"
check "and durable" settled "$hash_a-hello"
chmod u+w $hello && printf 'damaged' >$hello/data
touch -d '1 day ago' $state/roots/*
check "damage in what is ours is repaired" "$work/hello"
equal "in place" "$(cat $hello/data)" data
check "durably" settled "$hash_a-hello"
chmod u+w $hello && printf 'damaged' >$hello/data
touch -d '1 day ago' $state/roots/*
# As a start leaves it that is killed between noticing the damage and repairing it: nothing can be unpacked.
mount -t tmpfs -o ro none $state/tmp
"$work/hello" >/dev/null 2>&1
umount $state/tmp
check "also by the next start, when one is killed that has noticed it" "$work/hello"
equal "in place, too" "$(cat $hello/data)" data

# Remembered.
auto() { env -u NIXPACK_ENGINE "$BUILD/seccomp-run" unshare -- "$work/hello"; }
check "where nothing can be mounted it is chosen" auto
equal "and remembered" "$(sed 's/.* //' "$work"/cache/engines/*)" nix-dir
check "durably" settled "$hash_a-hello"
auto
before="$(cat "$work"/cache/engines/*) $(stat -c %z /nix/store)"
check "by a start that leaves /nix/store as it is" auto
equal "for the next one" "$(cat "$work"/cache/engines/*) $(stat -c %z /nix/store)" "$before"
finish
