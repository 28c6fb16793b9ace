#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Users of a network device that hang out of sight: interfaces made on it in other network namespaces, sockets, PPPoE,
# L2TP, redirections; among more namespaces than a process may have descriptors. The distribution's kernel with its modules.
# shellcheck disable=SC2317 # functions are called by check.sh
. tests/lab/check.sh

nic=0000:00:11.0
program=$BINDD_BUILD/tests/lab/programs/lab_usage_of
usage_of() { "$program" "$1" 2>&1 || echo "ended with $?"; }
is_idle() { [ -z "$(usage_of "$nic")" ]; }
dev=$(ls "/sys/bus/pci/devices/$nic/net")
ulimit -n 1024

# 1,500 namespaces, each kept by a mount alone.
mkdir -p /run/netns
check "1500 network namespaces are made" python3 - <<'END'
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET, MS_BIND = 0x40000000, 4096
for number in range(1500):
    path = f"/run/netns/n{number}"
    open(path, "w").close()
    if libc.unshare(CLONE_NEWNET) or libc.mount(b"/proc/self/ns/net", path.encode(), b"none", MS_BIND, None):
        raise OSError(ctypes.get_errno(), path)
END
equal "nobody uses an idle interface among 1500 namespaces" "" "$(usage_of $nic)"

ip link set "$dev" netns n1400
equal "an interface that the 1400th namespace has is found" "enslaved: $dev in the network namespace of n1400" "$(usage_of $nic)"
ip -n n1400 link set "$dev" netns 1

for kind in macvlan ipvlan vlan; do
    options="type $kind"
    [ $kind != vlan ] || options="type vlan id 7"
    # shellcheck disable=SC2086 # words
    check "a $kind is made on it for the 1300th namespace" ip link add link "$dev" name made0 netns n1300 $options
    equal "a $kind in another namespace is found" \
        "enslaved: made0 ($kind) is made on $dev in the network namespace of n1300" "$(usage_of $nic)"
    ip -n n1300 link del made0
done
ip link add link "$dev" name "$dev.9" type vlan id 9
ip link add link "$dev.9" name made0 netns n1300 type macvlan
ip -n n1300 addr add 203.0.113.5/24 dev made0
contains "a macvlan on a vlan, and its address, are found" \
    "addressed: 203.0.113.5/24 on made0, made0 (macvlan) is made on $dev.9 in the network namespace of n1300" "$(usage_of $nic)"
ip link del "$dev.9"

# A namespace that is mounted elsewhere, as container engines do, and one that only another mount namespace has mounted.
mkdir -p /run/engine
touch /run/engine/sandbox
ip netns add moved
mount --bind /run/netns/moved /run/engine/sandbox
ip netns del moved
ip link add link "$dev" name made0 type macvlan
nsenter --net=/run/engine/sandbox true && ip link set made0 netns /run/engine/sandbox
equal "a namespace that an engine has mounted is found" \
    "enslaved: made0 (macvlan) is made on $dev in the network namespace of /run/engine/sandbox" "$(usage_of $nic)"
unshare --mount --propagation private sh -c 'umount /run/engine/sandbox; exec sleep 60' &
sleeper=$!
unshare --mount --propagation private sh -c 'exec sleep 60' &
other=$!
sleep 1
umount /run/engine/sandbox
equal "one that only another mount namespace has mounted is found" \
    "enslaved: made0 (macvlan) is made on $dev in the network namespace of /proc/$other/root/run/engine/sandbox" "$(usage_of $nic)"
kill "$sleeper" "$other"
wait "$sleeper" "$other" 2>/dev/null
eventually "the namespace and its interface go" is_idle

# A namespace that only a descriptor holds has the interface itself; one whose descriptor is on its way through a socket
# cannot be entered.
# hide_interface PLACE: moves it into a namespace that is kept by a "descriptor", or a "message" that nobody has received.
hide_interface() {
    exec python3 - "$dev" "$1" <<'END'
import ctypes, os, socket, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
home = os.open("/proc/self/ns/net", os.O_RDONLY)
libc.unshare(0x40000000)
held = os.open("/proc/self/ns/net", os.O_RDONLY)
libc.setns(home, 0)
subprocess.run(["ip", "link", "set", sys.argv[1], "netns", f"/proc/{os.getpid()}/fd/{held}"], check=True)
if sys.argv[2] == "message":
    here, there = socket.socketpair(socket.AF_UNIX)
    socket.send_fds(here, [b"x"], [held])
    os.close(held)
time.sleep(600)
END
}
hide_interface descriptor &
sleeper=$!
eventually "the interface is out of sight" test ! -e "/sys/class/net/$dev"
equal "an interface in a namespace that only a descriptor holds is found" \
    "enslaved: $dev in the network namespace of python3 (pid $sleeper)" "$(usage_of $nic)"
kill "$sleeper"
wait "$sleeper" 2>/dev/null
eventually "it comes back" test -e "/sys/class/net/$dev"

hide_interface message &
sleeper=$!
eventually "the descriptor is on its way" sh -c "! test -e /sys/class/net/$dev && ! ls -l /proc/$sleeper/fd | grep -vF \"\$(readlink /proc/1/ns/net)\" | grep -q net:"
contains "an interface in a namespace that cannot be entered is unknown" \
    "unknown-use: the network interface of $nic is in a network namespace that was not found" "$(usage_of $nic)"
kill "$sleeper"
wait "$sleeper" 2>/dev/null
eventually "it comes back again" test -e "/sys/class/net/$dev"

# Interfaces without IFLA_LINK: only their own attributes name the lower one. Addresses of the scope "link".
check "vxlan can be loaded" modprobe -a vxlan dummy wireguard
for where in 1 n1300; do
    check "a vxlan is made on it" ip link add made0 type vxlan id 9 dstport 4789 group 239.1.1.1 dev "$dev"
    [ $where = 1 ] || ip link set made0 netns $where
    contains "a vxlan on it is found" "enslaved: made0 (vxlan) is made on $dev" "$(usage_of $nic)"
    ip -n n1300 link del made0 2>/dev/null || ip link del made0
done
if modprobe -q hsr; then # Linux 6.12 of Debian has it, 6.1 not
    ip link add dummy0 type dummy
    check "an hsr is made on it" ip link add made0 type hsr slave1 dummy0 slave2 "$dev"
    contains "an hsr on it is found" "enslaved: made0 (hsr) is made on $dev" "$(usage_of $nic)"
    ip link del made0
    ip link del dummy0
fi
# Its own index stands in place of that of a lower interface, and is the NIC's here.
ip netns add tunnels
check "a tunnel is made for a namespace" ip link add made0 netns tunnels type wireguard
equal "it has the index of the interface there" "$(cat "/sys/class/net/$dev/ifindex")" \
    "$(ip -n tunnels -o link show made0 | cut -d: -f1)"
equal "a tunnel that is made on no interface is no user" "" "$(usage_of $nic)"
ip netns del tunnels
check "it has an address of its link" ip address add 169.254.7.7/16 dev "$dev" scope link
contains "an IPv4 address of the link is found" "addressed: 169.254.7.7/16 on $dev" "$(usage_of $nic)"
ip address flush dev "$dev"

# A default route by a nexthop object.
ip link set "$dev" up
ip address add 192.0.2.1/24 dev "$dev"
eventually "it has a carrier" grep -q 1 "/sys/class/net/$dev/carrier"
check "a nexthop object is made" ip nexthop add id 7 via 192.0.2.9 dev "$dev"
check "the default route uses it" ip route add default nhid 7
contains "a default route by a nexthop object is found" "default-route: default via 192.0.2.9 dev $dev" "$(usage_of $nic)"
check "the kernel shows nexthop objects alone" sysctl -q -w net.ipv4.nexthop_compat_mode=0
contains "a default route by an object that is not shown is unknown" \
    "unknown-use: where a default route by a nexthop object leads" "$(usage_of $nic)"
sysctl -q -w net.ipv4.nexthop_compat_mode=1
ip nexthop flush
ip address flush dev "$dev"
ip link set "$dev" down
eventually "nobody uses it again" is_idle

# Sockets, PPPoE, redirections.
ip link set "$dev" up
python3 -c "
import socket, time
packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
packet.bind(('$dev', 0x88cc))
time.sleep(60)" &
sleeper=$!
eventually "a packet socket is bound" grep -q 88cc /proc/net/packet
equal "a packet socket is found" "open-fd: python3 (pid $sleeper) has a packet socket on $dev" "$(usage_of $nic)"
kill "$sleeper"
wait "$sleeper" 2>/dev/null

check "PPPoE can be loaded" modprobe pppoe
python3 -c "
import ctypes, struct, time
libc = ctypes.CDLL(None, use_errno=True)
file = libc.socket(24, 1, 0)
address = struct.pack('=HIH6s16s', 24, 0, 0x1200, bytes.fromhex('525400123456'), b'$dev')
if libc.connect(file, address, len(address)):
    raise OSError(ctypes.get_errno())
time.sleep(60)" &
sleeper=$!
eventually "a PPPoE session is there" grep -q 52:54:00:12:34:56 /proc/net/pppoe
contains "a PPPoE session is found" "52:54:00:12:34:56 goes through $dev" "$(usage_of $nic)"
kill "$sleeper"
wait "$sleeper" 2>/dev/null

check "L2TP can be loaded" modprobe -a l2tp_netlink l2tp_eth
check "the host has an address" ip address add 192.0.2.1/24 dev "$dev"
check "an L2TP tunnel is made" ip l2tp add tunnel tunnel_id 7 peer_tunnel_id 9 encap udp local 192.0.2.1 remote 192.0.2.9 \
    udp_sport 1701 udp_dport 1701
contains "an L2TP tunnel is found" "enslaved: the L2TP tunnel 7 to 192.0.2.9 goes through $dev" "$(usage_of $nic)"
check "the tunnel is deleted" ip l2tp del tunnel tunnel_id 7
ip address del 192.0.2.1/24 dev "$dev"

check "a redirection can be made" modprobe -a act_mirred act_gact cls_matchall sch_ingress dummy
ip link add dummy0 type dummy
ip link set dummy0 up
tc qdisc add dev dummy0 clsact
check "packets are redirected to it" tc filter add dev dummy0 ingress matchall action mirred egress redirect dev "$dev"
equal "a redirection to it is found" "enslaved: tc mirred sends packets to $dev" "$(usage_of $nic | grep -v fe80)"
ip link del dummy0
tc qdisc add dev "$dev" clsact
equal "a place for filters is no use" "" "$(usage_of $nic | grep -v fe80)"
check "packets are filtered" tc filter add dev "$dev" egress matchall action drop
equal "a filter on it is found" "enslaved: tc filters the packets of $dev" "$(usage_of $nic | grep -v fe80)"
tc qdisc del dev "$dev" clsact
ip link set "$dev" down
eventually "it goes with the interface that it was on" is_idle

(while :; do ip link add busy0 type dummy && ip link del busy0; done) &
churn=$!
equal "a table of links that changes all the time is read, or unknown" "" \
    "$(for _ in 1 2 3; do usage_of $nic; done | grep -v 'unknown-use: .*Dump inconsistency')"
kill "$churn"

done_checking
