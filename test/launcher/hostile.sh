# Archives that the assembler never writes: names, types, modes, order.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hostile-lib.sh"
refused "a .. in a name" "it lies outside of its store path" "$p/../../../escaped" <<END
dir|$p
text|$p/../../../escaped|444|x
END
refused "an absolute name" "it lies outside of its store path" "$work/escaped" <<END
text|$work/escaped|444|x
END
refused "a name of another store path" "it lies outside of its store path" "$hash_b-victim" <<END
dir|$p
text|$hash_b-victim|444|x
END
refused "a name that only begins like the store path" "it lies outside of its store path" "$p-more" <<END
text|$p-more|444|x
END
refused "an empty part in a name" "it lies outside of its store path" "$p//x" <<END
dir|$p
text|$p//x|444|x
END
refused "a dot in a name" "it lies outside of its store path" "$p/./x" <<END
dir|$p
text|$p/./x|444|x
END
refused "a .. in a pax name" "it lies outside of its store path" "$p/../escaped" <<END
dir|$p
pax|path|$p/../escaped
text|harmless|444|x
END
refused "writing through a symlink" "its parent is not a directory" "$p/out/escaped" <<END
dir|$p
link|$p/out|$work
text|$p/out/escaped|444|x
END
refused "writing through a symlink that is the store path" "its parent is not a directory" "$p/escaped" <<END
link|$p|$work
text|$p/escaped|444|x
END
refused "a file over a symlink" "the name occurs twice" "$p/x" <<END
dir|$p
link|$p/x|$work/escaped
text|$p/x|444|x
END
refused "a file twice" "the name occurs twice" "$p/x" <<END
dir|$p
text|$p/x|444|x
text|$p/x|555|y
END
refused "a directory twice" "the name occurs twice" "$p/x" <<END
dir|$p
dir|$p/x
dir|$p/x
END
refused "a file in the place of a directory, from a second frame" "the name occurs twice" "$p/x" <<END
dir|$p
text|$p/x|444|x
frame
dir|$p
dir|$p/x
END
refused "a file that two frames hold" "the name occurs twice" "$p/x" <<END
dir|$p
text|$p/x|444|x
frame
dir|$p
text|$p/x|444|y
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
refused "a missing parent directory" "its parent directory is missing" "$p/a/b" <<END
dir|$p
text|$p/a/b|444|x
END
refused "an archive without its store path" "the archive does not hold it" <<END
end
END
refused "an unknown pax key" "a pax header of its archive is malformed" <<END
pax|SCHILY.xattr.security.capability|x
raw|0|$p||0|444
END
refused "a pax header at the end" "its pax header stands alone" "$p/x" <<END
dir|$p
pax|path|$p/x
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
refused "an empty symlink" "the symlink has no target" "$p" <<END
link|$p|
END
while read -r type what; do
  refused "a $what" "it is no directory, regular file or symlink" "$p/x" <<END_OF_ENTRIES
dir|$p
raw|$type|$p/x|/etc/passwd|0|444
END_OF_ENTRIES
done <<'END'
1 hard link
3 character device
4 block device
6 fifo
s socket
7 contiguous file
S sparse file
D dumpdir of GNU
L long name of GNU
K long target of GNU
M continued file of GNU
g global pax header
X extended header of Solaris
END
refused "writing through a symlink of an earlier frame" "its parent is not a directory" "$p/out/escaped" <<END
dir|$p
link|$p/out|$work
text|$p/first|444|$(printf '%02000d' 0)
frame
dir|$p
text|$p/out/escaped|444|x
END
refused "a directory over a symlink of an earlier frame" "the name occurs twice" "$p/out" <<END
dir|$p
link|$p/out|$work
text|$p/first|444|$(printf '%02000d' 0)
frame
dir|$p
dir|$p/out
text|$p/out/escaped|444|x
END
refused "a file over a symlink of an earlier frame" "the name occurs twice" "$p/out" <<END
dir|$p
link|$p/out|$work/escaped
text|$p/first|444|$(printf '%02000d' 0)
frame
dir|$p
text|$p/out|444|x
END
refused "the store path as a symlink of an earlier frame" "its parent is not a directory" "$p/escaped" <<END
pax|linkpath|$work$(printf '/.%.0s' $(seq 1500))
link|$p|x
frame
text|$p/escaped|444|x
END
escape=$(printf '\033')
refused "a device whose name commands a terminal" "it is no directory, regular file or symlink" "$p/\\x1b[31mred\\x07" <<END
dir|$p
raw|3|$p/$escape[31mred$(printf '\a')||0|444
END
refused "a .. behind a control character of ISO 6429" "it lies outside of its store path" "$p/\\xc2\\x9b31m/../x" <<END
dir|$p
text|$p/$(printf '\302\233')31m/../x|444|x
END

# Every byte but / and NUL may be in a name of a Nix store.
mkdir "$work/odd"
echo content >"$work/odd/line
feed"
echo content >"$work/odd/$escape[31m "
ln -s "to
where" "$work/odd/link	"
refused "a file with a line feed in its name that is larger than the index says" "it is larger than the index says" "$p/line\\x0afeed" <<END
tree|$work/odd
claim-unpacked|9
END
bundle "$work/odd-names" <<END
path|$p
tree|$work/odd
END
check "names with line feeds and escapes unpack" "$work/odd-names" --nixpack-extract "$work/extracted"
equal "as they are" "$(cd "$work/extracted/nix/store/$p" && ls -A | od -c)" "$(cd "$work/odd" && ls -A | od -c)"
equal "targets of symlinks, too" "$(readlink "$work/extracted/nix/store/$p/link	")" "to
where"
finish
