# What the tests of --nixpack-doctor share: bundles, a private view of the directories that are tried, and parts of a report.
. "$(dirname "$0")/lib.sh"
in_own_mounts
unset NIXPACK_CACHE_DIR XDG_CACHE_HOME XDG_RUNTIME_DIR
mount -t tmpfs -o mode=1777 none /var/tmp
mount -t tmpfs -o mode=1777 none /dev/shm
mount -t tmpfs -o mode=0755 none /var/cache
mkdir "$work/home" "$work/mnt"
mkdir -m 0777 "$work/open"
script "$work/program" <<'END_OF_PROGRAM'
#!/bin/sh
echo started
END_OF_PROGRAM
plain "$work/hello" "$work/program"

# one_line: a report without its line breaks
one_line() { tr '\n' ' ' | tr -s ' '; }
# engine NAME: what a report on standard input says about it
engine() { sed -n '/^Engines/,/^Relocation/p' | awk -v name="$1" '/^  (ok|no)  /{on=($2==name)} /^  The/{on=0} on' | one_line; }
# directory PATH
directory() { sed -n '/^Cache/,/^Engines/p' | awk -v name="$1" '/^  (ok|no)  /{on=($2==name)} /^$/{on=0} on' | one_line; }
start() { sed -n '/^Start/,$p' | one_line; }
# doctor [COMMAND...]: the report of hello, through a command
doctor() { env -i "HOME=$work/home" "$@" "$work/hello" --nixpack-doctor; }
nobody_doctor() { as_nobody env -i "$@" "$work/hello" --nixpack-doctor; }
# agrees TITLE COMMAND...: what the doctor says about a start is what happens then
agrees() {
  title=$1
  shift
  "$@" "$work/hello" --nixpack-doctor >"$work/report" 2>&1
  said=$?
  "$@" "$work/hello" >"$work/out" 2>&1
  equal "$title: a start does what the doctor says" "$? $(cat "$work/report" | start | cut -c1-20)" "$said $(if [ $said -eq 0 ]; then echo " Start ok A start wou"; else echo " Start no A start wou"; fi | cut -c2-)"
}
