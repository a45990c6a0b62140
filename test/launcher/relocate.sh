. "$(dirname "$0")/lib.sh"
in_own_mounts
hide_nix
export NIXPACK_ENGINE=relocate
hash_c=22222222222222222222222222222222
other=33333333333333333333333333333333
a=/nix/store/$hash_a-hello
b=/nix/store/$hash_b-data

script "$work/program" <<END
#!/bin/sh
echo "\$0 $b/x $other /nix/store/$other-foreign /nix/store/$hash_a"
cat "$b/file"
END
printf 'x%.0s' $(seq 131070) >"$work/big"
printf '%s end' "$b/big" >>"$work/big"
head -c 3000000 /dev/zero | tr '\0' y >>"$work/big"
for i in $(seq 200); do printf '%s\0%s%s' "$a" "$b/$i" "$a"; done >>"$work/big"
printf 'content of %s\n' "$b" >"$work/file"
printf 'a %s compressed' "$b" | gzip -n >"$work/file.gz"
{ printf '\037\213'; printf ' %s stored in what looks like gzip' "$b"; } >"$work/stored.gz"
(cd "$work" && printf '%s' "$b" >inside && tar cf inner.tar inside)
make_bundle() {
  bundle "$1" <<END
name|hello
program|bin/hello
entry|$hash_a-hello
path|$hash_a-hello
nar|$2
dir|$hash_a-hello
dir|$hash_a-hello/bin
file|$hash_a-hello/bin/hello|555|$work/program
link|$hash_a-hello/data|$b
link|$hash_a-hello/relative|../$hash_b-data/file
link|$hash_a-hello/foreign|/nix/store/$other-foreign
path|$hash_b-data
nar|$3
dir|$hash_b-data
file|$hash_b-data/big|444|$work/big
file|$hash_b-data/file|444|$work/file
file|$hash_b-data/file.gz|444|$work/file.gz
file|$hash_b-data/inner.tar|444|$work/inner.tar
file|$hash_b-data/stored.gz|444|$work/stored.gz
END
}
nar_of() { "$BUILD/nar-hash" "$work/extracted/nix/store/$1" | cut -d' ' -f1; }
zero=$(printf '0%.0s' $(seq 64))
make_bundle "$work/unhashed" "$zero" "$zero"
"$work/unhashed" --nixpack-extract "$work/extracted" >"$work/.extracted"
make_bundle "$work/hello" "$(nar_of "$hash_a-hello")" "$(nar_of "$hash_b-data")"
# tree_of CACHE: the first relocated tree of a cache; head_of TREE HASH: how a reference looks in it
head_of() { printf '%s/%s' "$1" "$2" | cut -c1-43; }
NIXPACK_CACHE_DIR=$work/c
tree=$work/c/0
output=$("$work/hello")
equal "references of the closure are rewritten, others and bare hashes are not" "$(printf '%s\n' "$output" | head -1)" \
  "$(head_of "$tree" $hash_a)-hello/bin/hello $(head_of "$tree" $hash_b)-data/x $other /nix/store/$other-foreign $(head_of "$tree" $hash_a)"
equal "the program finds its data" "$(printf '%s\n' "$output" | tail -1)" "content of $(head_of "$tree" $hash_b)-data"
on_disk=$(head_of "$tree" $hash_b)-data
equal "every reference of a large file is found, also across buffers" "$(cat "$on_disk/big" | md5sum)" \
  "$(sed "s,/nix/store/$hash_a,$(head_of "$tree" $hash_a),g; s,/nix/store/$hash_b,$(head_of "$tree" $hash_b),g" "$work/big" | md5sum)"
check "compressed files stay as they are" cmp "$work/file.gz" "$on_disk/file.gz"
check "what starts like a compressed file too" cmp "$work/stored.gz" "$on_disk/stored.gz"
check "an archive in the closure too" cmp "$work/inner.tar" "$on_disk/inner.tar"
links=$(head_of "$tree" $hash_a)-hello
equal "symlinks into the closure are rewritten" "$(readlink "$links/data")" "$on_disk"
equal "foreign symlinks are not" "$(readlink "$links/foreign")" "/nix/store/$other-foreign"
check "no name on disk is longer than the hash that is left" test -d "$on_disk"
equal "the plain store stays empty" "$(ls "$work/c/store")" ""

equal "a second start unpacks nothing" "$(stat -c %i "$on_disk"; "$work/hello" >/dev/null; stat -c %i "$on_disk")" "$(stat -c %i "$on_disk"; stat -c %i "$on_disk")"
mv "$work/c" "$work/d"
NIXPACK_CACHE_DIR=$work/d
equal "a cache that was moved gets another tree" "$("$work/hello" | tail -1)" "content of $(head_of "$work/d/1" $hash_b)-data"
equal "the first one stays what it was" "$(cat "$work/d/trees/0")" "$work/c/0"
mkdir "$work/e"
mount --bind "$work/d" "$work/e"
NIXPACK_CACHE_DIR=$work/e
equal "so does one that is seen under another name" "$("$work/hello" | tail -1)" "content of $(head_of "$work/e/2" $hash_b)-data"
umount "$work/e"

mkdir -m 0700 "/n"
cleanups="rm -rf /n; $cleanups"
NIXPACK_CACHE_DIR=/n
equal "in a short directory the whole hash is left and no slash is added" "$("$work/hello" | tail -1)" "content of /n/0000000/$hash_b-data"
rm -rf /n

# A tree in which another path of the same name and head lies already.
bundle "$work/other" <<END
name|hello
program|hello
path|${hash_a%0}1-hello
dir|${hash_a%0}1-hello
text|${hash_a%0}1-hello/hello|555|#!/bin/sh
END
NIXPACK_CACHE_DIR=$work/f
check "a first bundle takes the first tree" "$work/other"
check "a bundle with a path that looks the same there" "$work/hello"
equal "takes the next one" "$(cat "$work"/f/trees/?)" "$work/f/0$work/f/1"

long=$work/$(printf 'l%.0s' $(seq 40))
NIXPACK_CACHE_DIR=$long
output=$("$work/hello" 2>&1)
equal "a directory with too long a path is refused when it was asked for" $? 125
contains "with the reason" "$output" "its path is too long"
NIXPACK_CACHE_DIR="$work/with blank"
output=$("$work/hello" 2>&1)
equal "one with a blank too" $? 125
contains "with the reason" "$output" "its path holds characters that scripts would misread"
NIXPACK_CACHE_DIR=$work/ustar
contains "and one that would make files look like tar archives" "$("$work/hello" 2>&1)" "its path holds the mark of tar archives"
unset NIXPACK_CACHE_DIR
mkdir -m 0777 "$work/home"
check "without one that was asked for a shorter one is taken" as_nobody env -u XDG_CACHE_HOME HOME="$work/home/$(printf 'l%.0s' $(seq 40))" "$work/hello"
check "below /var/tmp" test -d /var/tmp/nixpack-65534/0
contains "where it is verified, too" "$(as_nobody env -u XDG_CACHE_HOME -u NIXPACK_ENGINE HOME="$work/home/$(printf 'l%.0s' $(seq 40))" "$work/hello" --nixpack-verify)" \
  '2 unpacked store paths in "/var/tmp/nixpack-65534" are intact'
rm -rf /var/tmp/nixpack-65534
export NIXPACK_CACHE_DIR=$work/g
bundle "$work/noted" <<END
name|noted
program|noted
path|$hash_c-noted
note|compressed|share/doc/x.gz
dir|$hash_c-noted
text|$hash_c-noted/noted|555|#!/bin/sh
END
contains "what the build could not vouch for is said at the first start" "$("$work/noted" 2>&1)" "warning: relocated, but not every reference to a store path could be: $hash_c-noted/share/doc/x.gz (compressed)"
equal "and at no later one" "$("$work/noted" 2>&1)" ""
for size in 0 9; do
  head -c "$size" /dev/zero >"$work/g/trees/0"
  equal "a record of $size zeros, as a power cut leaves it, is written anew" "$("$work/noted" 2>&1; cat "$work"/g/trees/?)" "$work/g/0"
done

export NIXPACK_ENGINE=nix-dir
check "engine nix-dir starts it" "$work/hello"
equal "and unpacks below /nix/store" "$(ls /nix/store)" "$hash_a-hello
$hash_b-data"
chmod -R u+w /nix/store/$hash_b-data
rm -rf /nix/store/$hash_b-data
output=$("$work/hello" --nixpack-verify 2>&1)
equal "one that was removed is noticed" $? 125
contains "by name" "$output" "missing: /nix/store/$hash_b-data"
check "and can be repaired" "$work/hello" --nixpack-verify --repair
contains "so that all is well" "$("$work/hello" --nixpack-verify)" '2 unpacked store paths in "/nix/store/.nixpack" are intact'
chmod -R u+w /nix/store/$hash_b-data
rm -rf /nix/store/$hash_b-data
equal "a path that was removed comes back" "$("$work/hello" | tail -1)" "content of $b"
rm -rf /nix/store/.nixpack
export NIXPACK_ENGINE=host
check "engine host takes what is there" "$work/hello"
export NIXPACK_ENGINE=nix-dir
check "engine nix-dir leaves the host's own paths alone" "$work/hello"
chmod u+w /nix/store/$hash_b-data
rm -f /nix/store/$hash_b-data/big
output=$("$work/hello" 2>&1)
equal "and refuses those that are not whole" $? 125
contains "by name" "$output" "cannot use \"/nix/store/$hash_b-data\" of the host: size"
export NIXPACK_ENGINE=host
output=$("$work/hello" 2>&1)
equal "engine host refuses them too" $? 125
contains "by name, too" "$output" "engine host: /nix/store/$hash_b-data of the host has another size than the one in the bundle"
chown 65534 /nix/store/$hash_a-hello
contains "and what belongs to another user" "$("$work/hello" 2>&1)" "engine host: /nix/store/$hash_a-hello of the host belongs neither to root nor to this user"
rm -rf /nix/store
contains "and a host without any" "$("$work/hello" 2>&1)" "engine host: stat /nix/store: No such file or directory"
mount -o remount,ro /nix
export NIXPACK_ENGINE=nix-dir
contains "engine nix-dir needs a /nix that can be written to" "$("$work/hello" 2>&1)" "engine nix-dir: mkdir /nix/store: Read-only file system"
finish
