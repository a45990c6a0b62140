# Every refusal of an engine that can be brought about here, and what the doctor says to it.
. "$(dirname "$0")/doctor-lib.sh"
composed "$work/group"
seccomp=$BUILD/seccomp-run
again="try: NIXPACK_ENGINE=relocate $work/hello"

# says TITLE ENGINE TEXT COMMAND...: the report of hello, started by a command
says() {
  title=$1
  name=$2
  text=$3
  shift 3
  contains "$title" "$("$@" "$work/hello" --nixpack-doctor 2>&1 | engine "$name")" "$text"
}
without_admin() { setpriv --bounding-set -sys_admin --inh-caps -sys_admin -- "$@"; }
# fresh_userns COMMAND: root in a user namespace, in which sysctls can be set
fresh_userns() { unshare -Um --map-root-user --propagation private bash -c "$1"' exec "$@"' - "${@:2}"; }
# in_view SETUP COMMAND: with mounts of its own
in_view() { unshare -m --propagation private bash -c "$1"'; exec "$@"' - "${@:2}"; }
nested() { if [ "$1" -gt 0 ]; then nested $(($1 - 1)) unshare -Ur "${@:2}"; else "${@:2}"; fi; }
# in_chroot SETUP COMMAND: with / in a directory that is no mount of its own, whose mounts end with the command
mkdir -p "$work/jail/proc" "$work/jail/sys/fs/selinux" "$work/jail$work"
in_chroot() { in_view "mount --bind $work $work/jail$work && $1" chroot "$work/jail" "${@:2}"; }
proc="mount --bind /proc $work/jail/proc"

# mount
says "mount needs root" mount "no mount unshare(CLONE_NEWNS): Operation not permitted needs root $again try: sudo $work/hello" as_nobody env
says "root without CAP_SYS_ADMIN" mount "root without CAP_SYS_ADMIN, as in a container $again try: NIXPACK_ENGINE=nix-dir $work/hello" without_admin
says "mount behind a filter" mount "unshare(CLONE_NEWNS): Operation not permitted a seccomp filter, as of a container or of a service manager" "$seccomp" unshare --
says "mount behind a filter that hides the call" mount "Function not implemented a seccomp filter that hides the system call" "$seccomp" unshare=ENOSYS --
says "mount behind a filter that kills" mount "no mount trial killed by a seccomp filter, as of a container" "$seccomp" unshare=kill --
says "mount in a kernel without namespaces" mount "Invalid argument a kernel without mount namespaces (CONFIG_NAMESPACES)" "$seccomp" unshare=EINVAL --
says "mount without mount namespaces" mount "No space left on device switched off by sysctl user.max_mnt_namespaces=0 $again try: sudo sysctl -w user.max_mnt_namespaces=15000" \
  fresh_userns 'echo 0 >/proc/sys/user/max_mnt_namespaces;'
says "mount when there are too many of them" mount "too many mount namespaces (sysctl user.max_mnt_namespaces)" "$seccomp" unshare=ENOSPC --
says "mount in a chroot" mount "mount(MS_SLAVE): Invalid argument this process is in a chroot, where the kernel refuses it $again" in_chroot "$proc"
says "mounts that are refused" mount "mount(MS_SLAVE): Operation not permitted a seccomp filter, as of" "$seccomp" mount --
says "mounts that are refused as a security module does it" mount "mount(MS_SLAVE): Permission denied a seccomp filter or a security module" "$seccomp" mount=EACCES --
says "a root that cannot be exchanged" mount "pivot_root: Invalid argument the root file system cannot be exchanged: an initramfs, or a chroot" "$seccomp" pivot_root=EINVAL --
says "too many mounts" mount "No space left on device too many mounts (sysctl fs.mount-max) $again try: sudo sysctl -w fs.mount-max=100000" "$seccomp" mount=ENOSPC --
says "no tmpfs" mount "No such device a kernel without tmpfs" "$seccomp" mount=ENODEV --
says "no memory for mounts" mount "Out of memory out of memory" "$seccomp" mount=ENOMEM --
says "what nobody has seen" mount "unusual" "$seccomp" mount=EXDEV --
# userns
says "userns without user namespaces" userns "unshare(CLONE_NEWUSER|CLONE_NEWNS): No space left on device switched off by sysctl user.max_user_namespaces=0 $again try: sudo sysctl -w user.max_user_namespaces=15000" \
  fresh_userns 'echo 0 >/proc/sys/user/max_user_namespaces;'
says "userns without mount namespaces" userns "No space left on device switched off by sysctl user.max_mnt_namespaces=0 $again" fresh_userns 'echo 0 >/proc/sys/user/max_mnt_namespaces;'
says "userns nested too deeply" userns "No space left on device nested more than 32 levels deep, or too many namespaces (user.max_user_namespaces=" nested 33
says "userns for a user that does not exist" userns "Operation not permitted this user (shown as uid 65534) does not exist in the user namespace around it $again" unshare -U
says "userns in a chroot" userns "unshare(CLONE_NEWUSER|CLONE_NEWNS): Operation not permitted this process is in a chroot, where the kernel refuses it $again" in_chroot "$proc"
says "userns in a chroot without /proc" userns "Operation not permitted a security module, or a chroot $again" in_chroot :
says "userns behind a filter" userns "Operation not permitted a seccomp filter, as of a container or of a service manager" as_nobody "$seccomp" unshare-user --
says "userns behind a filter that hides the call" userns "Function not implemented a seccomp filter that hides the system call" as_nobody "$seccomp" unshare=ENOSYS --
says "userns behind a filter that kills" userns "no userns trial killed by a seccomp filter" as_nobody "$seccomp" unshare-user=kill --
says "userns in a kernel without them" userns "Invalid argument a kernel without user namespaces (CONFIG_USER_NS)" as_nobody "$seccomp" unshare=EINVAL --
says "userns without memory" userns "Out of memory out of memory" as_nobody "$seccomp" unshare=ENOMEM --
says "userns as old kernels count them" userns "nested more than 32 levels deep, or too many namespaces" as_nobody "$seccomp" unshare=EUSERS --
says "userns without /proc" userns "open(/proc/self/uid_map): No such file or directory /proc is not mounted $again try: sudo mount -t proc proc /proc" in_view 'umount -l /proc' setpriv --reuid=65534 --clear-groups
says "userns with a read-only /proc" userns "open(/proc/self/uid_map): Read-only file system /proc is mounted read-only $again try: sudo mount -o remount,rw /proc" \
  in_view 'mount --bind /proc /proc && mount -o remount,bind,ro /proc' setpriv --reuid=65534 --clear-groups
says "userns with a filter for its mounts" userns "mount(MS_SLAVE): Operation not permitted a seccomp filter, as of" as_nobody "$seccomp" mount --
# The switches of Debian and of Ubuntu, which this kernel may not have.
switch() { in_view "mount -t tmpfs none /proc/sys/kernel && echo $2 >/proc/sys/kernel/$1" setpriv --reuid=65534 --clear-groups "${@:3}"; }
says "userns switched off as in Debian" userns "Operation not permitted switched off by sysctl kernel.unprivileged_userns_clone=0 $again try: sudo sysctl -w kernel.unprivileged_userns_clone=1" \
  switch unprivileged_userns_clone 0 "$seccomp" unshare-user --
restricted="restricted by AppArmor, sysctl kernel.apparmor_restrict_unprivileged_userns=1 $again try: printf 'abi <abi/4.0>,\\nprofile nixpack-hello $work/hello flags=(unconfined) { userns, }\\n' | sudo apparmor_parser -r try: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
says "userns restricted as in Ubuntu" userns "mount(MS_SLAVE): Permission denied $restricted" switch apparmor_restrict_unprivileged_userns 1 "$seccomp" mount=EACCES --
says "userns restricted without the profile for it" userns "unshare(CLONE_NEWUSER|CLONE_NEWNS): Permission denied $restricted" switch apparmor_restrict_unprivileged_userns 1 "$seccomp" unshare-user=EACCES --
says "userns under SELinux" userns "Operation not permitted probably SELinux, which is enforcing $again try: sudo ausearch -m avc -ts recent" \
  in_chroot "mount -t tmpfs none $work/jail/sys/fs/selinux && echo 1 >$work/jail/sys/fs/selinux/enforce"

# host
[ -e /nix ] || { mkdir /nix && cleanups='rmdir /nix'; }
mount -t tmpfs -o mode=0755 none /nix
says "no store on this host" host 'no host stat /nix/store: No such file or directory this host has no /nix/store, which is as it should be without Nix' env
mkdir /nix/store
path=/nix/store/$hash_a-hello
says "a path that the host does not have" host "lstat $hash_a-hello: No such file or directory the host's store does not have $path try: nix-store --realise $path" env
mkdir -p "$path/bin"
cp "$work/program" "$path/bin/hello"
says "a host that has all" host "ok host " env
contains "which a start would use as they are" "$("$work/hello" --nixpack-doctor | start)" "ok A start would use the engine host."
mkdir "/nix/store/$hash_a-group"
contains "the runtime of a composed bundle comes from elsewhere" "$(env -i NIXPACK_CACHE_DIR="$work/c" "$work/group" doctor | start)" \
  "ok A start would use the engine host and the cache directory $work/c. Everything but the runtime would be taken from the host's own /nix/store."
exec 8>"$path.lock"
flock 8
says "a path that is being built" host "no host Nix is building or copying $path at the moment try: nix-store --realise $path" env
exec 8>&-
says "a lock that nobody holds" host "ok host " env
echo more >>"$path/bin/hello"
says "a path of another size" host "no host $path of the host has another size than the one in the bundle try: sudo nix-store --repair-path $path" env
chown 1000 "$path"
says "a path of another user" host "no host $path of the host belongs neither to root nor to this user" env
chown 0 "$path" && chmod 0700 "$path"
says "a path that cannot be read" host "no host read $hash_a-hello: Permission denied $path of the host cannot be read try: sudo nix-store --repair-path $path" as_nobody
chmod 0777 /nix/store
says "a store that anybody can write to" host "/nix/store is another user's, or anybody can write to it" env

# nix-dir
chmod 0755 /nix/store
says "nix-dir for whom nothing in / belongs" nix-dir 'no nix-dir mkdir /nix/store: Permission denied uid 65534 may not write to /nix/store '"$again" as_nobody
rm -rf /nix/store
says "nix-dir with a /nix of root's" nix-dir 'mkdir /nix/store: Permission denied uid 65534 may not write to /nix ' as_nobody
mount -o remount,ro /nix
says "nix-dir on a read-only file system" nix-dir 'mkdir /nix/store: Read-only file system /nix is mounted read-only' env
umount /nix
mount -t tmpfs -o noexec none /nix
says "nix-dir where nothing can be executed" nix-dir "Permission denied /nix is mounted noexec" env
equal "and nothing is left in it" "$(ls -A /nix)" ""
umount /nix
mount -t tmpfs -o nr_inodes=1 none /nix
says "nix-dir on a full file system" nix-dir "No space left on device the file system is full" env
umount /nix

# What is true of all: limits, and a container's own words.
contains "no processes to be had" "$(ulimit -u 1; setpriv --reuid=61234 --clear-groups "$work/hello" --nixpack-doctor 2>&1 | engine userns)" \
  "fork: Resource temporarily unavailable a limit of processes or memory try: ulimit -a"
contains "it says what the engine relocate needs" "$(as_nobody "$work/hello" --nixpack-doctor | one_line)" "The engine relocate needs none of this: no namespaces, no mounts, no right of root;"
# in_container SIGN COMMAND: in a root file system of its own that shows a sign of a container, or none
mkdir "$work/root"
in_container() {
  unshare -m --propagation private bash -c '
    work=$1 && sign=$2 && shift 2 && mount -t tmpfs none "$work/root" && cd "$work/root" && mkdir -p usr proc tmp run old dev nix &&
    cp -a /bin /lib* /sbin . 2>/dev/null; mount --rbind /usr usr && mount --rbind /proc proc && mount --rbind /tmp tmp &&
    eval "$sign" && pivot_root . old && umount -l old && exec "$@"' - "$work" "$@"
}
sign_of() { in_container "$1" env "${2:-A=b}" "$work/hello" --nixpack-doctor | sed -n 's/^  container *//p'; }
equal "docker is known by its file" "$(sign_of 'touch .dockerenv')" docker
equal "podman is known by its file" "$(sign_of 'touch run/.containerenv')" podman
equal "systemd's name for a container is taken" "$(sign_of 'mkdir run/systemd && echo systemd-nspawn >run/systemd/container')" systemd-nspawn
equal "kubernetes is known by its variable" "$(sign_of : KUBERNETES_SERVICE_HOST=10.0.0.1)" kubernetes
equal "the environment of process 1 tells" "$(in_container : env container=lxc unshare -pf --mount-proc "$work/hello" --nixpack-doctor | sed -n 's/^  container *//p')" lxc
equal "no sign is no sign" "$(in_container : unshare -pf --mount-proc "$work/hello" --nixpack-doctor | sed -n 's/^  container *//p')" "no sign of one"
report=$(in_container 'touch .dockerenv' setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$seccomp" docker -- "$work/hello" --nixpack-doctor)
contains "docker's options are the last resort (mount)" "$(echo "$report" | engine mount)" "$again try: NIXPACK_ENGINE=nix-dir $work/hello try: docker run --cap-add SYS_ADMIN IMAGE"
contains "docker's options are the last resort (userns)" "$(echo "$report" | engine userns)" "a seccomp filter, as of a container or of a service manager (docker) $again try: docker run --security-opt seccomp=unconfined IMAGE"
contains "a start works all the same" "$(echo "$report" | start)" "ok A start would use the engine relocate"
contains "a read-only root in docker" "$(in_container 'touch .dockerenv; mount -o remount,ro .' setpriv --reuid=65534 --clear-groups "$work/hello" --nixpack-doctor | engine nix-dir)" "try: docker run --tmpfs /nix:exec IMAGE"
contains "a noexec file system in podman" "$(in_container 'touch run/.containerenv; mkdir -p m && mount -t tmpfs -o noexec none m' env HOME=/m "$work/hello" --nixpack-doctor | directory /m/.cache/nixpack)" \
  "/m is mounted noexec try: NIXPACK_CACHE_DIR=/some/dir $work/hello try: podman run --tmpfs /m:exec IMAGE"
contains "without a container the mount is the last resort" "$(in_container 'mkdir -p m && mount -t tmpfs -o noexec none m' env HOME=/m unshare -pf --mount-proc "$work/hello" --nixpack-doctor | directory /m/.cache/nixpack)" \
  "try: NIXPACK_CACHE_DIR=/some/dir $work/hello try: sudo mount -o remount,exec /m"
finish
