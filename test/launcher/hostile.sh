. "$(dirname "$0")/lib.sh"
# refused TITLE REASON: the archive on standard input (entries of the path $p) is refused with REASON by the launcher and by
# its sanitized build, and nothing is published.
p=$hash_a-evil
refused() {
  fresh_cache
  { printf 'name|evil\npath|%s\n' "$p"; cat; } >"$work/entries"
  bundle "$work/evil" <"$work/entries"
  output=$("$work/evil" 2>&1)
  status=$?
  bundle "$work/evil-sanitized" "$BUILD/launcher-sanitized" <"$work/entries"
  sanitized=$(ASAN_OPTIONS=detect_leaks=0 "$work/evil-sanitized" --nixpack-extract "$work/extracted" 2>&1)
  case $status-$?-$output-$sanitized in
    125-125-*"$2  [NIXPACK_UNPACK_REFUSED]"*"$2  [NIXPACK_UNPACK_REFUSED]"*) ;;
    125-125-*"$2  [NIXPACK_PAYLOAD_CORRUPT]"*"$2  [NIXPACK_PAYLOAD_CORRUPT]"*) ;;
    *)
      report 1 "$1"
      printf '%s\n' "$status: $output" "$sanitized" "expected: $2" | sed 's/^/# /' | head -30
      return
      ;;
  esac
  if [ -e "$work/cache/store/$p" ] || [ -e "$work/extracted" ] || [ -e "$work/escaped" ]; then report 1 "$1 (published)"; else report 0 "$1"; fi
}

refused "a .. in a name" "it lies outside of its store path" <<END
dir|$p
text|$p/../../../escaped|444|x
END
refused "an absolute name" "it lies outside of its store path" <<END
text|$work/escaped|444|x
END
refused "a name of another store path" "it lies outside of its store path" <<END
dir|$p
text|$hash_b-victim|444|x
END
refused "a name that only begins like the store path" "it lies outside of its store path" <<END
text|$p-more|444|x
END
refused "an empty part in a name" "it lies outside of its store path" <<END
dir|$p
text|$p//x|444|x
END
refused "a dot in a name" "it lies outside of its store path" <<END
dir|$p
text|$p/./x|444|x
END
refused "a .. in a pax name" "it lies outside of its store path" <<END
dir|$p
pax|path|$p/../escaped
text|harmless|444|x
END
refused "writing through a symlink" "its parent is not a directory" <<END
dir|$p
link|$p/out|$work
text|$p/out/escaped|444|x
END
refused "writing through a symlink that is the store path" "its parent is not a directory" <<END
link|$p|$work
text|$p/escaped|444|x
END
refused "a file over a symlink" "the name occurs twice" <<END
dir|$p
link|$p/x|$work/escaped
text|$p/x|444|x
END
refused "a file twice" "the name occurs twice" <<END
dir|$p
text|$p/x|444|x
text|$p/x|555|y
END
refused "a directory twice" "the name occurs twice" <<END
dir|$p
dir|$p/x
dir|$p/x
END
refused "a file in the place of a directory, from a second frame" "the name occurs twice" <<END
dir|$p
text|$p/x|444|x
frame
dir|$p
dir|$p/x
END
refused "a file that two frames hold" "the name occurs twice" <<END
dir|$p
text|$p/x|444|x
frame
dir|$p
text|$p/x|444|y
END
refused "a hard link" "it is no directory, regular file or symlink" <<END
dir|$p
raw|1|$p/x|/etc/passwd|0|444
END
refused "a device" "it is no directory, regular file or symlink" <<END
dir|$p
raw|3|$p/x||0|444
END
refused "a fifo" "it is no directory, regular file or symlink" <<END
dir|$p
raw|6|$p/x||0|444
END
refused "a GNU long name" "it is no directory, regular file or symlink" <<END
raw|L|x||0|444
END
refused "a setuid file" "its mode is neither 0444 nor 0555" <<END
raw|0|$p||0|4555
END
refused "a writable file" "its mode is neither 0444 nor 0555" <<END
raw|0|$p||0|644
END
refused "a writable directory" "its mode is not 0555" <<END
raw|5|$p||0|777
END
refused "a directory with content" "an entry without content claims a size" <<END
raw|5|$p||512|555
zeros|512
END
refused "a missing parent directory" "its parent directory is missing" <<END
dir|$p
text|$p/a/b|444|x
END
refused "an archive without its store path" "the archive does not hold it" <<END
end
END
refused "a file larger than the index says" "it is larger than the index says" <<END
dir|$p
text|$p/x|444|more than three bytes
claim-unpacked|3
END
refused "files smaller than the index says" "its files are not as large as the index says" <<END
dir|$p
text|$p/x|444|less
claim-unpacked|5
END
refused "a file that claims 8 GiB" "it is larger than the index says" <<END
raw|0|$p||8589934591|444
END
refused "a pax size beyond the index" "it is larger than the index says" <<END
pax|size|10000000000
raw|0|$p||0|444
END
refused "a pax size that overflows" "a pax header of its archive is malformed" <<END
pax|size|99999999999999999999999999
raw|0|$p||0|444
END
refused "an unknown pax key" "a pax header of its archive is malformed" <<END
pax|SCHILY.xattr.security.capability|x
raw|0|$p||0|444
END
refused "a pax header at the end" "its pax header stands alone" <<END
dir|$p
pax|path|$p/x
END
refused "an archive that ends early" "its archive ends early" <<END
dir|$p
raw|0|$p/x||1500|444
claim-unpacked|1500
END
refused "entries behind the end" "its archive goes on after its end" <<END
dir|$p
end
text|$p/x|444|x
END
refused "a header block without a checksum" "its archive has a malformed header" <<END
raw|0|$p||0|444
junk|not a header
END
refused "a frame that unpacks to more than the index says" "it is larger than the index says" <<END
dir|$p
claim-tar|1024
END
refused "a frame that unpacks to less than the index says" "its size is not the one in the index" <<END
dir|$p
claim-tar|1048576
END
refused "a name longer than the file system's limit" "its name is too long" <<END
dir|$p
pax|path|$p/$(printf 'n%.0s' $(seq 300))
text|x|444|x
END
refused "an empty symlink" "the symlink has no target" <<END
link|$p|
END

# index TITLE REASON: the same for the index
index() {
  bundle "$work/evil"
  output=$("$work/evil" --nixpack-list 2>&1)
  contains "index: $1" "$output" "$2"
}
index "a store path name with a slash" "malformed store path name" <<END
path|$hash_a-a/b
END
index "a store path name that is no hash" "malformed store path name" <<END
path|../../../../../../../../../../../etc
END
index "a store path name with a control character" "malformed store path name" <<END
path|$hash_a-$(printf '\033')
END
index "unsorted paths" "are not sorted" <<END
path|$hash_b-a
path|$hash_a-a
END
index "a path twice" "are not sorted" <<END
path|$hash_a-a
path|$hash_a-a
END
index "a bundle name with a slash" "malformed bundle name" <<END
name|../up
path|$hash_a-a
END
index "a bundle name that is a directory's" "malformed bundle name" <<END
name|..
path|$hash_a-a
END
index "a bundle name with a control character" "malformed bundle name" <<END
name|$(printf 'a\033[31m')
path|$hash_a-a
END
index "a bundle name beyond the file system's limit" "malformed bundle name" <<END
name|$(printf '%0256d' 0)
path|$hash_a-a
END
index "an entrypoint that does not exist" "names an entrypoint that does not exist" <<END
entry|none
path|$hash_a-a
END
index "a runtime that does not exist" "does not name the runtime" <<END
runtime|none
path|$hash_a-a
END
index "a program outside of the entrypoint" "names a program outside" <<END
program|../../bin/sh
path|$hash_a-a
END
index "an absolute program" "names a program outside" <<END
program|/bin/sh
path|$hash_a-a
END
index "a path larger than its frames" "larger than its frames" <<END
path|$hash_a-a
claim-unpacked|18446744073709551000
END
index "a frame of impossible size" "has an impossible size" <<END
path|$hash_a-a
claim-tar|18446744073709551000
END
finish
