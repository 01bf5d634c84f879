# The first process of a host in `ns` mode: builds the host's own root from a layer over /, then becomes sshd.
# Runs in fresh mount, uts and pid namespaces. Arguments: host folder, keys folder, name, base, user, sshd.
set -e
folder=$1 keys=$2 name=$3 base=$4 user=$5 sshd=$6
mount --make-rprivate /
mkdir -p "$folder/layer"
mount -t tmpfs -o size=1g,mode=755 fleet "$folder/layer"
cp "$keys/host" "$keys/host.pub" "$keys/client.pub" "$folder/sshd_config" "$folder/layer/"
cd "$folder/layer"
mkdir up work new
mount -t overlay -o lowerdir=/,upperdir=up,workdir=work overlay new
mkdir -p new/proc new/dev new/run new/tmp new/root "new$base"
mount -t proc proc new/proc
mount --rbind /dev new/dev
mount -t tmpfs -o mode=755 run new/run
mount -t tmpfs -o mode=1777 tmp new/tmp
mount -t tmpfs -o mode=700 root new/root
mkdir -m 755 new/run/sshd new/run/fleet
mv host host.pub client.pub sshd_config new/run/fleet/
chmod 600 new/run/fleet/host
chmod 644 new/run/fleet/client.pub
if ! grep -q "^$user:" new/etc/passwd; then
  echo "$user:x:4242:4242::$base:/bin/sh" >>new/etc/passwd
  echo "$user:*:19700:0:99999:7:::" >>new/etc/shadow
  echo "$user:x:4242:" >>new/etc/group
fi
chown "$user:" "new$base" 2>/dev/null || chown 4242:4242 "new$base"
echo "$name" >/proc/sys/kernel/hostname
cd new
mkdir -p .old
pivot_root . .old
umount -l /.old
rmdir /.old
exec "$sshd" -D -e -f /run/fleet/sshd_config
