# Archives that lie about sizes, or are larger, longer or deeper than others.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hostile-lib.sh"
refused "a directory with content" "an entry without content claims a size" <<END
raw|5|$p||512|555
zeros|512
END
refused "a file larger than the index says" "it is larger than the index says" "$p/x" <<END
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
refused "an archive that ends early" "its archive ends early" <<END
dir|$p
raw|0|$p/x||1500|444
claim-unpacked|1500
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
refused "a file that claims 10 GB" "it is larger than the index says" <<END
raw|0|$p||10737418240|444
END
refused "10 GB in the index only" "its size is not the one in the index" <<END
dir|$p
text|$p/x|444|x
claim-unpacked|10737418240
claim-tar|10737419776
END
refused "10 GB in the index and in a header" "its size is not the one in the index" <<END
raw|0|$p||10737418240|444
claim-unpacked|10737418240
claim-tar|10737419776
END
refused "10 GB in the index and in a pax header" "its size is not the one in the index" <<END
pax|size|10737418240
raw|0|$p||0|444
zeros|10000
claim-unpacked|10737418240
claim-tar|10737420800
END
refused "a symlink that claims 10 GB" "an entry without content claims a size" <<END
pax|size|10737418240
link|$p|x
END
refused "a device that claims 10 GB" "it is no directory, regular file or symlink" <<END
raw|3|$p||10737418240|444
END
refused "a pax header of 10 GB" "its archive has an impossible pax header" <<END
raw|x|pax||10737418240|444
END
refused "a pax header that is larger than any name" "its archive has an impossible pax header" <<END
raw|x|pax||16385|444
zeros|16896
END
refused "two pax headers in front of an entry" "its archive has an impossible pax header" "$p/x" <<END
dir|$p
pax|path|$p/x
pax|size|1
raw|0|x||0|444
END
long=$(printf 'd/%.0s' $(seq 2050))
refused "a name as long as a path can be" "its name is too long" "$p/d/d/d/d/d/d/d/d/" <<END
pax|path|$(printf %.4095s "$p/$long")
text|x|444|x
END
refused "a name longer than a path can be" "a pax header of its archive is malformed" <<END
pax|path|$(printf %.4096s "$p/x$long")
text|x|444|x
END
refused "a symlink target longer than a path can be" "a pax header of its archive is malformed" <<END
pax|linkpath|$(printf '%04096d' 0)
link|$p|x
END

# deep LEVELS: a directory in a directory in a directory
deep() {
  awk -v at="$p" -v levels="$1" 'BEGIN { print "dir|" at; for (; levels > 0; levels--) print "dir|" (at = at "/d"); print "text|" at "/x|444|x" }'
}
refused "an archive of 1,900 levels with a file twice" "the name occurs twice" "$p/d/d/d/d/d/d/d" <<END
$(deep 1900)
text|$p/x|444|x
text|$p$(printf '/d%.0s' $(seq 1900))/x|444|x
END
bundle "$work/deep" <<END
path|$p
$(deep 1900)
END
equal "an honest one of 1,900 levels unpacks with 32 descriptors" "$(ulimit -n 32 && "$work/deep" --nixpack-extract "$work/extracted" 2>&1)" "$work/extracted"
equal "and is complete" "$(find "$work/extracted/nix/store/$p" | wc -l)" 1902
rm -rf "$work"/evil* "$work/deep" "$work/entries" "$work/extracted"

# A store path like that of nixpkgs' sources. The launcher has less memory than the archive is large (51 MB).
many() {
  awk -v p="$p" 'BEGIN { print "dir|" p; for (d = 0; d < 100; d++) { print "dir|" p "/" d; for (f = 1; f < 1000; f++) print "text|" p "/" d "/" f "|444|" } }'
}
# In memory, where there is some: a disk would take minutes.
memory=$(mktemp -d /dev/shm/np-launcher.XXXXXX 2>/dev/null || mktemp -d "$work/memory.XXXXXX")
cleanups="rm -rf $memory; $cleanups"
bundle "$work/many" <<END
path|$p
$(many)
END
equal "an honest archive of 100,000 entries unpacks with 24 MiB of memory" "$(ulimit -v 24576 && "$work/many" --nixpack-extract "$memory/extracted" 2>&1)" "$memory/extracted"
equal "and is complete" "$(find "$memory/extracted/nix/store/$p" | wc -l)" 100001
rm -rf "$memory/extracted"
bundle "$work/many" <<END
path|$p
$(many)
text|$p/../escaped|444|x
END
contains "one of 100,000 entries whose last one has a .. is refused by name" "$("$work/many" --nixpack-extract "$memory/extracted" 2>&1)" \
  "cannot unpack \"$p/../escaped\": it lies outside of its store path  [NIXPACK_UNPACK_REFUSED]"
equal "and leaves nothing" "$(ls -A "$memory")" ''
finish
