# What the tests of the spawner share. Sourced behind lib.sh.
shim=$BUILD/launcher
peer=$BUILD/spawner-peer
# gone PID: ended, whether or not its new parent has noticed
gone() { ! grep -qs '^State:.[^Z]' "/proc/$1/status"; }
# drive: the script on standard input, without the numbers that differ from run to run
drive() { "$BUILD/spawner-driver" "$shim" | sed -E 's/pid=[0-9]+/pid=N/; s/process [0-9]+/process N/; s/ core=0 utime-us=[0-9]+ stime-us=[0-9]+ maxrss-kb=[0-9]+//'; }
# one FIELDS...: one child, with FIFOs, what it says and how it ends
one() {
  { printf 'spawn|a|stdout=fifo|stderr=fifo|fifo-dir=%s/fifo' "$work"; printf '|%s' "$@"; printf '\nwait exited a\nclose\n'; } | drive | grep -v -e '^piped a$' -e '^spawner exit 0$'
}
# sh SCRIPT FIELDS...: one shell
sh() { one "${@:2}" arg=/bin/sh arg=-c "arg=$1"; }
