. "$(dirname "$0")/lib.sh"
script "$work/good" <<'END'
#!/bin/sh
cat "/nix/store/11111111111111111111111111111111-data/data" && echo started
END
head -c 3000 /dev/urandom | base64 -w 0 >"$work/data"
bundle "$work/hello" <<END
name|hello
program|bin/hello
path|$hash_a-hello
dir|$hash_a-hello
dir|$hash_a-hello/bin
file|$hash_a-hello/bin/hello|555|$work/good
path|$hash_b-data
dir|$hash_b-data
file|$hash_b-data/data|444|$work/data
frame
dir|$hash_b-data
text|$hash_b-data/other|444|in a second frame
END
expected=$(cat "$work/data")started
equal "the bundle works undamaged, with a path in two frames" "$("$work/hello")" "$expected"
launcher=$(stat -c %s "$BUILD/launcher")
size=$(stat -c %s "$work/hello")

# verdict: what the damaged copy does with an empty cache: works, named (status 125 and the code), or WRONG
verdict() {
  NIXPACK_CACHE_DIR=$work/damaged-cache "$work/damaged" >"$work/out" 2>"$work/err"
  status=$?
  rm -rf "$work/damaged-cache"
  if [ $status -eq 0 ] && [ "$(cat "$work/out")" = "$expected" ]; then echo works
  elif [ $status -eq 125 ] && [ ! -s "$work/out" ] && grep -q 'NIXPACK_\(PAYLOAD_CORRUPT\|PAYLOAD_VERSION\|USAGE_INVALID\)\]$' "$work/err"; then echo named
  else echo "WRONG at $1: status $status $(head -c 300 "$work/err")"; fi
}

: >"$work/verdicts"
for i in $(seq 1 200); do
  cut_at=$((launcher + (size - launcher) * (i - 1) / 200))
  head -c "$cut_at" "$work/hello" >"$work/damaged"
  chmod 755 "$work/damaged"
  verdict "$cut_at" >>"$work/verdicts"
done
equal "a bundle cut behind the launcher at any of 200 lengths names the damage" "$(sort "$work/verdicts" | uniq -c | tr -s ' ')" " 200 named"

cat >"$work/flip.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
  FILE *file = argc == 3 ? fopen(argv[1], "r+b") : NULL;
  if (file == NULL || fseek(file, atol(argv[2]), SEEK_SET) != 0) return 1;
  int byte = fgetc(file);
  fseek(file, atol(argv[2]), SEEK_SET);
  fputc(byte ^ (1 << atol(argv[2]) % 8), file);
  return fclose(file);
}
END
gcc -o "$work/flip" "$work/flip.c"
: >"$work/verdicts"
cp "$work/hello" "$work/damaged"
for i in $(seq 0 499); do
  at=$((launcher + (size - launcher) * i / 500))
  "$work/flip" "$work/damaged" $at
  verdict "$at" >>"$work/verdicts"
  "$work/flip" "$work/damaged" $at
done
equal "a bundle with any of 500 bytes behind the launcher changed names the damage" "$(sort "$work/verdicts" | uniq -c | tr -s ' ')" " 500 named"

cp "$work/hello" "$work/damaged"
"$work/flip" "$work/damaged" $((launcher + 20))
output=$("$work/damaged" --nixpack-verify 2>&1)
contains "--nixpack-verify names the damaged frame" "$output" "cannot unpack \"$hash_a-hello\" from \"$work/damaged\": the frame does not match its SHA-256  [NIXPACK_PAYLOAD_CORRUPT]"
equal "a start with everything in the cache does not read the frames" "$("$work/damaged")" "$expected"
cp "$work/hello" "$work/longer"
echo trailing >>"$work/longer"
chmod 755 "$work/longer"
"$work/longer" 2>/dev/null
equal "a bundle with something behind its end is refused" $? 125
bundle "$work/foreign" <<END
machine|8
path|$hash_a-x
text|$hash_a-x|555|x
END
contains "a bundle for another processor is refused" "$("$work/foreign" 2>&1)" "NIXPACK_PAYLOAD_VERSION"
for version in 1 3; do
  bundle "$work/other" <<END
version|$version
path|$hash_a-x
text|$hash_a-x|555|x
END
  contains "a bundle of format $version is refused" "$("$work/other" 2>&1)" "its format version is $version, this launcher reads 2  [NIXPACK_PAYLOAD_VERSION]"
done
rm -f "$work"/longer "$work"/damaged
finish
