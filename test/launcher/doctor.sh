. "$(dirname "$0")/doctor-lib.sh"
composed "$work/group"

# A host on which all is well, and which stays as it is.
listing() { find "$work/home" "$work/open" /var/tmp /dev/shm /nix /tmp/nixpack-0 /tmp/nixpack-65534 /var/cache -xdev -printf '%p %m %u %s %C@\n' 2>/dev/null; }
before=$(listing)
doctor >"$work/report"
equal "on a host where all is well the status is 0" $? 0
(as_nobody env -i "HOME=$work/open" XDG_CACHE_HOME="$work/open/a/b" "$work/hello" --nixpack-doctor && doctor NIXPACK_CACHE_DIR="$work/home/x/y" &&
  doctor NIXPACK_CACHE_DIR="$work/home/x/../y") >/dev/null
equal "the doctor changes nothing on this host" "$(listing | sed 's/ [^ ]*$//')" "$(printf '%s\n' "$before" | sed 's/ [^ ]*$//')"
contains "it names the engine and the directory" "$(start <"$work/report")" "ok A start would use the engine mount and the cache directory $work/home/.cache/nixpack. It would unpack 1 store path, about 3.0 KiB."
contains "it names the bundle" "$(cat "$work/report")" "hello: plain bundle of 1 store path"
contains "its identity is the one of --nixpack-version" "$("$work/hello" --nixpack-version)" "$(sed -n 's/^  identity *//p' "$work/report")"
contains "relocation is possible" "$(cat "$work/report")" "Every reference between the store paths of this bundle can be rewritten."
env -i HOME="$work/home" "$work/hello" >/dev/null
contains "after a start all is unpacked" "$(doctor | start)" "Everything is unpacked already."
contains "which is said of the directory, too" "$(doctor | directory "$work/home/.cache/nixpack")" "unpacked: 1 of 1 store path"
env -i NIXPACK_CACHE_DIR="$work/c" NIXPACK_ENGINE=relocate "$work/hello" >/dev/null
contains "of relocated paths, too" "$(doctor NIXPACK_CACHE_DIR="$work/c" | directory "$work/c")" "unpacked: 0 of 1 store path; "
contains "which are counted apart" "$(doctor NIXPACK_CACHE_DIR="$work/c" | directory "$work/c")" "unpacked for the engine relocate: 1 of 1 store path"
contains "the engine that is asked for is the one that is named" "$(doctor NIXPACK_ENGINE=userns | start)" "would use the engine userns"
contains "engine relocate uses its own tree" "$(doctor NIXPACK_ENGINE=relocate NIXPACK_CACHE_DIR="$work/c" | start)" "the engine relocate and the cache directory $work/c. Everything is unpacked"
contains "engine nix-dir needs no cache directory" "$(doctor NIXPACK_ENGINE=nix-dir | start)" "ok A start would use the engine nix-dir."
doctor NIXPACK_ENGINE=magic >"$work/report"
equal "an engine that is not known is status 125" "$? $(start <"$work/report")" '125 Start no A start would fail: NIXPACK_ENGINE names an engine that is not known, "magic". '
nobody_doctor NIXPACK_ENGINE=mount >"$work/report"
equal "an engine that is asked for and cannot be used is status 125" "$? $(start <"$work/report")" '125 Start no A start would fail: the engine that NIXPACK_ENGINE names, mount, cannot be used. '

# The doctor makes what it tries, and takes it away: under the hands of a start, too.
wrong=
for i in $(seq 40); do
  rm -rf "$work/race"
  env -i NIXPACK_CACHE_DIR="$work/race/with/parents" "$work/hello" --nixpack-doctor >/dev/null &
  env -i NIXPACK_CACHE_DIR="$work/race/with/parents" "$work/hello" --nixpack-doctor >/dev/null &
  [ "$(env -i NIXPACK_CACHE_DIR="$work/race/with/parents" "$work/hello" 2>&1)" = started ] || wrong="$wrong $i"
  wait
done
equal "a doctor does not disturb a first start at the same time" "$wrong" ""

# Spellings.
equal "a composed bundle knows the command doctor" "$(env -i HOME="$work/home" "$work/group" doctor | head -1)" "group: composed bundle of 2 store paths, $(env -i HOME="$work/home" "$work/group" doctor | head -1 | sed 's/.*paths, //')"
equal "and the option" "$(env -i HOME="$work/home" "$work/group" --nixpack-doctor | head -1)" "$(env -i HOME="$work/home" "$work/group" doctor | head -1)"
equal "to a plain bundle doctor is an argument of the program" "$(env -i HOME="$work/home" "$work/hello" doctor)" started
contains "an argument it does not know is refused" "$("$work/hello" --nixpack-doctor --yaml 2>&1)" 'cannot use option "--nixpack-doctor": it takes no such arguments  [NIXPACK_USAGE_INVALID]'
contains "--nixpack-help lists it" "$("$work/hello" --nixpack-help)" "--nixpack-doctor [--json]"

# Cache directories.
contains "HOME that is not set" "$(env -i "$work/hello" --nixpack-doctor | directory '$HOME/.cache/nixpack')" "no \$HOME/.cache/nixpack (HOME) HOME is not set"
contains "HOME that is empty" "$(doctor HOME= | directory '$HOME/.cache/nixpack')" "HOME is empty"
contains "HOME that is relative is ignored" "$(doctor HOME=some/where | directory some/where/.cache/nixpack)" "HOME is a relative path and therefore ignored try: HOME=/some/dir $work/hello"
contains "XDG_CACHE_HOME that is relative is ignored" "$(doctor XDG_CACHE_HOME=cache | directory cache/nixpack)" "XDG_CACHE_HOME is a relative path and therefore ignored"
contains "XDG_RUNTIME_DIR that is relative is ignored" "$(doctor XDG_RUNTIME_DIR=run | directory run/nixpack)" "XDG_RUNTIME_DIR is a relative path and therefore ignored"
(cd "$work/open" && as_nobody env -i XDG_CACHE_HOME=cache HOME=home "$work/hello") >"$work/out" 2>&1
equal "and nothing is created there" "$(cat "$work/out") $(ls -A "$work/open")" "started "
contains "HOME that does not exist" "$(doctor HOME=/no/such/home | directory /no/such/home/.cache/nixpack)" "stat: No such file or directory the directory for it does not exist try: NIXPACK_CACHE_DIR=/some/dir $work/hello"
contains "HOME that is a file" "$(doctor HOME="$work/hello" | directory "$work/hello/.cache/nixpack")" "stat: Not a directory something in its path is no directory"
contains "HOME that may not be written to" "$(nobody_doctor HOME=/usr | directory /usr/.cache/nixpack)" "mkdir: Permission denied uid 65534 may not write to /usr try: NIXPACK_CACHE_DIR=/some/dir"
mkdir "$work/alice" && chown 1000 "$work/alice"
contains "HOME of another user, for root" "$(doctor HOME="$work/alice" | directory "$work/alice/.cache/nixpack")" "its parent directory belongs to another user (uid 1000)"
rm -rf /var/tmp/nixpack-65534
mkdir -m 0700 /var/tmp/nixpack-65534
contains "another user's directory under the predictable name" "$(nobody_doctor | directory /var/tmp/nixpack-65534)" "it belongs to another user (uid 0, this is uid 65534)"
rmdir /var/tmp/nixpack-65534
ln -s "$work/open" /var/tmp/nixpack-65534
contains "a symbolic link under the predictable name" "$(nobody_doctor | directory /var/tmp/nixpack-65534)" "it is a symbolic link"
rm /var/tmp/nixpack-65534
mkdir -m 0777 "$work/wide dir"
contains "a directory that others can write to" "$(doctor NIXPACK_CACHE_DIR="$work/wide dir" | one_line)" "other users can write to it (mode 0777) try: chmod go-w '$work/wide dir'"
mkdir -p "$work/used/letters"
contains "a directory that holds something else" "$(doctor NIXPACK_CACHE_DIR="$work/used" | directory "$work/used")" "it holds something else than a cache try: NIXPACK_CACHE_DIR=$work/used/nixpack $work/hello"
ln -s "$work/home" "$work/link"
contains "a chosen directory that is a symbolic link" "$(doctor NIXPACK_CACHE_DIR="$work/link" | directory "$work/link")" "it is a symbolic link try: NIXPACK_CACHE_DIR=$work/home $work/hello"
doctor NIXPACK_CACHE_DIR="$work/link" >"$work/report"
equal "a chosen directory that cannot be used is status 125" "$? $(start <"$work/report")" "125 Start no A start would fail: the cache directory that NIXPACK_CACHE_DIR names cannot be used. "
contains "a relative directory that is chosen is completed" "$(cd "$work/open" && doctor NIXPACK_CACHE_DIR=here | directory "$work/open/here")" "ok $work/open/here (NIXPACK_CACHE_DIR)"
contains "a path beyond the system's limit" "$(doctor HOME="/$(printf '%05000d' 0)" | one_line)" "open: Filename too long"
long=$work/home/$(printf '%060d' 0)
contains "a path too long for relocation" "$(doctor NIXPACK_CACHE_DIR="$long" | directory "$long")" "not for the engine relocate: its path is too long"
contains "which is engine relocate's problem, too" "$(doctor NIXPACK_CACHE_DIR="$long" | engine relocate)" "there is no usable cache directory with a path that is short and plain enough"
contains "a path with characters that scripts misread" "$(doctor NIXPACK_CACHE_DIR="$work/with space" | one_line)" "not for the engine relocate: its path holds characters that scripts would misread"

mount -t tmpfs -o noexec none "$work/mnt"
contains "a noexec directory" "$(doctor HOME="$work/mnt" | directory "$work/mnt/.cache/nixpack")" "execve(\"probe\"): Permission denied $work/mnt is mounted noexec try: NIXPACK_CACHE_DIR=/some/dir $work/hello try: "
equal "nothing is left in it" "$(ls -A "$work/mnt")" ""
agrees "noexec" env -i NIXPACK_CACHE_DIR="$work/mnt/c"
umount "$work/mnt"
mount -t tmpfs none "$work/mnt"
NIXPACK_CACHE_DIR=$work/mnt/full NIXPACK_ENGINE=userns "$work/hello" >/dev/null && NIXPACK_CACHE_DIR=$work/mnt/full NIXPACK_ENGINE=relocate "$work/hello" >/dev/null
await 10 test -s "$work/mnt/full/durable/$hash_a-hello" && await 10 test -s "$work/mnt/full/trees/0.durable/$hash_a-hello"
mkdir -m 0700 "$work/mnt/empty"
mount -o remount,ro "$work/mnt"
contains "a read-only directory that holds nothing" "$(doctor NIXPACK_CACHE_DIR="$work/mnt/empty" | directory "$work/mnt/empty")" "faccessat(W_OK): Read-only file system it cannot be written to, and 1 of 1 store paths are missing in it try: NIXPACK_CACHE_DIR=/some/dir"
contains "a read-only directory that is not there" "$(doctor NIXPACK_CACHE_DIR="$work/mnt/none" | directory "$work/mnt/none")" "mkdir: Read-only file system $work/mnt is mounted read-only"
agrees "read-only and empty" env -i NIXPACK_CACHE_DIR="$work/mnt/empty"
for engine in mount userns relocate; do
  contains "a read-only directory that holds all, engine $engine" "$(doctor NIXPACK_CACHE_DIR="$work/mnt/full" NIXPACK_ENGINE=$engine | start)" "the engine $engine and the cache directory $work/mnt/full. Everything is unpacked already."
  agrees "read-only and complete, engine $engine" env -i NIXPACK_CACHE_DIR="$work/mnt/full" NIXPACK_ENGINE=$engine
done
mount -o remount,ro,noexec "$work/mnt"
contains "one in which nothing can be executed" "$(doctor NIXPACK_CACHE_DIR="$work/mnt/full" | directory "$work/mnt/full")" "execve(\"probe\"): Permission denied $work/mnt is mounted noexec"
umount "$work/mnt"

# Room. A bundle of 3 MiB.
head -c 3000000 /dev/urandom >"$work/noise"
bundle "$work/large" <<END_OF_SCRIPT
name|large
program|bin/hello
path|$hash_a-hello
dir|$hash_a-hello
dir|$hash_a-hello/bin
file|$hash_a-hello/bin/hello|555|$work/program
path|$hash_b-noise
file|$hash_b-noise|444|$work/noise
END_OF_SCRIPT
mount -t tmpfs -o size=2m none "$work/mnt"
large() { env -i "$@" "$work/large" --nixpack-doctor; }
contains "too little room is passed over with figures" "$(large HOME="$work/mnt" | directory "$work/mnt/.cache/nixpack")" "statvfs: No space left on device 4.0 MiB are needed for 2 store paths, 2.0 MiB are free"
equal "a start moves on" "$(env -i HOME="$work/mnt" XDG_RUNTIME_DIR="$work/open" "$work/large")" started
contains "to the next directory" "$(large HOME="$work/mnt" | directory /var/cache/nixpack)" "unpacked: 2 of 2 store paths"
umount "$work/mnt"
mount -t tmpfs -o size=0 none "$work/mnt"
equal "a file system without a limit has room" "$(large NIXPACK_CACHE_DIR="$work/mnt/c" | directory "$work/mnt/c")" " ok $work/mnt/c (NIXPACK_CACHE_DIR) unpacked: 0 of 2 store paths "
umount "$work/mnt"
mount -t tmpfs -o nr_inodes=16 none "$work/mnt"
contains "no room for more files" "$(large HOME="$work/mnt" | directory "$work/mnt/.cache/nixpack")" "statvfs: No space left on device the file system has no room for more files (inodes)"
umount "$work/mnt"
mount -t tmpfs -o nr_inodes=1 none "$work/mnt"
contains "no room for a directory" "$(large HOME="$work/mnt" | directory "$work/mnt/.cache/nixpack")" "mkdir: No space left on device the file system is full try: NIXPACK_CACHE_DIR=/some/dir $work/large try: df -h $work/mnt"
umount "$work/mnt"
python3 - "$work" <<'END_OF_PYTHON' && landlock=yes || landlock=
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(444, None, 0, 1) < 1: sys.exit(1)
END_OF_PYTHON
if [ "$landlock" ]; then
  contains "a policy that forbids to execute" "$(env -i HOME="$work/home" python3 -c '
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
rules = libc.syscall(444, struct.pack("Q", 1), 8, 0)
for path in ("/usr", "/bin", "/lib", "/lib64", sys.argv[1]):
  libc.syscall(445, rules, 1, struct.pack("=Qi", 1, os.open(path, os.O_PATH)), 0)
libc.prctl(38, 1, 0, 0, 0)
assert libc.syscall(446, rules, 0) == 0
os.execv(sys.argv[1], [sys.argv[1], "--nixpack-doctor"])' "$work/hello" | directory "$work/home/.cache/nixpack")" \
    "execve(\"probe\"): Permission denied not mounted noexec: forbidden by a security policy"
else
  skip "a policy that forbids to execute" "this kernel has no Landlock"
fi
contains "no processes to be had" "$(ulimit -u 1; setpriv --reuid=61234 --clear-groups env -i HOME="$work/open" "$work/hello" --nixpack-doctor 2>&1 | directory "$work/open/.cache/nixpack")" "fork: Resource temporarily unavailable a limit of processes or memory try: ulimit -a"
finish
