. "$(dirname "$0")/lib.sh"
script "$work/program" <<'END'
#!/bin/sh
echo started
END
plain "$work/hello" "$work/program"
unset NIXPACK_CACHE_DIR
entry=store/$hash_a-hello

in_own_mounts
mount -t tmpfs -o mode=1777 none /var/tmp
mount -t tmpfs -o mode=1777 none /dev/shm
mkdir -m 0777 "$work/home" "$work/mnt"

where() { find "$@" -maxdepth 6 -path "*/$entry" 2>/dev/null; }
mkdir "$work/rooted"
env -i XDG_CACHE_HOME="$work/rooted/xdg" HOME="$work/rooted" "$work/hello" >/dev/null
equal "XDG_CACHE_HOME comes first" "$(where "$work/rooted")" "$work/rooted/xdg/nixpack/$entry"
rm -rf "$work/rooted/xdg"
env -i HOME="$work/rooted" "$work/hello" >/dev/null
equal "then HOME/.cache, made private" "$(where "$work/rooted") $(stat -c %a "$work/rooted/.cache/nixpack")" "$work/rooted/.cache/nixpack/$entry 700"
for home in HOME= HOME=relative HOME=/no/such/home HOME=/proc HOME=/dev/null; do
  rm -rf /var/tmp/nixpack-65534
  as_nobody env -i "$home" "$work/hello" >"$work/out" 2>&1
  equal "$home is no reason not to start" "$(cat "$work/out") $(where /var/tmp)" "started /var/tmp/nixpack-65534/$entry"
done
rm -rf /var/tmp/nixpack-65534
ln -s "$work/home" /var/tmp/nixpack-65534
as_nobody env -i XDG_RUNTIME_DIR="$work/none" "$work/hello" >/dev/null
check "a symbolic link under the predictable name is not followed" test ! -e "$work/home/store"
rm -rf /var/tmp/nixpack-65534 /tmp/nixpack-65534
mkdir -m 0700 /var/tmp/nixpack-65534
as_nobody env -i "$work/hello" >/dev/null
equal "another user's directory under the predictable name is not used" "$(ls -A /var/tmp/nixpack-65534)" ""
rmdir /var/tmp/nixpack-65534
rm -rf /tmp/nixpack-65534
mkdir "$work/alice" && chown 1000 "$work/alice"
env -i HOME="$work/alice" XDG_RUNTIME_DIR="$work/rooted" "$work/hello" >/dev/null
check "root leaves nothing in another user's HOME" test ! -e "$work/alice/.cache"

# forced DIR: the message of a start that is told to use DIR
forced() { NIXPACK_CACHE_DIR=$1 "$work/hello" 2>&1; echo "$?"; }
equal "a forced directory is created with its parents" "$(forced "$work/a/b/c")" "started
0"
mount -t tmpfs -o noexec none "$work/mnt"
contains "a forced directory that is noexec is an error" "$(forced "$work/mnt/cache")" "cannot use cache directory \"$work/mnt/cache\" (from NIXPACK_CACHE_DIR): execve(\"probe\"): Permission denied ($work/mnt is mounted noexec)  [NIXPACK_CACHE_UNWRITABLE]"
mkdir "$work/mnt/nixpack"
equal "a noexec directory that is only proposed is passed over" "$(env -i XDG_CACHE_HOME="$work/mnt" HOME="$work/rooted" "$work/hello")" started
mount -o remount,ro "$work/mnt"
contains "a forced directory that is read-only is an error" "$(forced "$work/mnt/cache")" "Read-only file system (it cannot be written to, and 1 of 1 store paths are missing in it)  [NIXPACK_CACHE_UNWRITABLE]"
equal "a read-only directory that is only proposed is passed over" "$(env -i XDG_CACHE_HOME="$work/mnt" HOME="$work/rooted" "$work/hello")" started
umount "$work/mnt"
ln -s "$work/a" "$work/link"
contains "a forced directory that is a symbolic link is an error" "$(forced "$work/link/")" "it is a symbolic link"
mkdir -m 0777 "$work/wide"
contains "a forced directory that others can write to is an error" "$(forced "$work/wide")" "other users can write to it"
chown 1000 "$work/wide"
contains "a forced directory of another user is an error" "$(forced "$work/wide")" "it belongs to another user"
mkdir -p "$work/used/tmp/letters" "$work/used/.config"
contains "a forced directory that holds something else is an error" "$(forced "$work/used")" "it holds something else than a cache  [NIXPACK_CACHE_UNWRITABLE]"
equal "and is left as it was" "$(cd "$work/used" && find . | sort)" ".
./.config
./tmp
./tmp/letters"
for odd in "$work/with space" "$work/with
newline" "$work/a/../dots" "$work/slashes///" "$work/$(printf '%0200d/%0200d/%0200d/%0200d' 0 0 0 0)"; do
  equal "a forced directory may be called $(printf %s "${odd#"$work"}" | cut -c1-20 | tr '\n' ' ')" "$(forced "$odd")" "started
0"
done
equal "a forced directory may be relative" "$(cd "$work/rooted" && forced some/where; where "$work/rooted/some")" "started
0
$work/rooted/some/where/$entry"
contains "a forced directory may not have a name beyond the system's limit" "$(forced "/$(printf '%05000d' 0)")" "open: Filename too long  [NIXPACK_CACHE_UNWRITABLE]"
contains "a forced directory that is a file is an error" "$(forced "$work/hello")" "Not a directory"

# No usable directory at all.
nowhere() {
  unshare -m --propagation private bash -c '
    for dir in /tmp /var/tmp /dev/shm /var/cache; do mount -t tmpfs -o noexec,mode=1777 none $dir; done
    exec "$@"' - "$@"
}
mkdir /run/np-nowhere.$$
cleanups="rm -rf /run/np-nowhere.$$"
cp "$work/hello" "/run/np-nowhere.$$/hello"
equal "without any usable directory it runs from memory (root)" "$(nowhere env -i "/run/np-nowhere.$$/hello" 2>&1)" started
equal "without any usable directory it runs from memory (nobody)" \
  "$(nowhere setpriv --reuid=65534 --regid=65534 --clear-groups env -i "/run/np-nowhere.$$/hello" 2>&1)" started

# Marks.
NIXPACK_CACHE_DIR=$work/cache
export NIXPACK_CACHE_DIR
"$work/hello" >/dev/null
check "a path becomes durable in the background" await 10 test -s "$work/cache/durable/$hash_a-hello"
check "and is not pending any more" await 10 test ! -e "$work/cache/pending/$hash_a-hello"
rm "$work/cache/durable/$hash_a-hello"
echo other-boot >"$work/cache/pending/$hash_a-hello"
chmod 755 "$work/cache/$entry/bin" && : >"$work/cache/$entry/bin/hello"
equal "a path that was never synced before the machine went down is unpacked anew" "$("$work/hello")" started
check "and becomes durable" await 10 test -s "$work/cache/durable/$hash_a-hello"
inode=$(stat -c %i "$work/cache/$entry")
"$work/hello" >/dev/null
equal "a second start unpacks nothing" "$(stat -c %i "$work/cache/$entry")" "$inode"
mkdir -p "$work/cache/tmp/unpack-killed/deep" && touch "$work/cache/tmp/unpack-killed/deep/file" && chmod 555 "$work/cache/tmp/unpack-killed/deep"
mkdir "$work/cache/tmp/letters"
"$work/hello" >/dev/null
check "what a killed process left behind is removed" await 10 test ! -e "$work/cache/tmp/unpack-killed"
check "what no unpacking made is not" test -d "$work/cache/tmp/letters"
rmdir "$work/cache/tmp/letters"
mkdir "$work/cache/tmp/unpack-living"
exec 8<"$work/cache/tmp/unpack-living"
flock 8
mkdir "$work/cache/tmp/unpack-killed"
"$work/hello" >/dev/null
check "what a living process owns is not" eval 'await 10 test ! -e "$work/cache/tmp/unpack-killed" && test -e "$work/cache/tmp/unpack-living"'
exec 8<&-

# Full disks: from nothing fits to everything fits.
head -c 400000 /dev/urandom >"$work/big"
bundle "$work/large" <<END
name|large
program|bin/hello
path|$hash_a-hello
dir|$hash_a-hello
dir|$hash_a-hello/bin
file|$hash_a-hello/bin/hello|555|$work/program
file|$hash_a-hello/big|444|$work/big
path|$hash_b-big
file|$hash_b-big|444|$work/big
END
wrong=
outcomes=
for kilobytes in 4 8 16 24 32 40 64 128 256 400 420 440 600 800 820 840 860 880 1000; do
  mount -t tmpfs -o "size=${kilobytes}k,mode=0700" none "$work/mnt"
  output=$(NIXPACK_CACHE_DIR=$work/mnt "$work/large" 2>&1)
  status=$?
  case $status-$output in
    0-started) outcomes=$outcomes+ ;;
    125-*"No space left on device"*NIXPACK_CACHE_UNWRITABLE*) outcomes=$outcomes- ;;
    *) wrong="$wrong ${kilobytes}k: $status $output" ;;
  esac
  for path in "$work"/mnt/store/*; do
    case $path in
      */$hash_b-big) cmp -s "$path" "$work/big" || wrong="$wrong ${kilobytes}k: half" ;;
      */$hash_a-hello) cmp -s "$path/big" "$work/big" || wrong="$wrong ${kilobytes}k: half" ;;
    esac
  done
  await 5 umount "$work/mnt" || wrong="$wrong ${kilobytes}k: busy"
done
equal "a full disk is named, and nothing half-written gets its final name" "$wrong" ""
contains "the disk was full in some cases and large enough in others" "$outcomes" "-+"

# Concurrent first starts, of two bundles that share a path.
bundle "$work/other" <<END
name|other
entry|$hash_r-other
program|bin/hello
path|$hash_b-big
file|$hash_b-big|444|$work/big
path|$hash_r-other
dir|$hash_r-other
dir|$hash_r-other/bin
file|$hash_r-other/bin/hello|555|$work/program
END
fresh_cache
pids=
for i in $(seq 100); do
  "$work/large" >"$work/out.a$i" 2>&1 & pids="$pids $!"
  "$work/other" >"$work/out.b$i" 2>&1 & pids="$pids $!"
done
bad=0
for pid in $pids; do wait "$pid" || bad=$((bad + 1)); done
equal "200 simultaneous first starts of two bundles that share a path all work" "$bad $(cat "$work"/out.* | sort | uniq -c | tr -s ' ')" "0  200 started"

# Somebody holds a lock and does nothing; or does something. (The sanitized build waits for one second only.)
bundle "$work/impatient" "$BUILD/launcher-sanitized" <<END
name|impatient
program|bin/hello
path|$hash_a-hello
dir|$hash_a-hello
dir|$hash_a-hello/bin
file|$hash_a-hello/bin/hello|555|$work/program
END
fresh_cache
mkdir -p -m 0700 "$work/cache/locks"
export ASAN_OPTIONS=detect_leaks=0
exec 8>"$work/cache/locks/$hash_a-hello"
flock 8
output=$("$work/impatient" 2>&1 8>&-)
equal "a lock that is held by a process that does not get on ends the wait" $? 125
contains "and is named" "$output" "cannot lock \"$work/cache/locks/$hash_a-hello\": another process holds it and has not got on for 1 s  [NIXPACK_CACHE_LOCK_TIMEOUT]"
"$work/impatient" >"$work/out" 2>&1 8>&- &
pid=$!
for _ in $(seq 20); do
  touch "$work/cache/locks"
  read -r -t 0.1 _ <>"$work/.never"
done
check "while it gets on, the wait goes on" kill -0 $pid
exec 8>&-
wait $pid
equal "until the lock is free" "$(cat "$work/out")" started

# Killed at any instant of the first start.
wrong=
for i in $(seq 60); do
  fresh_cache
  "$work/large" >"$work/out" 2>&1 &
  pid=$!
  # A pause that grows by 0.2 ms: from before the first directory to after the exec.
  read -r -t "$(printf '0.%04d' $((i * 2)))" _ <>"$work/.never"
  kill -KILL "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  [ "$("$work/large" 2>&1)" = started ] || wrong="$wrong $i"
  cmp -s "$work/cache/$entry/big" "$work/big" || wrong="$wrong half:$i"
done 2>/dev/null
equal "a first start killed at any of 60 instants does not harm the next" "$wrong" ""
check "and what it left is removed" await 10 test -z "$(ls -A "$work/cache/tmp")"

# The process that unpacks, killed at any instant; two bundles that share a path start at the same time.
head -c 24000000 /dev/urandom >"$work/big"
for pair in heavy:$hash_b-hello weighty:$hash_r-other; do
  bundle "$work/${pair%:*}" <<END
entry|${pair#*:}
path|$hash_a-big
file|$hash_a-big|444|$work/big
path|${pair#*:}
file|${pair#*:}|555|$work/program
END
done
# Succeeds when there was one.
kill_workers() {
  found=1
  for pid in $(pgrep -f "^$work/(heavy|weighty)\$"); do
    case " $pids " in *" $pid "*) ;; *) kill -KILL "$pid" && found=0 ;; esac
  done
  return $found
}
wrong=
killed=0
for i in $(seq 20); do
  fresh_cache
  pids=
  for bundle in heavy weighty; do
    "$work/$bundle" >"$work/out.$bundle" 2>&1 &
    pids="$pids $!"
  done
  read -r -t "$(printf '0.%03d' $((i * 2)))" _ <>"$work/.never"
  for _ in 1 2 3 4 5 6 7 8; do kill_workers && break; done
  wait $pids
  for bundle in heavy weighty; do
    case $(cat "$work/out.$bundle") in
      started) ;;
      *"the unpacking process was killed"*NIXPACK_CACHE_UNWRITABLE*) killed=$((killed + 1)) ;;
      *) wrong="$wrong $i:$(cat "$work/out.$bundle")" ;;
    esac
    [ "$("$work/$bundle" 2>&1)" = started ] || wrong="$wrong $i:$bundle"
  done
  cmp -s "$work/cache/store/$hash_a-big" "$work/big" || wrong="$wrong half:$i"
done 2>/dev/null
equal "a killed worker is named, and does not harm the next start" "$wrong" ""
echo "# $killed of 40 workers were killed"
check "some workers were killed" test "$killed" -gt 0
finish
