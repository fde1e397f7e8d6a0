# The machines of manifests/cluster.yaml. This machine is n1; the others are network namespaces:
#
#   client ──┐
#   n2 ── lan ── this machine ──┬── near
#    └── far                    └── web

# on WHO COMMAND…: runs it in a machine; `node` is this one.
on() {
  local who=$1
  shift
  if [ "$who" = node ]; then "$@"; else ip netns exec "$who" "$@"; fi
}

add_machine() { # add_machine NAME
  ip netns add "$1"
  on "$1" ip link set lo up
}

# plug WHO NUMBER: onto the nodes' network
plug() {
  on "$1" ip link add eth0 type veth peer name "lan-$1" netns lan
  on lan ip link set "lan-$1" master switch up
  on "$1" ip link set eth0 up
  on "$1" ip addr add "192.168.0.$2/24" dev eth0
  on "$1" ip addr add "fd00:192::$2/64" dev eth0 nodad
}

# add_pod NAME HOST SUBNET NUMBER: behind a host, which routes to it
add_pod() {
  local v4=10.244.$3 v6=fd00:244:0:$3:
  add_machine "$1"
  on "$2" ip link add "pod-$1" type veth peer name eth0 netns "$1"
  on "$2" ip link set "pod-$1" up
  on "$2" ip addr add "$v4.1/32" dev "pod-$1"
  on "$2" ip addr add "$v6:1/128" dev "pod-$1" nodad
  on "$1" ip link set eth0 up
  on "$1" ip addr add "$v4.$4/32" dev eth0
  on "$1" ip addr add "$v6:$4/128" dev eth0 nodad
  on "$2" ip route add "$v4.$4/32" dev "pod-$1"
  on "$2" ip route add "$v6:$4/128" dev "pod-$1"
  on "$1" ip route add "$v4.1/32" dev eth0
  on "$1" ip route add "$v6:1/128" dev eth0
  on "$1" ip route add default via "$v4.1"
  on "$1" ip route add default via "$v6:1"
  on "$1" /floor/peer serve "$1" 8080 &
}

forward() { # forward WHO
  on "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
}

build_lab() {
  local name
  ip link set lo up
  # An answer that the kernel's own limit holds back would look like a drop.
  echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
  echo 0 >/proc/sys/net/ipv6/icmp/ratelimit
  for name in lan n2 client; do add_machine "$name"; done
  on lan ip link add switch type bridge
  on lan ip link set switch up
  for name in node n2; do forward "$name"; done
  plug node 11
  plug n2 12
  plug client 250
  add_pod near node 1 3
  add_pod web node 1 2
  add_pod far n2 2 2
  # The range of Services is on no device. This node knows it by its default route alone, everybody else sends it here.
  for name in n2 client; do
    on "$name" ip route add default via 192.168.0.11
    on "$name" ip route add default via fd00:192::11
  done
  ip route add default dev eth0
  ip -6 route add default dev eth0
  ip route add 10.244.2.0/24 via 192.168.0.12
  ip route add fd00:244:0:2::/64 via fd00:192::12
}
