# Indexes that the assembler never writes.
. "$(dirname "$0")/lib.sh"
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
index "a bundle name with a control character of ISO 6429" "malformed bundle name" <<END
name|$(printf 'a\302\23331m')
path|$hash_a-a
END
index "notes that command a terminal" "malformed notes about relocation" <<END
path|$hash_a-a
note|compressed|share/$(printf '\033')[31mx.gz
END
index "notes with a control character of ISO 6429" "malformed notes about relocation" <<END
path|$hash_a-a
note|compressed|share/$(printf '\302\233')31mx.gz
END
index "notes with a carriage return" "malformed notes about relocation" <<END
path|$hash_a-a
note|compressed|share/x$(printf '\r')y
END
index "notes whose reason commands a terminal" "malformed notes about relocation" <<END
path|$hash_a-a
note|$(printf '\033')c|share/x.gz
END
index "a path of 10 GB in frames of a few bytes" "larger than its frames" <<END
path|$hash_a-a
claim-unpacked|10737418240
END
finish
