. "$(dirname "$0")/lib.sh"
mkdir -p "$work/tree/bin" "$work/tree/share/a long directory name"
printf '#!/bin/sh\necho started\n' >"$work/tree/bin/hello"
chmod 755 "$work/tree/bin/hello"
head -c 300000 /dev/urandom >"$work/tree/share/a long directory name/$(printf 'n%.0s' $(seq 200))"
ln -s ../share/nothing "$work/tree/bin/link"
ln -s "$(printf 't%.0s' $(seq 150))" "$work/tree/bin/long-link"
bundle "$work/hello" <<END
name|hello
entry|$hash_b-hello
program|bin/hello
path|$hash_a-leaf
text|$hash_a-leaf|444|leaf
path|$hash_b-hello
tree|$work/tree
END
contains "--nixpack-help explains itself" "$("$work/hello" --nixpack-help)" "--nixpack-extract [DIR]"
equal "--nixpack-list prints the store paths" "$("$work/hello" --nixpack-list)" "/nix/store/$hash_a-leaf
/nix/store/$hash_b-hello"
contains "--nixpack-version prints the identity" "$("$work/hello" --nixpack-version)" "hello "
check "none of them needs the cache" test ! -e "$work/cache"
equal "--nixpack-verify is content with an intact file" "$("$work/hello" --nixpack-verify)" "hello: footer, index and 2 frames of 2 store paths are intact
hello: nothing of it is unpacked"
output=$("$work/hello" --nixpack-nonsense 2>&1)
equal "an unknown option of ours is status 125" $? 125
contains "and is named" "$output" 'cannot use option "--nixpack-nonsense": it is not known  [NIXPACK_USAGE_INVALID]'
output=$("$work/hello" "--nixpack-$(printf '\033[31m')" 2>&1)
contains "control characters are printed escaped" "$output" '--nixpack-\x1b[31m'

cd "$work" || exit
equal "--nixpack-extract prints where it wrote to" "$("$work/hello" --nixpack-extract)" "hello.extracted"
check "what it wrote is the tree that was bundled" diff -r --no-dereference "$work/tree" "$work/hello.extracted/nix/store/$hash_b-hello"
equal "a store path may be a file" "$(cat "$work/hello.extracted/nix/store/$hash_a-leaf")" leaf
output=$("$work/hello" --nixpack-extract "$work/hello.extracted" 2>&1)
equal "a directory with something in it is refused" $? 125
contains "and named" "$output" "\"$work/hello.extracted\": Directory not empty  [NIXPACK_OUTPUT_UNWRITABLE]"
mkdir "$work/empty"
check "an empty directory is taken" "$work/hello" --nixpack-extract "$work/empty/"
touch "$work/file"
"$work/hello" --nixpack-extract "$work/file" 2>/dev/null
equal "a file is refused" $? 125
"$work/hello" --nixpack-extract "$work/no/such/parent" 2>/dev/null
equal "a missing parent is refused" $? 125
equal "nothing temporary is left" "$(find "$work" -maxdepth 1 -name '*.tmp')" ""
rm -rf "$work/empty"
check "what was extracted can be removed by its owner" test ! -e "$work/empty"
"$work/hello" --nixpack-list >/dev/full 2>/dev/null
equal "a full disk behind standard output is a failure" $? 125

output=$("$BUILD/launcher" 2>&1)
equal "the bare launcher is status 125" $? 125
contains "and says what it is" "$output" "this is the bare launcher of nixpack"
equal "the launcher needs no interpreter" "$(readelf -lW "$BUILD/launcher" | grep -c INTERP)" 0
check "and is smaller than 500 kB" test "$(stat -c %s "$BUILD/launcher")" -lt 500000
finish
