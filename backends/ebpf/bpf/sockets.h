// What sockets have asked for: so that a UDP socket keeps its endpoint, and a process sees the peer that it has named.
//
// A UDP flow is here (socket, frontend), and lives as long as conntrack would let it: 30 seconds from the last datagram
// while no answer has been received, then 120. Within that time a datagram goes where the last one went, whatever the
// tables say now: the loader deletes those whose endpoint is gone, as it does with conntrack's UDP entries.
#ifndef PORTCULLIS_BPF_SOCKETS_H
#define PORTCULLIS_BPF_SOCKETS_H

#include <linux/in.h>

#include "backends/ebpf/bpf/pick.h"

// A peer of a socket: as the process names it, or as packets do.
struct pcl_peer {
  pcl_u64 cookie;
  struct pcl_addr address;
  pcl_u16 port;
  pcl_u8 protocol;
};

static __always_inline struct pcl_socket_key pcl_socket_key(const struct pcl_peer* peer, pcl_u8 kind) {
  struct pcl_socket_key key = {
      .cookie = peer->cookie, .address = peer->address, .port = peer->port, .protocol = peer->protocol, .kind = kind};
  return key;
}

static __always_inline int pcl_lives(const struct pcl_socket* flow) {
  const pcl_u64 seconds = flow->replied ? PCL_UDP_REPLIED_SECONDS : PCL_UDP_SECONDS;
  return bpf_ktime_get_ns() - flow->used < seconds * PCL_SECOND;
}

// Where the socket's flow to a frontend goes, if it lives: fills `choice` and begins its time anew.
static __noinline int pcl_sent_before(const struct pcl_peer* frontend, struct pcl_choice* choice) {
  struct pcl_socket_key key = pcl_socket_key(frontend, PCL_SOCKET_SENT);
  struct pcl_socket* flow = bpf_map_lookup_elem(&socks, &key);
  if (!flow || !pcl_lives(flow)) return 0;
  flow->used = bpf_ktime_get_ns();
  choice->address = flow->address;
  choice->port = flow->port;
  return 1;
}

static __noinline int pcl_remember_sent(const struct pcl_peer* frontend, const struct pcl_choice* choice) {
  struct pcl_socket_key key = pcl_socket_key(frontend, PCL_SOCKET_SENT);
  struct pcl_socket flow = {.used = bpf_ktime_get_ns(), .address = choice->address, .port = choice->port};
  return bpf_map_update_elem(&socks, &key, &flow, BPF_ANY);
}

// The process shall see `frontend` where packets say the endpoint.
static __noinline int pcl_remember_seen(const struct pcl_peer* frontend, const struct pcl_choice* choice) {
  struct pcl_socket_key key = pcl_socket_key(frontend, PCL_SOCKET_SEEN);
  key.address = choice->address;
  key.port = choice->port;
  const struct pcl_socket* known = bpf_map_lookup_elem(&socks, &key);
  if (known && known->port == frontend->port && pcl_same(&known->address, &frontend->address)) return 0;
  struct pcl_socket seen = {.used = bpf_ktime_get_ns(), .address = frontend->address, .port = frontend->port};
  return bpf_map_update_elem(&socks, &key, &seen, BPF_ANY);
}

// The process asks for `peer` itself: then it shall see that.
static __noinline int pcl_forget_seen(const struct pcl_peer* peer) {
  struct pcl_socket_key key = pcl_socket_key(peer, PCL_SOCKET_SEEN);
  return bpf_map_lookup_elem(&socks, &key) ? bpf_map_delete_elem(&socks, &key) : 0;
}

// Puts what the process shall see into `peer`; 0 if that is what packets say.
static __noinline int pcl_show(struct pcl_peer* peer) {
  struct pcl_socket_key key = pcl_socket_key(peer, PCL_SOCKET_SEEN);
  const struct pcl_socket* seen = bpf_map_lookup_elem(&socks, &key);
  if (!seen) return 0;
  peer->address = seen->address;
  peer->port = seen->port;
  return 1;
}

// An answer of `frontend` has come.
static __noinline int pcl_answered(const struct pcl_peer* frontend) {
  struct pcl_socket_key key = pcl_socket_key(frontend, PCL_SOCKET_SENT);
  struct pcl_socket* flow = bpf_map_lookup_elem(&socks, &key);
  if (!flow || !pcl_lives(flow)) return 0;
  flow->used = bpf_ktime_get_ns();
  flow->replied = 1;
  return 1;
}

#endif
