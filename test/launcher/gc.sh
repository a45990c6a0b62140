. "$(dirname "$0")/lib.sh"
export NIXPACK_ENGINE=mount ASAN_OPTIONS=detect_leaks=0
cache=$work/cache
hash_s=ssssssssssssssssssssssssssssssss
hash_k=kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
hash_t=22222222222222222222222222222222

# make NAME HASH PROGRAM [LAUNCHER]: a bundle of its own path and of one that all share
mkdir -p "$work/shared/lib"
head -c 20000 /dev/urandom >"$work/shared/lib/data"
make() {
  mkdir -p "$work/$1-path/bin"
  cp "$3" "$work/$1-path/bin/program" && chmod 0755 "$work/$1-path/bin/program"
  bundle "$work/$1" "${4:-$BUILD/launcher}" <<END
name|$1
entry|$2-$1
program|bin/program
path|$2-$1
nar|$("$BUILD/nar-hash" "$work/$1-path" | cut -d' ' -f1)
tree|$work/$1-path
path|$hash_s-shared
nar|$("$BUILD/nar-hash" "$work/shared" | cut -d' ' -f1)
tree|$work/shared
END
}
script "$work/program" <<END
#!/bin/sh
wc -c </nix/store/$hash_s-shared/lib/data
END
make one "$hash_a" "$work/program"
make two "$hash_b" "$work/program"
make sleeper "$hash_t" "$(command -v sleep)"
bundle "$work/keeper" <<END
name|keeper
program|bin/program
path|$hash_k-keeper
dir|$hash_k-keeper
dir|$hash_k-keeper/bin
file|$hash_k-keeper/bin/program|555|$work/program
END

identity() { "$work/$1" --nixpack-version | cut -d' ' -f2; }
root() { echo "$cache/roots/$(identity "$1").${2:-store}"; }
# age DAYS FILE...
age() { touch -h -d "$1 days ago" "${@:2}"; }
is_young() { [ -n "$(find "$1" -maxdepth 0 -mmin -60 2>/dev/null)" ]; }
durable() { for name; do await 10 test -s "$cache/durable/$name" && await 10 test ! -e "$cache/pending/$name" || return; done; }
# forget NAME HASH DAYS: nobody has used the bundle for so long
forget() { age "$3" "$(root "$1")" && { [ ! -e "$cache/durable/$2-$1" ] || age "$3" "$cache/durable/$2-$1"; } && { [ ! -e "$cache/durable/$hash_s-shared" ] || age "$3" "$cache/durable/$hash_s-shared"; }; }
collect() { rm -f "$cache/gc" && "$BUILD/collect" "$cache"; }
there() { ls "$cache/store" | sed 's/^[a-z0-9]*-//' | sort | xargs; }
traces() { find "$cache" -name "*$1*" ! -path "$cache/engines/*" | wc -l; }

# Root entries.
equal "a bundle runs" "$("$work/one")" 20000
equal "and lists its paths" "$(cat "$(root one)")" "$hash_a-one
$hash_s-shared"
touch -d '8 minutes ago' "$(root one)"
before=$(stat -c '%Y %i' "$(root one)")
"$work/one" >/dev/null
equal "for some minutes the entry is left as it is" "$(stat -c '%Y %i' "$(root one)")" "$before"
age 2 "$(root one)"
before=$(stat -c %i "$(root one)")
"$work/one" >/dev/null
check "after a day it is young again" is_young "$(root one)"
equal "and the same file, so that no lease is lost" "$(stat -c %i "$(root one)")" "$before"
echo broken >"$(root one)"
"$work/one" >/dev/null
equal "one with other content is written anew" "$(head -1 "$(root one)")" "$hash_a-one"
touch -d '+400 days' "$(root one)"
"$work/one" >/dev/null
equal "a time stamp of the future is corrected" "$(find "$(root one)" -newermt '+1 day')" ""
wrong=
for i in $(seq 5); do
  rm -f "$(root one)"
  pids=
  for _ in $(seq 20); do "$work/one" >/dev/null 2>&1 & pids="$pids $!"; done
  for pid in $pids; do wait "$pid" || wrong="$wrong $i"; done
  [ "$(wc -l <"$(root one)")" = 2 ] || wrong="$wrong $i:content"
done
equal "20 simultaneous starts share one entry" "$wrong $(find "$cache/tmp" -name 'root-*')" " "

# What is dead goes, what lives stays.
"$work/two" >/dev/null
"$work/keeper" >/dev/null
check "all is durable" durable "$hash_a-one" "$hash_b-two" "$hash_k-keeper" "$hash_s-shared"
check "nothing is removed that was used today" collect
equal "neither path" "$(there)" "keeper one shared two"
collect_again() { "$BUILD/collect" "$cache"; echo $?; }
equal "the collector runs once a day" "$(collect_again)" 1
forget one "$hash_a" 29
check "nothing is removed that was used 29 days ago" collect
equal "neither" "$(there)" "keeper one shared two"
forget one "$hash_a" 31
check "what nobody has used for 31 days" collect
equal "is removed, but not what it shares with others" "$(there)" "keeper shared two"
equal "with its marks, lock and root entry" "$(traces "$hash_a") $(test -e "$(root one)" || echo gone)" "0 gone"
equal "nothing is left half-way" "$(ls "$cache/tmp")" ""
equal "the other bundles run on" "$("$work/two") $("$work/keeper")" "20000 20000"
equal "and the one that was removed is unpacked again" "$("$work/one")" 20000
check "durably" durable "$hash_a-one"

# Who looks after it: any start, in the background, once a day.
forget one "$hash_a" 31
age 2 "$cache/gc"
"$work/keeper" >/dev/null
check "a start collects in the background, though there is nothing to unpack" await 10 test ! -e "$cache/store/$hash_a-one"
check "and says when" is_young "$cache/gc"
"$work/one" >/dev/null
check "durably" durable "$hash_a-one"

# Leases.
exec 8<"$(root one)"
flock -s 8
forget one "$hash_a" 31
check "a leased bundle" collect
equal "is kept" "$(there)" "keeper one shared two"
exec 8<&-
composed "$work/group"
"$work/group" signals "$work/signals" >/dev/null 2>&1 &
pid=$!
await 5 grep -q ready "$work/signals"
forget group "$hash_a" 31
age 31 "$cache"/durable/*-group "$cache"/durable/*-nixpack-runtime-1 2>/dev/null
check "a composed bundle that runs" collect
equal "is kept, without anything of it being mapped by its name" "$(there | grep -c group)" 1
kill -TERM $pid
wait $pid
check "until it ends" collect
equal "and then goes" "$(there)" "keeper shared two"

# Mappings.
for engine in mount userns relocate; do
  tree=store
  NIXPACK_ENGINE=$engine "$work/sleeper" 1000 >/dev/null &
  pid=$!
  await 10 eval "readlink /proc/$pid/exe | grep -q -e -sleeper/"
  [ "$engine" = relocate ] && tree=$(cd "$cache" && echo 0*)
  [ "$engine" = relocate ] && age 31 "$(root sleeper 0)" "$cache"/trees/0.*/*-sleeper 2>/dev/null
  [ "$engine" = relocate ] || { durable "$hash_t-sleeper" && forget sleeper "$hash_t" 31; }
  check "a plain bundle that runs ($engine)" collect
  equal "is kept with all of its paths" "$(cd "$cache/$tree" && ls -d ./*-sleeper ./*-shared | wc -l)" 2
  kill $pid
  wait $pid 2>/dev/null
  [ "$engine" = relocate ] && { await 10 eval '[ "$(ls "$cache/trees/0.durable" | wc -l)" = 2 ]'; age 31 "$cache"/trees/0.*/*; }
  check "until it ends ($engine)" collect
  equal "and then goes" "$(cd "$cache/$tree" && find . -name '*-sleeper')" ""
done
"$work/one" >/dev/null
check "durably" durable "$hash_a-one"
forget one "$hash_a" 31
# without_proc COMMAND...: a start that makes COMMAND hide /proc; back when its collector has ended
mkdir "$work/empty"
without_proc() {
  age 2 "$cache/gc"
  unshare -m --propagation private sh -c '"$@" && exec "$0"' "$work/keeper" "$@" >/dev/null && await 10 is_young "$cache/gc" && flock -w 10 "$cache/gc" true
}
check "a start without /proc" without_proc mount -t tmpfs none /proc
equal "collects nothing" "$(there)" "keeper one shared two"
check "nor does one with something else there" without_proc mount --bind "$work/empty" /proc
equal "anything" "$(there)" "keeper one shared two"

# Locks, and what belongs to nobody.
exec 8>"$cache/locks/$hash_a-one"
flock 8
check "a path that is being unpacked" collect
equal "is left alone" "$(there)" "keeper one shared two"
exec 8<&-
check "and goes when it is not" collect
equal "at last" "$(there)" "keeper shared two"
mkdir "$cache/store/$hash_a-stray"
: >"$cache/durable/$hash_a-gone"
: >"$cache/pending/$hash_a-gone-too"
: >"$cache/locks/$hash_a-locked"
: >"$cache/locks/.settle"
: >"$cache/tmp/root-1-2-3"
: >"$cache/tmp/letters"
mkdir -p "$cache/engines"
: >"$cache/engines/$(printf '0%.0s' $(seq 64))"
age 31 "$cache"/tmp/* "$cache"/engines/*
check "a path that no bundle lists, marks and locks without a path, and left-overs" collect
equal "are removed" "$(find "$cache" -name "$hash_a-*" -o -name 'root-*' -o -name '00000*' -path '*/engines/*')" ""
equal "and nothing else is" "$(ls "$cache/tmp") $(ls -A "$cache/locks" | grep -c settle)" "letters 1"
rm "$cache/tmp/letters"
chmod -R u+w "$cache/store/$hash_b-two" && rm -rf "$cache/store/$hash_b-two"
age 31 "$cache/durable/$hash_s-shared"
check "a root entry whose paths are there in part" collect
check "is kept" test -e "$(root two)"
chmod -R u+w "$cache/store/$hash_s-shared" && rm -rf "$cache/store/$hash_s-shared"
check "one whose paths are all gone" collect
check "is not" test ! -e "$(root two)"
mkfifo "$cache/roots/$(printf 'a%.0s' $(seq 64)).store"
"$work/one" >/dev/null && durable "$hash_a-one"
forget one "$hash_a" 31
check "an entry that cannot be read stops the collector" collect
equal "from removing anything" "$(there)" "keeper one shared"
rm "$cache/roots/$(printf 'a%.0s' $(seq 64)).store"

# Trees of a directory that was moved.
NIXPACK_ENGINE=relocate "$work/one" >/dev/null
tree=$(cd "$cache" && echo 0*)
await 10 eval '[ "$(ls "$cache/trees/0.durable" | wc -l)" = 2 ]'
printf %s "/another/place/$tree" >"$cache/trees/0"
age 29 "$(root one 0)" "$cache"/trees/0 "$cache"/trees/0.*/*
check "a tree that was made for another directory" collect
check "is kept as long as it may be wanted there" test -d "$cache/$tree/$(ls "$cache/$tree" | head -1)"
age 31 "$(root one 0)" "$cache"/trees/0 "$cache"/trees/0.*/*
check "and is removed" collect
check "after 30 days, with all that belongs to it" eval 'test ! -e "$cache/$tree" && test -z "$(ls "$cache/trees")"'
equal "its number can be used again" "$(NIXPACK_ENGINE=relocate "$work/one")" 20000

# Engine nix-dir: the store is the host's, and what has no mark there is not ours.
hidden() { unshare -m --propagation private bash -c '
  mount -t tmpfs none /nix && mkdir -p /nix/store/hosts-own && export NIXPACK_ENGINE=nix-dir NIXPACK_CACHE_DIR='"$work"'/unused
  state=/nix/store/.nixpack
  "$0/one" && "$0/two" || exit
  until [ "$(ls $state/durable | wc -l)" = 3 ]; do read -r -t 0.01 _ <>"$0/.never"; done
  touch -d "31 days ago" $state/roots/$1.store $state/durable/* $state/gc /nix/store/hosts-own
  "$0/two"
  until [ -n "$(find $state/gc -mmin -60)" ]; do read -r -t 0.01 _ <>"$0/.never"; done
  flock -w 10 $state/gc ls /nix/store' "$work" "$(identity one)"; }
equal "in the host's own store only what was put there by a bundle is collected" "$(hidden)" "20000
20000
20000
$hash_b-two
hosts-own
$hash_s-shared"

# Cleaners.
fresh_cache
"$work/one" >/dev/null
check "durably" durable "$hash_a-one" "$hash_s-shared"
find "$cache/store" -type f -name data -delete
touch -d '11 minutes ago' "$(root one)"
equal "a path that a cleaner has emptied is unpacked anew by a start ten minutes after the last one" "$("$work/one")" 20000
check "and is whole again" cmp "$work/shared/lib/data" "$cache/store/$hash_s-shared/lib/data"
script "$work/list-fds" <<'END'
#!/bin/sh
for fd in /proc/$$/fd/*; do
  target=$(readlink "$fd")
  case $target in */np-launcher*/cache | */np-gc*/cache) echo "${fd##*/} $target" ;; esac
done
END
make fds "$hash_b" "$work/list-fds"
equal "below /tmp a plain bundle holds the directory for itself" "$("$work/fds")" "100 $cache"
equal "with few descriptors by the highest one" "$(ulimit -n 64 && "$work/fds")" "63 $cache"
mkdir /run/np-gc.$$
cleanups="chmod -R u+w /run/np-gc.$$; rm -rf /run/np-gc.$$"
equal "elsewhere a program gets no such descriptor" "$(NIXPACK_CACHE_DIR=/run/np-gc.$$/cache "$work/fds")" ""
if command -v systemd-tmpfiles >/dev/null; then
  printf 'e %s - - - 0\n' "$work/swept" >"$work/tmpfiles.conf"
  swept() { NIXPACK_CACHE_DIR=$work/swept/cache "$work/sleeper" 1000 & pid=$!; await 10 eval "readlink /proc/$pid/exe | grep -q -e -sleeper/"; }
  mkdir "$work/swept"
  swept
  mkdir "$work/swept/other" && : >"$work/swept/other/file"
  systemd-tmpfiles --clean "$work/tmpfiles.conf" 2>/dev/null
  equal "systemd-tmpfiles passes over the directory of a bundle that runs, and only over that" "$(ls "$work/swept") $(find "$work/swept" -name data | wc -l)" "cache 1"
  kill $pid
  wait $pid 2>/dev/null
  await 10 eval 'systemd-tmpfiles --clean "$work/tmpfiles.conf" 2>/dev/null; [ "$(find "$work/swept" -type f | wc -l)" = 0 ]'
  equal "and cleans it when none does" "$(find "$work/swept" -type f | wc -l)" 0
else
  skip "systemd-tmpfiles passes over the directory of a bundle that runs" "there is no systemd-tmpfiles on this host"
fi
composed "$work/group" "$BUILD/launcher-sanitized"
"$work/group" signals "$work/signals-2" >/dev/null 2>&1 &
pid=$!
await 20 grep -q ready "$work/signals-2"
age 40 "$(root group)"
touch -a -d '40 days ago' "$cache/store/$hash_s-shared/lib/data" "$cache/store"/*-group
is_read() { [ -n "$(find "$1" -maxdepth 0 -amin -60)" ]; }
check "a composed bundle that runs for long keeps its root entry young" await 20 is_young "$(root group)"
check "and what is in the directory, for those who look at the time of the last access" \
  await 20 eval 'is_read "$cache/store/$hash_s-shared/lib/data" && is_read "$(echo "$cache/store"/*-group)"'
equal "but leaves the other time stamp alone" "$(stat -c %Y "$cache/store/$hash_s-shared/lib/data")" 1
kill -TERM $pid
wait $pid

# Races: everything is as old as can be, then 20 starts and the collector at the same time.
outcomes=
wrong=
for engine in mount relocate; do
  for i in $(seq 12); do
    NIXPACK_ENGINE=$engine "$work/one" >/dev/null
    find "$cache/roots" "$cache/trees" "$cache/durable" "$cache/pending" -type f -exec touch -d '40 days ago' {} + 2>/dev/null
    before=$(find "$cache" -maxdepth 2 -name '*-one' -path '*/[0s]*' -exec stat -c %i {} + | sort | tr '\n' ' ')
    rm -f "$cache/gc"
    pids=
    "$BUILD/collect" "$cache" &
    collector=$!
    # From before the collector's first look to after its end.
    read -r -t "$(printf '0.%03d' $((i * 5)))" _ <>"$work/.never"
    for j in $(seq 20); do
      NIXPACK_ENGINE=$engine "$work/one" >"$work/out.$j" 2>&1 & pids="$pids $!"
    done
    for pid in $pids; do wait "$pid" || wrong="$wrong $engine-$i"; done
    wait $collector
    [ "$(sort -u "$work"/out.*)" = 20000 ] || wrong="$wrong $engine-$i: $(sort "$work"/out.* | uniq -c)"
    [ "$before" = "$(find "$cache" -maxdepth 2 -name '*-one' -path '*/[0s]*' -exec stat -c %i {} + | sort | tr '\n' ' ')" ] && outcomes=${outcomes}k || outcomes=${outcomes}r
  done
done
echo "# kept or removed and unpacked again: $outcomes"
equal "20 starts at the same time as the collector all work, 24 of 24 times" "$wrong" ""

# Killed at any instant.
same() { [ "$("$BUILD/nar-hash" "$work/$1" 2>/dev/null)" = "$("$BUILD/nar-hash" "$cache/store/$2" 2>/dev/null)" ]; }
wrong=
for i in $(seq 60); do
  "$work/one" >/dev/null 2>&1 || wrong="$wrong start:$i"
  find "$cache/roots" "$cache/durable" "$cache/pending" -type f -exec touch -d '40 days ago' {} + 2>/dev/null
  rm -f "$cache/gc"
  "$BUILD/collect" "$cache" &
  pid=$!
  # A pause that grows by 0.5 ms, from before the first look to after the end.
  read -r -t "$(printf '0.%04d' $((i * 5)))" _ <>"$work/.never"
  kill -KILL "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  # The start has a collector of its own in the background, which may be removing the path right now.
  [ ! -e "$cache/store/$hash_a-one" ] || same one-path "$hash_a-one" || [ ! -e "$cache/store/$hash_a-one" ] || wrong="$wrong half:$i"
  [ ! -e "$cache/store/$hash_s-shared" ] || same shared "$hash_s-shared" || [ ! -e "$cache/store/$hash_s-shared" ] || wrong="$wrong half:$i"
  "$work/one" --nixpack-verify >"$work/out" 2>&1 || grep -q 'missing' "$work/out" || wrong="$wrong verify:$i"
done 2>/dev/null
equal "kill -9 of the collector leaves complete paths or none, 60 of 60 times" "$wrong" ""
equal "and the bundle runs" "$("$work/one")" 20000
finish
