// What processes of this node ask sockets for: the endpoint takes the frontend's place before a route is chosen.
#ifndef PORTCULLIS_BPF_CGROUP_H
#define PORTCULLIS_BPF_CGROUP_H

#include <linux/errno.h>

#include "backends/ebpf/bpf/sockets.h"

// Hooks say 1 for 'go on', 0 for 'fail'.
enum { PCL_HOOK_FAIL = 0, PCL_HOOK_GO_ON = 1 };

// Neither an IPv6 address nor an IPv4 one.
static __always_inline int pcl_is_unspecified(const struct pcl_addr* a) {
  return a->word[0] == 0 && a->word[1] == 0 && (a->word[2] == 0 || a->word[2] == bpf_htonl(0xffff)) && a->word[3] == 0;
}

static __always_inline void pcl_set4(struct pcl_addr* to, pcl_u32 address) {
  to->word[0] = to->word[1] = 0;
  to->word[2] = bpf_htonl(0xffff);
  to->word[3] = address;
}

static __always_inline void pcl_read_peer4(struct bpf_sock_addr* context, struct pcl_addr* to) {
  pcl_set4(to, context->user_ip4);
}

static __always_inline void pcl_read_peer6(struct bpf_sock_addr* context, struct pcl_addr* to) {
  to->word[0] = context->user_ip6[0];
  to->word[1] = context->user_ip6[1];
  to->word[2] = context->user_ip6[2];
  to->word[3] = context->user_ip6[3];
}

static __always_inline void pcl_write_peer4(struct bpf_sock_addr* context, const struct pcl_addr* address,
                                            pcl_u16 port) {
  context->user_ip4 = address->word[3];
  context->user_port = port;
}

static __always_inline void pcl_write_peer6(struct bpf_sock_addr* context, const struct pcl_addr* address,
                                            pcl_u16 port) {
  context->user_ip6[0] = address->word[0];
  context->user_ip6[1] = address->word[1];
  context->user_ip6[2] = address->word[2];
  context->user_ip6[3] = address->word[3];
  context->user_port = port;
}

// The address that a socket is bound to.
static __always_inline void pcl_read_bound4(struct bpf_sock_addr* context, struct pcl_addr* to) {
  struct bpf_sock* socket = context->sk;
  pcl_set4(to, socket ? socket->src_ip4 : 0);
}

static __always_inline void pcl_read_bound6(struct bpf_sock_addr* context, struct pcl_addr* to) {
  struct bpf_sock* socket = context->sk;
  if (!socket) return;
  to->word[0] = socket->src_ip6[0];
  to->word[1] = socket->src_ip6[1];
  to->word[2] = socket->src_ip6[2];
  to->word[3] = socket->src_ip6[3];
}

// The address that a datagram is sent from: its own, or what its socket is bound to.
static __always_inline void pcl_read_source4(struct bpf_sock_addr* context, struct pcl_addr* to) {
  pcl_set4(to, context->msg_src_ip4);
}

static __always_inline void pcl_read_source6(struct bpf_sock_addr* context, struct pcl_addr* to) {
  to->word[0] = context->msg_src_ip6[0];
  to->word[1] = context->msg_src_ip6[1];
  to->word[2] = context->msg_src_ip6[2];
  to->word[3] = context->msg_src_ip6[3];
}

// Whether a datagram goes where its socket is connected to. Of IPv6 sockets whose peer is IPv4, the kernel asks again
// for each, with the endpoint that connect has been given.
static __always_inline int pcl_is_connected4(struct bpf_sock_addr* context) {
  struct bpf_sock* socket = context->sk;
  return socket && socket->state == BPF_TCP_ESTABLISHED && socket->dst_ip4 == context->user_ip4 &&
         socket->dst_port == (pcl_u16)context->user_port;
}

static __always_inline int pcl_is_loopback(const struct pcl_addr* a) {
  return pcl_is_loopback4(a) || (a->word[0] == 0 && a->word[1] == 0 && a->word[2] == 0 && a->word[3] == bpf_htonl(1));
}

// The source that the kernel is going to take, where the process has named none.
static __always_inline void pcl_complete(struct pcl_flow* flow, const struct pcl_config* config) {
  const int ipv4 = pcl_is_mapped4(&flow->destination);
  if (!pcl_is_unspecified(&flow->source)) return;
  if (!pcl_is_loopback(&flow->destination)) {
    flow->source = ipv4 ? config->address4 : config->address6;
  } else if (ipv4) {
    pcl_set4(&flow->source, bpf_htonl(0x7f000001));
  } else {
    flow->source = flow->destination;
  }
}

// To ask for no address is to ask for this node.
static __always_inline void pcl_name_loopback(struct pcl_addr* destination) {
  if (!pcl_is_unspecified(destination)) return;
  if (pcl_is_mapped4(destination)) {
    pcl_set4(destination, bpf_htonl(0x7f000001));
  } else {
    destination->word[3] = bpf_htonl(1);
  }
}

static __always_inline int pcl_has_ports(pcl_u32 protocol) {
  return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE;
}

// The verdict on a new flow of a socket. Endpoints are for TCP and UDP.
static __noinline pcl_u32 pcl_socket_verdict(struct pcl_flow* flow, struct pcl_choice* choice) {
  flow->generation = pcl_generation();
  const pcl_u64 decision = decide(flow);
  const pcl_u32 verdict = decision & PCL_ACTION_VERDICT;
  if (verdict != PCL_DNAT) return verdict;
  if (flow->protocol != IPPROTO_TCP && flow->protocol != IPPROTO_UDP) {
    pcl_count(PCL_COUNT_PROTOCOL);
    return PCL_NONE;
  }
  const pcl_u32 chosen = pcl_pick(flow, decision, choice);
  if (chosen == PCL_NONE) pcl_count(PCL_COUNT_NO_ENDPOINT);
  return chosen;
}

static __always_inline int pcl_fail(pcl_u32 verdict) {
  pcl_count(verdict == PCL_REJECT ? PCL_COUNT_SOCKETS_REJECTED : PCL_COUNT_SOCKETS_DROPPED);
  bpf_set_retval(verdict == PCL_REJECT ? -ECONNREFUSED : -ETIMEDOUT);
  return PCL_HOOK_FAIL;
}

// Whether the socket is of the network namespace that is served.
static __always_inline int pcl_is_of_node(struct bpf_sock_addr* context, const struct pcl_config* config) {
  const pcl_u64 node = config->netns ? config->netns : bpf_get_netns_cookie(0);
  return bpf_get_netns_cookie(context) == node;
}

// Fills `choice` and returns PCL_DNAT if the peer that the process names in `flow` has to be replaced.
static __always_inline pcl_u32 pcl_replace(struct bpf_sock_addr* context, struct pcl_flow* flow,
                                           struct pcl_choice* choice) {
  pcl_u32 zero = 0;
  const struct pcl_config* config = bpf_map_lookup_elem(&cfg, &zero);
  if (!config || !pcl_is_of_node(context, config)) return PCL_NONE;
  struct pcl_peer frontend = {.cookie = bpf_get_socket_cookie(context), .address = flow->destination};
  flow->origin = PCL_ORIGIN_OUT;
  flow->protocol = context->protocol;
  if (pcl_has_ports(flow->protocol)) flow->port = context->user_port;
  frontend.port = flow->port;
  frontend.protocol = flow->protocol;

  if (flow->protocol != IPPROTO_UDP || !pcl_sent_before(&frontend, choice)) {
    pcl_name_loopback(&flow->destination);
    pcl_complete(flow, config);
    const pcl_u32 verdict = pcl_socket_verdict(flow, choice);
    if (verdict == PCL_NONE && flow->protocol == IPPROTO_UDP) pcl_forget_seen(&frontend);
    if (verdict != PCL_DNAT) return verdict;
    pcl_count(PCL_COUNT_SOCKETS);
    if (flow->protocol == IPPROTO_UDP) pcl_remember_sent(&frontend, choice);
  }
  pcl_remember_seen(&frontend, choice);
  return PCL_DNAT;
}

SEC("cgroup/connect4")
int pcl_c4(struct bpf_sock_addr* context) {
  struct pcl_flow flow = {};
  struct pcl_choice choice = {};
  pcl_read_peer4(context, &flow.destination);
  pcl_read_bound4(context, &flow.source);
  const pcl_u32 verdict = pcl_replace(context, &flow, &choice);
  if (verdict == PCL_NONE) return PCL_HOOK_GO_ON;
  if (verdict != PCL_DNAT) return pcl_fail(verdict);
  pcl_write_peer4(context, &choice.address, choice.port);
  return PCL_HOOK_GO_ON;
}

SEC("cgroup/connect6")
int pcl_c6(struct bpf_sock_addr* context) {
  struct pcl_flow flow = {};
  struct pcl_choice choice = {};
  pcl_read_peer6(context, &flow.destination);
  pcl_read_bound6(context, &flow.source);
  const pcl_u32 verdict = pcl_replace(context, &flow, &choice);
  if (verdict == PCL_NONE) return PCL_HOOK_GO_ON;
  if (verdict != PCL_DNAT) return pcl_fail(verdict);
  pcl_write_peer6(context, &choice.address, choice.port);
  return PCL_HOOK_GO_ON;
}

SEC("cgroup/sendmsg4")
int pcl_s4(struct bpf_sock_addr* context) {
  struct pcl_flow flow = {};
  struct pcl_choice choice = {};
  if (pcl_is_connected4(context)) return PCL_HOOK_GO_ON;
  pcl_read_peer4(context, &flow.destination);
  pcl_read_source4(context, &flow.source);
  const pcl_u32 verdict = pcl_replace(context, &flow, &choice);
  if (verdict == PCL_NONE) return PCL_HOOK_GO_ON;
  if (verdict != PCL_DNAT) return pcl_fail(verdict);
  pcl_write_peer4(context, &choice.address, choice.port);
  return PCL_HOOK_GO_ON;
}

SEC("cgroup/sendmsg6")
int pcl_s6(struct bpf_sock_addr* context) {
  struct pcl_flow flow = {};
  struct pcl_choice choice = {};
  pcl_read_peer6(context, &flow.destination);
  pcl_read_source6(context, &flow.source);
  const pcl_u32 verdict = pcl_replace(context, &flow, &choice);
  if (verdict == PCL_NONE) return PCL_HOOK_GO_ON;
  if (verdict != PCL_DNAT) return pcl_fail(verdict);
  pcl_write_peer6(context, &choice.address, choice.port);
  return PCL_HOOK_GO_ON;
}

// `peer` is whom packets name; true if the process shall see another, which is then there.
static __always_inline int pcl_show_peer(struct bpf_sock_addr* context, struct pcl_peer* peer, int received) {
  peer->cookie = bpf_get_socket_cookie(context);
  peer->port = context->user_port;
  peer->protocol = context->protocol;
  if (!pcl_show(peer)) return 0;
  if (received) pcl_answered(peer);
  return 1;
}

SEC("cgroup/recvmsg4")
int pcl_r4(struct bpf_sock_addr* context) {
  struct pcl_peer peer = {};
  pcl_read_peer4(context, &peer.address);
  if (pcl_show_peer(context, &peer, 1)) pcl_write_peer4(context, &peer.address, peer.port);
  return PCL_HOOK_GO_ON;
}

SEC("cgroup/recvmsg6")
int pcl_r6(struct bpf_sock_addr* context) {
  struct pcl_peer peer = {};
  pcl_read_peer6(context, &peer.address);
  if (pcl_show_peer(context, &peer, 1)) pcl_write_peer6(context, &peer.address, peer.port);
  return PCL_HOOK_GO_ON;
}

SEC("cgroup/getpeername4")
int pcl_g4(struct bpf_sock_addr* context) {
  struct pcl_peer peer = {};
  pcl_read_peer4(context, &peer.address);
  if (pcl_show_peer(context, &peer, 0)) pcl_write_peer4(context, &peer.address, peer.port);
  return PCL_HOOK_GO_ON;
}

SEC("cgroup/getpeername6")
int pcl_g6(struct bpf_sock_addr* context) {
  struct pcl_peer peer = {};
  pcl_read_peer6(context, &peer.address);
  if (pcl_show_peer(context, &peer, 0)) pcl_write_peer6(context, &peer.address, peer.port);
  return PCL_HOOK_GO_ON;
}

#endif
