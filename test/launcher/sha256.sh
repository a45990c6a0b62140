. "$(dirname "$0")/lib.sh"
for size in 0 3 55 56 63 64 65 119 120 128 100000 5000001; do
  head -c "$size" /dev/urandom >"$work/data"
  equal "SHA-256 of $size bytes is the one of sha256sum" "$("$BUILD/sha256-file" "$work/data")" "$(sha256sum <"$work/data" | cut -d' ' -f1)"
done
finish
