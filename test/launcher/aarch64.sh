# The launcher built for aarch64, run by qemu-user. What has to execute further programs runs where the kernel knows
# qemu-user, in a namespace of its own.
. "$(dirname "$0")/lib.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
cross=$root/build/cross/aarch64-linux
if [ "$(uname -m)" = aarch64 ]; then
  skip "the launcher for aarch64" "this machine is one: every other test was it"
  finish
  exit
fi
if [ ! -f "$cross/complete" ] || ! command -v aarch64-linux-gnu-gcc qemu-aarch64-static >/dev/null; then
  skip "the launcher for aarch64" "no cross compiler: run .ci/setup cross && .ci/cross aarch64-linux"
  finish
  exit
fi
arm() { qemu-aarch64-static "$@"; }
arm_gcc() { aarch64-linux-gnu-gcc -specs="$cross/musl.specs" -static -O1 -D_GNU_SOURCE -I"$root/runtime/launcher" "$@"; }

check "it builds" make -s -j2 -C "$root/runtime/launcher" CROSS="$cross" OUT="$work/arm"
mkdir "$work/copy"
cp "$root"/runtime/launcher/*.[ch] "$root/runtime/launcher/Makefile" "$work/copy"
ln -s "$cross" "$work/aarch64-linux"
check "it builds in another place" make -s -j2 -C "$work/copy" CROSS="$work/aarch64-linux" OUT="$work/again"
check "to the same bytes" cmp "$work/arm/launcher" "$work/again/launcher"
equal "it is a program for aarch64" "$(od -An -tu2 -j18 -N2 "$work/arm/launcher" | tr -d ' ')" 183

check "the SHA-256 test program builds" arm_gcc -o "$work/sha256-file" "$root/test/launcher/sha256-file.c" "$root"/runtime/launcher/sha256*.c
for size in 0 55 56 64 119 120 5000001; do
  head -c "$size" /dev/urandom >"$work/data"
  expected=$(sha256sum <"$work/data" | cut -d' ' -f1)
  for cpu in max cortex-a53; do
    equal "SHA-256 of $size bytes on $cpu, portable code and SHA2 instructions" "$(arm -cpu $cpu "$work/sha256-file" "$work/data")" "$expected"
  done
done

cat >"$work/hello.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
int main(int argc, char **argv) {
  struct utsname host;
  uname(&host);
  printf("%s %s\n", host.machine, argc > 1 ? argv[1] : "");
  return argc > 2 ? atoi(argv[2]) : 0;
}
END
arm_gcc -o "$work/hello-program" "$work/hello.c"
head -c 3000000 /dev/urandom >"$work/data"
bundle "$work/hello" "$work/arm/launcher" <<END
name|hello
entry|$hash_b-hello
program|bin/hello
path|$hash_a-data
file|$hash_a-data|444|$work/data
path|$hash_b-hello
dir|$hash_b-hello
dir|$hash_b-hello/bin
file|$hash_b-hello/bin/hello|555|$work/hello-program
link|$hash_b-hello/data|/nix/store/$hash_a-data
END
equal "--nixpack-list" "$(arm "$work/hello" --nixpack-list)" "/nix/store/$hash_a-data
/nix/store/$hash_b-hello"
contains "--nixpack-version" "$(arm "$work/hello" --nixpack-version)" "hello "
contains "--nixpack-verify" "$(arm "$work/hello" --nixpack-verify)" "intact"
check "--nixpack-extract" arm "$work/hello" --nixpack-extract "$work/extracted"
check "writes what was bundled" cmp "$work/extracted/nix/store/$hash_b-hello/bin/hello" "$work/hello-program"
cp "$work/hello" "$work/damaged"
printf 'damaged here' | dd of="$work/damaged" bs=1 seek=$(($(stat -c %s "$work/arm/launcher") + 1000)) conv=notrunc 2>/dev/null
contains "a damaged frame is named" "$(arm "$work/damaged" --nixpack-verify 2>&1)" "[NIXPACK_PAYLOAD_CORRUPT]"

bundle "$work/mixed" "$work/arm/launcher" <<END
machine|62
path|$hash_a-x
text|$hash_a-x|555|x
END
contains "programs for x86_64 behind a launcher for aarch64 are named" "$(arm "$work/mixed" 2>&1)" \
  "its programs are for x86_64, its launcher is for aarch64  [NIXPACK_PAYLOAD_VERSION]"
bundle "$work/mixed" <<END
machine|183
path|$hash_a-x
text|$hash_a-x|555|x
END
contains "and the other way round" "$("$work/mixed" 2>&1)" "its programs are for aarch64, its launcher is for x86_64  [NIXPACK_PAYLOAD_VERSION]"

fresh_cache
output=$(arm "$work/hello" 2>&1)
case $output in
  "aarch64 ") skip "a kernel that knows no emulator" "qemu-user is registered on this machine" ;;
  *) contains "where the kernel knows no emulator, that is said" "$output" "this kernel executes no programs for aarch64: the emulator" ;;
esac

kernel=$root/test/helpers/aarch64-kernel
if ! reason=$("$kernel" 2>&1); then
  skip "starting programs for aarch64" "$reason"
  finish
  exit
fi
# Not userns: qemu-user always has a second thread, and unshare(CLONE_NEWUSER) wants a process with one.
for engine in mount relocate nix-dir; do
  fresh_cache
  output=$(NIXPACK_ENGINE=$engine "$kernel" sh -c 'mount -t tmpfs none /nix && "$@" && "$@"' sh "$work/hello" "$engine" 2>&1)
  equal "a plain bundle starts with the engine $engine, packed and unpacked" "$output" "aarch64 $engine
aarch64 $engine"
done
"$kernel" "$work/hello" x 42 >/dev/null
equal "its status is the program's" $? 42

arm_gcc -o "$work/supervisor" "$root/test/launcher/supervisor.c"
machine=aarch64 loader_version=1 supervisor=$work/supervisor composed "$work/group" "$work/arm/launcher"
"$kernel" "$work/group" status 7 >"$work/output" 2>&1
equal "a composed bundle starts its supervisor, whose status it has" $? 7
finish
