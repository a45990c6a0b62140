# What the index says about relocation: flags and notes of a path, reserved bytes.
. "$(dirname "$0")/lib.sh"
# refused TITLE REASON: the launcher and its sanitized build refuse the index of the script on standard input.
refused() {
  cat >"$work/script"
  bundle "$work/bad" <"$work/script"
  contains "$1" "$("$work/bad" --nixpack-list 2>&1)" "$2  [NIXPACK_PAYLOAD_CORRUPT]"
  bundle "$work/bad-sanitized" "$BUILD/launcher-sanitized" <"$work/script"
  contains "$1 (sanitized)" "$(ASAN_OPTIONS=detect_leaks=0 "$work/bad-sanitized" --nixpack-list 2>&1)" "$2  [NIXPACK_PAYLOAD_CORRUPT]"
}

script "$work/hello.sh" <<'END'
#!/bin/sh
echo started
END
for launcher in launcher launcher-sanitized; do
  bundle "$work/noted" "$BUILD/$launcher" <<END
name|hello
program|bin/hello
path|$hash_a-hello
note|compressed|share/doc/a b.gz
note|no-hash|
dir|$hash_a-hello
dir|$hash_a-hello/bin
file|$hash_a-hello/bin/hello|555|$work/hello.sh
path|$hash_b-data
flags|0
dir|$hash_b-data
END
  equal "a bundle with notes and flags starts ($launcher)" "$(ASAN_OPTIONS=detect_leaks=0 "$work/noted" --nixpack-list | cut -d ' ' -f 1 | sort -u | wc -l)" 2
done
equal "and runs" "$("$work/noted")" started

refused "an unknown flag of a path" "the index holds an impossible record" <<END
path|$hash_a-a
flags|2
END
refused "a reserved byte of a path that is not zero" "the index holds an impossible record" <<END
path|$hash_a-a
reserved|1
END
refused "notes beyond the strings" "the index holds an impossible record" <<END
path|$hash_a-a
note|compressed|x
claim-notes|4294967000
END
refused "notes that another record shares" "the index holds an impossible record" <<END
path|$hash_a-a
claim-notes|34
path|$hash_b-b
END
refused "notes that end early" "the index holds malformed notes about relocation" <<END
path|$hash_a-a
note|compressed|x
claim-notes|5
END
refused "notes without a reason" "the index holds malformed notes about relocation" <<END
path|$hash_a-a
note||x
END
refused "notes without a file" "the index holds malformed notes about relocation" <<END
path|$hash_a-a
note|compressed|x
claim-notes|11
END
refused "notes with a control character" "the index holds malformed notes about relocation" <<END
path|$hash_a-a
note|compressed|$(printf 'x\033[31m')
END
finish
