# What the tests of hostile archives share. Sourced after lib.sh.
p=$hash_a-evil
# The launcher's threads share one processor, so that frames are unpacked in the order of their size.
cpu=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')

# remains: what a refused archive has left in the cache or beside the target of an extraction
remains() {
  find "$work"/cache/{store,tmp,durable,pending,trees,[0-9]} -mindepth 1 2>/dev/null
  find "$work" -maxdepth 1 \( -name 'extracted*' -o -name escaped \)
}

# refused TITLE REASON [NAME]: the archive on standard input (entries of the path $p) is refused with REASON, about NAME (the
# path, unless given), by the launcher and by its sanitized build, no control character is printed, and nothing is left.
refused() {
  fresh_cache
  { printf 'name|evil\npath|%s\n' "$p"; cat; } >"$work/entries"
  bundle "$work/evil" <"$work/entries"
  output=$(taskset -c "$cpu" "$work/evil" 2>&1)
  status=$?
  bundle "$work/evil-sanitized" "$BUILD/launcher-sanitized" <"$work/entries"
  sanitized=$(ASAN_OPTIONS=detect_leaks=0 taskset -c "$cpu" "$work/evil-sanitized" --nixpack-extract "$work/extracted" 2>&1)
  case $status-$?-$output-$sanitized in
    125-125-*"\"${3-$p}"*"$2  [NIXPACK_UNPACK_REFUSED]"*"\"${3-$p}"*"$2  [NIXPACK_UNPACK_REFUSED]"*) ;;
    125-125-*"\"${3-$p}"*"$2  [NIXPACK_PAYLOAD_CORRUPT]"*"\"${3-$p}"*"$2  [NIXPACK_PAYLOAD_CORRUPT]"*) ;;
    *)
      report 1 "$1"
      printf '%s\n' "$status: $output" "$sanitized" "expected: ${3-$p}: $2" | sed 's/^/# /' | head -30
      return
      ;;
  esac
  equal "$1" "$(remains)$(printf %s "$output$sanitized" | tr -d '\n' | LC_ALL=C tr -dc '\000-\037\177')" ''
}
