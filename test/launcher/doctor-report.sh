# The form of the doctor's report: JSON, columns, escapes, and hosts that make it hard.
. "$(dirname "$0")/doctor-lib.sh"
composed "$work/group"
# json EXPRESSION: of `report`, which standard input must be in the strictest reading
json() {
  python3 -c '
import json, os, sys
def refuse(name): raise ValueError(name)
def unique(pairs):
  assert len(dict(pairs)) == len(pairs), pairs
  return dict(pairs)
report = json.loads(sys.stdin.buffer.read().decode("utf-8", "strict"), parse_constant=refuse, object_pairs_hook=unique)
print(eval(sys.argv[1]))' "$1"
}
doctor_json() { env -i HOME="$work/home" "$@" "$work/hello" --nixpack-doctor --json; }

doctor_json >"$work/report"
equal "the status is the same with --json" $? 0
equal "the top level is a record with a version" "$(json 'type(report).__name__, report["version"]' <"$work/report")" "('dict', 1)"
equal "it holds the bundle" "$(json 'report["bundle"]["name"], report["bundle"]["composed"], report["bundle"]["storePaths"]' <"$work/report")" "('hello', False, 1)"
equal "and its identity" "$(json 'report["bundle"]["identity"]' <"$work/report")" "$("$work/hello" --nixpack-version | cut -d' ' -f2)"
equal "it holds the host" "$(json 'report["host"]["uid"], report["host"]["capSysAdmin"], report["host"]["seccomp"], report["host"]["proc"]' <"$work/report")" "(0, True, 'off', True)"
equal "every engine" "$(json '[e["name"] for e in report["engines"]]' <"$work/report")" "['host', 'mount', 'userns', 'relocate', 'nix-dir']"
equal "every directory with its origin" "$(json '[d["origin"] for d in report["cacheDirectories"]]' <"$work/report")" "['XDG_CACHE_HOME', 'HOME', None, 'XDG_RUNTIME_DIR', None, None, None]"
equal "and what a start would do" "$(json 'report["start"]["works"], report["start"]["engine"], report["start"]["cacheDirectory"], report["start"]["missingStorePaths"]' <"$work/report")" "(True, 'mount', '$work/home/.cache/nixpack', 1)"
check "node reads it, too" eval 'node -e "JSON.parse(require(\"fs\").readFileSync(0, \"utf8\"))" <"$work/report"'
equal "a refusal has call, errno, cause and remedies" \
  "$(as_nobody env -i "$work/hello" --nixpack-doctor --json | json '[(e["usable"], e["call"], e["errno"], e["error"], e["cause"], len(e["remedies"])) for e in report["engines"] if e["name"] == "mount"]')" \
  "[(False, 'unshare(CLONE_NEWNS)', 1, 'Operation not permitted', 'needs root', 2)]"
doctor_json NIXPACK_CACHE_DIR="$work/hello" >"$work/report"
equal "a start that would fail is status 125" "$? $(json 'report["start"]' <"$work/report")" \
  "125 {'works': False, 'problem': 'the cache directory that NIXPACK_CACHE_DIR names cannot be used', 'engine': None, 'cacheDirectory': None, 'inMemory': False}"
equal "the command doctor takes --json" "$(env -i HOME="$work/home" "$work/group" doctor --json | json 'report["bundle"]["composed"]')" True

# Any bytes in paths.
number=0
for odd in 'quote"s' 'back\slash' "$(printf 'line\nfeed')" "$(printf 'tab\there')" "$(printf 'bell\a')" "$(printf 'del\177')" "$(printf 'latin\351')" "$(printf 'cut\303')" \
  "$(printf 'over\300\257long')" "$(printf 'sur\355\240\200rogate')" "$(printf 'beyond\364\220\200\200')" 'grüße €' '𝄞' "$(printf 'c1\302\233')" 'a b' "it's"; do
  number=$((number + 1))
  equal "JSON holds the path $(printf %q "$odd")" "$(doctor_json NIXPACK_CACHE_DIR="$work/$odd" | json 'os.fsencode(report["cacheDirectories"][0]["path"]) == os.fsencode("'"$work"'") + b"/" + bytes.fromhex("'"$(printf %s "$odd" | od -An -tx1 | tr -d ' \n')"'")')" True
  env -i NIXPACK_CACHE_DIR="$work/$odd" "$work/hello" --nixpack-doctor >"$work/report"
  check "the report shows it without control characters" eval '! LC_ALL=C grep -q "[[:cntrl:]]" "$work/report" && ! LC_ALL=C grep -q "$(printf "\302\233")" "$work/report"'
done
# The remedy is what a shell has to be told, whatever the name.
mkdir -m 0777 "$work/it's \"wide\" \$HOME"
remedy=$(doctor_json NIXPACK_CACHE_DIR="$work/it's \"wide\" \$HOME" | json 'report["cacheDirectories"][0]["remedies"][0]')
check "a remedy can be typed" bash -c "$remedy"
check "and helps" env -i NIXPACK_CACHE_DIR="$work/it's \"wide\" \$HOME" "$work/hello"
mkdir -m 0777 "$work/$(printf 'a\nb\033[31m')"
remedy=$(doctor_json NIXPACK_CACHE_DIR="$work/$(printf 'a\nb\033[31m')" | json 'report["cacheDirectories"][0]["remedies"][0]')
check "also with control characters" bash -c "$remedy"
check "and helps there" env -i NIXPACK_CACHE_DIR="$work/$(printf 'a\nb\033[31m')" "$work/hello"

# Notes about relocation.
bundle "$work/unsafe" <<END_OF_SCRIPT
name|unsafe
program|bin/hello
path|$hash_a-hello
note|compressed|share/man/man1/hello.1.gz
note|utf-16|lib/with "quote".dll
dir|$hash_a-hello
dir|$hash_a-hello/bin
file|$hash_a-hello/bin/hello|555|$work/program
END_OF_SCRIPT
report=$(env -i HOME="$work/home" "$work/unsafe" --nixpack-doctor)
contains "what relocation cannot rewrite is listed" "$report" "      compressed  /nix/store/$hash_a-hello/share/man/man1/hello.1.gz
      utf-16      /nix/store/$hash_a-hello/lib/with \"quote\".dll"
equal "in JSON, too" "$(env -i HOME="$work/home" "$work/unsafe" --nixpack-doctor --json | json 'report["relocation"]')" \
  "{'safe': False, 'notes': [{'path': '$hash_a-hello', 'reason': 'compressed', 'file': 'share/man/man1/hello.1.gz'}, {'path': '$hash_a-hello', 'reason': 'utf-16', 'file': 'lib/with \"quote\".dll'}]}"
equal "such a bundle tries nix-dir before relocate" "$(env -i HOME="$work/home" "$work/unsafe" --nixpack-doctor --json | json '[e["name"] for e in report["engines"]][3:]')" "['nix-dir', 'relocate']"

# A reader's 80 columns, apart from commands and names that are longer.
wide() { awk 'length($0) > 80 && $0 !~ /^ *(try:|file|ok|no) / { n = split($0, words, " "); longest = 0; for (i = 1; i <= n; i++) if (length(words[i]) > longest) longest = length(words[i]); if (longest < 40) print }'; }
equal "no line is wider than 80 columns" "$(as_nobody env -i "$BUILD/seccomp-run" docker -- "$work/unsafe" --nixpack-doctor | wide)" ""
equal "no escape sequences are sent" "$(env -i HOME="$work/home" TERM=xterm "$work/hello" --nixpack-doctor | tr -d '\n' | LC_ALL=C grep -c '[[:cntrl:]]')" 0

# Hosts that make it hard.
"$work/hello" --nixpack-doctor >&- 2>"$work/out"
equal "a closed standard output is an error" "$? $(cat "$work/out")" "125 hello: cannot write to standard output: Bad file descriptor  [NIXPACK_OUTPUT_UNWRITABLE]"
"$work/hello" --nixpack-doctor --json >/dev/full 2>"$work/out"
equal "so is a full one" "$? $(cat "$work/out")" "125 hello: cannot write to standard output  [NIXPACK_OUTPUT_UNWRITABLE]"
equal "RLIMIT_NOFILE 64 and RLIMIT_AS 1 GiB will do" "$(ulimit -n 64; ulimit -v 1048576; env -i HOME="$work/home" "$work/hello" --nixpack-doctor >"$work/report"; echo "$? $(start <"$work/report" | cut -c1-30)")" "0 Start ok A start would use the"
equal "a umask that leaves no rights will do" "$(umask 0777; env -i HOME="$work/home" "$work/hello" --nixpack-doctor | start | cut -c1-30)" "Start ok A start would use the"
contains "without /proc it says so" "$(unshare -m --propagation private bash -c 'umount -l /proc && exec env -i HOME="$1/home" "$1/hello" --nixpack-doctor' - "$work" | one_line)" "/proc is not mounted"
equal "and goes on" "$(unshare -m --propagation private bash -c 'umount -l /proc && exec env -i HOME="$1/home" "$1/hello" --nixpack-doctor' - "$work" | start | cut -c1-47)" "Start ok A start would use the engine mount and"
equal "as process 1" "$(unshare -pf --mount-proc env -i HOME="$work/home" "$work/hello" --nixpack-doctor | start | cut -c1-30)" "Start ok A start would use the"
# Of the build whose patience is short.
bundle "$work/impatient" "$BUILD/launcher-sanitized" <<END_OF_SCRIPT
name|impatient
program|bin/hello
path|$hash_a-hello
dir|$hash_a-hello
dir|$hash_a-hello/bin
file|$hash_a-hello/bin/hello|555|$work/program
END_OF_SCRIPT
export ASAN_OPTIONS=detect_leaks=0
NIXPACK_CACHE_DIR=$work/dead "$BUILD/seccomp-run" fstatfs=hang -- "$work/impatient" --nixpack-doctor >"$work/report"
equal "a directory that never answers" $? 125
contains "is given up" "$(directory "$work/dead" <"$work/report")" \
  "no answer within 3 s, as from a network file system whose server is gone try: NIXPACK_CACHE_DIR=/some/dir $work/impatient"
NIXPACK_CACHE_DIR=$work/dead "$BUILD/seccomp-run" fstatfs=kill -- "$work/impatient" --nixpack-doctor >"$work/report"
contains "a filter that kills the examination is survived" "$(directory "$work/dead" <"$work/report")" "the process that tried it was killed, as by a seccomp filter"
check "the sanitizers find nothing in the report" eval 'env -i ASAN_OPTIONS=detect_leaks=0 HOME="$work/home" "$work/impatient" --nixpack-doctor --json 2>"$work/out" | json 1 && test ! -s "$work/out"'
finish
