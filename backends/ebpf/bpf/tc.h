// What comes in by an interface.
#ifndef PORTCULLIS_BPF_TC_H
#define PORTCULLIS_BPF_TC_H

#include <linux/if_packet.h>
#include <linux/pkt_cls.h>

#include "backends/ebpf/bpf/pick.h"
#include "backends/ebpf/bpf/refuse.h"
#include "backends/ebpf/bpf/track.h"

enum { PCL_FAMILY_IPV4 = 2, PCL_FAMILY_IPV6 = 10 };

// By which interface the packet will leave for `to`, as the kernel answers.
static __noinline long pcl_way_out(struct __sk_buff* skb, const struct pcl_packet* packet, const struct pcl_addr* to,
                                   pcl_u32* interface) {
  struct bpf_fib_lookup way = {};
  way.ifindex = skb->ifindex;
  way.l4_protocol = packet->flow.protocol;
  if (packet->ipv6) {
    way.family = PCL_FAMILY_IPV6;
    __builtin_memcpy(way.ipv6_src, &packet->flow.source, sizeof(way.ipv6_src));
    __builtin_memcpy(way.ipv6_dst, to, sizeof(way.ipv6_dst));
  } else {
    way.family = PCL_FAMILY_IPV4;
    way.tos = packet->tos;
    way.ipv4_src = packet->flow.source.word[3];
    way.ipv4_dst = to->word[3];
  }
  const long result = bpf_fib_lookup(skb, &way, sizeof(way), 0);
  *interface = way.ifindex;
  return result;
}

// The source of a translated packet that is masqueraded: that of the interface it leaves by. What stays on the node, or
// has no route, keeps its own. 0 if there is no such address.
static __noinline int pcl_masquerade(struct __sk_buff* skb, const struct pcl_packet* packet, const struct pcl_addr* to,
                                     struct pcl_addr* source) {
  if (pcl_is_here(&packet->flow, to)) return 1;
  pcl_u32 out = 0;
  switch (pcl_way_out(skb, packet, to, &out)) {
    case BPF_FIB_LKUP_RET_SUCCESS:
    case BPF_FIB_LKUP_RET_NO_NEIGH:
    case BPF_FIB_LKUP_RET_FRAG_NEEDED:
      break;
    case BPF_FIB_LKUP_RET_BLACKHOLE:
    case BPF_FIB_LKUP_RET_UNREACHABLE:
    case BPF_FIB_LKUP_RET_PROHIBIT:
    case BPF_FIB_LKUP_RET_NOT_FWDED:
      return 1;
    default:  // the interface that it came in by must not forward; a route that is a tunnel of its own
      return 0;
  }
  const struct pcl_interface* interface = bpf_map_lookup_elem(&ifs, &out);
  if (!interface) return 0;
  *source = packet->ipv6 ? interface->masquerade6 : interface->masquerade4;
  if (pcl_is_zero(source)) return 0;
  pcl_count(PCL_COUNT_MASQUERADED);
  return 1;
}

// Of a decision whose verdict is PCL_DNAT: what is done in the end.
static __noinline pcl_u32 pcl_translate(struct __sk_buff* skb, const struct pcl_packet* packet, pcl_u64 decision,
                                        int closed) {
  if (packet->flow.protocol != IPPROTO_TCP && packet->flow.protocol != IPPROTO_UDP) {
    pcl_count(PCL_COUNT_PROTOCOL);
    return PCL_NONE;
  }
  struct pcl_choice choice = {};
  const pcl_u32 verdict = pcl_pick(&packet->flow, decision, &choice);
  if (verdict == PCL_NONE) pcl_count(PCL_COUNT_NO_ENDPOINT);
  if (verdict != PCL_DNAT) return verdict;
  struct pcl_addr source = packet->flow.source;
  if (choice.masquerade && !pcl_masquerade(skb, packet, &choice.address, &source)) {
    pcl_count(PCL_COUNT_NO_ADDRESS);
    return PCL_DROP;
  }
  if (closed) pcl_reap(skb, packet);
  if (pcl_track(skb, packet, &choice, &source)) {
    pcl_count(PCL_COUNT_NO_ENTRY);
    return PCL_DROP;
  }
  pcl_count(PCL_COUNT_TRANSLATED);
  return PCL_DNAT;
}

// Where rules are asked at the ports of bridges already (net.bridge.bridge-nf-call-iptables), the packet comes with a
// flow that conntrack has begun there, and would not look for our entry. It comes in once more, and then without.
static __always_inline int pcl_translated(struct __sk_buff* skb, const struct pcl_interface* interface) {
  if (!interface || !(interface->flags & PCL_INTERFACE_BRIDGE)) return TC_ACT_UNSPEC;
  return bpf_redirect(skb->ifindex, BPF_F_INGRESS);
}

static __always_inline int pcl_decided(struct __sk_buff* skb, struct pcl_packet* packet,
                                       const struct pcl_interface* interface, int closed) {
  packet->flow.generation = pcl_generation();
  const pcl_u64 decision = decide(&packet->flow);
  pcl_u32 verdict = decision & PCL_ACTION_VERDICT;
  if (verdict == PCL_DNAT) verdict = pcl_translate(skb, packet, decision, closed);
  switch (verdict) {
    case PCL_REJECT:
      return pcl_refuse(skb, packet, interface);
    case PCL_DROP:
      pcl_count(PCL_COUNT_DROPPED);
      return TC_ACT_SHOT;
    case PCL_DNAT:
      return pcl_translated(skb, interface);
    default:
      return TC_ACT_UNSPEC;
  }
}

// Passing a packet on is TC_ACT_UNSPEC, so that other programs of the interface still see it.
SEC("tc")
int pcl_in(struct __sk_buff* skb) {
  pcl_u32 index = skb->ifindex;
  const struct pcl_interface* interface = bpf_map_lookup_elem(&ifs, &index);
  const pcl_u32 flags = interface ? interface->flags : 0;
  // Frames for other stations are none of ours; but what a pod sends to a bridge is for others as its port sees it.
  if (skb->pkt_type == PACKET_OTHERHOST && !(flags & PCL_INTERFACE_POD)) return TC_ACT_UNSPEC;

  struct pcl_packet packet = {};
  if (!pcl_parse(skb, &packet, flags)) return TC_ACT_UNSPEC;
  if (flags & PCL_INTERFACE_POD) packet.flow.origin = PCL_ORIGIN_POD;
  int closed = 0;
  if (packet.flow.protocol == IPPROTO_TCP || packet.flow.protocol == IPPROTO_UDP) {
    const enum pcl_known known = pcl_known(skb, &packet);
    if (known == PCL_KNOWN) return TC_ACT_UNSPEC;
    if (known == PCL_NOT_NATTED) {
      pcl_count(PCL_COUNT_NOT_NATTED);
      return TC_ACT_SHOT;
    }
    closed = known == PCL_CLOSED;
  }
  if (!packet.begins) return TC_ACT_UNSPEC;
  return pcl_decided(skb, &packet, interface, closed);
}

#endif
