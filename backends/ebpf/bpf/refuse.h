// The answer to a packet that is rejected: what netfilter sends for `reject`, ICMP port unreachable.
#ifndef PORTCULLIS_BPF_REFUSE_H
#define PORTCULLIS_BPF_REFUSE_H

#include <linux/pkt_cls.h>

#include "backends/ebpf/bpf/parse.h"

enum {
  PCL_QUOTE = 64,       // bytes of the refused payload, at most
  PCL_QUOTE_LEAST = 8,  // and at least
  PCL_HOPS = 64,
};

// The same in both versions of IP, but for the numbers.
struct pcl_icmp {
  pcl_u8 type;
  pcl_u8 code;
  pcl_u16 checksum;
  pcl_u32 unused;
};
enum { PCL_UNREACHABLE4 = 3, PCL_UNREACHABLE4_PORT = 3, PCL_UNREACHABLE6 = 1, PCL_UNREACHABLE6_PORT = 4 };
struct pcl_answer4 {
  struct iphdr ip;
  struct pcl_icmp icmp;
};
struct pcl_answer6 {
  struct ipv6hdr ip;
  struct pcl_icmp icmp;
};

// The payload of the refused packet, as it is quoted.
struct pcl_quote {
  pcl_u16 word[PCL_QUOTE / 2];
  pcl_u32 length;
};

static __always_inline pcl_u32 pcl_fold(pcl_u32 sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  return (sum & 0xffff) + (sum >> 16);
}

// Which word of the payload is its checksum; 0: we know of none.
static __always_inline pcl_u32 pcl_checksum_at(pcl_u8 protocol) {
  return protocol == IPPROTO_TCP ? 8 : protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE ? 3 : 0;
}

// Reads what is quoted. A sender may have left its checksum to the device, and the device then writes the complement of
// the sum into the quote, after we have summed it up: so the field gets the value which that does not change, half of
// what the sum lacks. Nobody looks at the checksum of a quote.
static __always_inline int pcl_read_quote(struct __sk_buff* skb, const struct pcl_packet* packet,
                                          struct pcl_quote* quote) {
  __builtin_memset(quote, 0, sizeof(*quote));
  pcl_u32 length = skb->len - packet->transport;
  if (length > PCL_QUOTE) length = PCL_QUOTE;
  // One register from here on: Linux 6.1 does not know of a copy what it finds out about the original.
  asm volatile("" : "+r"(length));
  if (length < PCL_QUOTE_LEAST) return 0;
  if (bpf_skb_load_bytes(skb, packet->transport, quote->word, length)) return 0;
  quote->length = length;
  const pcl_u32 at = pcl_checksum_at(packet->flow.protocol);
  if (!at) return 1;
  quote->word[at] = 0;
  const pcl_u32 lacks = 0xffff - pcl_fold(bpf_csum_diff(0, 0, (pcl_u32*)quote->word, PCL_QUOTE, 0));
  quote->word[at] = (lacks & 1 ? lacks + 0xffff : lacks) / 2;
  return 1;
}

// Whether somebody is there to be answered.
static __always_inline int pcl_answerable(const struct pcl_packet* packet) {
  const struct pcl_addr* source = &packet->flow.source;
  const pcl_u32 first = bpf_ntohl(source->word[packet->ipv6 ? 0 : 3]);
  if (packet->ipv6) return first >> 24 != 0xff && !pcl_is_zero(source);
  return first >> 24 != 0 && first >> 24 != 127 && first >> 28 < 14;
}

// Whose address the answer bears: the one that was asked if it is this node's, else that of the interface.
static __always_inline void pcl_answer_source(const struct pcl_packet* packet, const struct pcl_interface* interface,
                                              struct pcl_addr* source) {
  *source = packet->flow.destination;
  if (!interface || pcl_is_here(&packet->flow, source)) return;
  const struct pcl_addr* own = packet->ipv6 ? &interface->masquerade6 : &interface->masquerade4;
  if (!pcl_is_zero(own)) *source = *own;
}

static __noinline int pcl_write_answer4(struct __sk_buff* skb, const struct pcl_packet* packet,
                                        const struct pcl_quote* quote, const struct pcl_addr* source) {
  struct iphdr refused;
  struct pcl_answer4 answer = {};
  if (bpf_skb_load_bytes(skb, packet->network + sizeof(answer), &refused, sizeof(refused))) return 0;
  answer.ip.version = 4;
  answer.ip.ihl = sizeof(answer.ip) / 4;
  answer.ip.tos = (packet->tos & 0x1e) | 0xc0;  // internetwork control
  answer.ip.tot_len = bpf_htons(sizeof(answer) + sizeof(refused) + quote->length);
  answer.ip.id = bpf_get_prandom_u32();
  answer.ip.ttl = PCL_HOPS;
  answer.ip.protocol = IPPROTO_ICMP;
  answer.ip.saddr = source->word[3];
  answer.ip.daddr = packet->flow.source.word[3];
  answer.ip.check = ~pcl_fold(bpf_csum_diff(0, 0, (pcl_u32*)&answer.ip, sizeof(answer.ip), 0));
  answer.icmp.type = PCL_UNREACHABLE4;
  answer.icmp.code = PCL_UNREACHABLE4_PORT;
  pcl_u32 sum = bpf_csum_diff(0, 0, (pcl_u32*)&answer.icmp, sizeof(answer.icmp), 0);
  sum = bpf_csum_diff(0, 0, (pcl_u32*)&refused, sizeof(refused), sum);
  sum = bpf_csum_diff(0, 0, (pcl_u32*)quote->word, PCL_QUOTE, sum);
  answer.icmp.checksum = ~pcl_fold(sum);
  return bpf_skb_store_bytes(skb, packet->network, &answer, sizeof(answer), 0) == 0;
}

static __noinline int pcl_write_answer6(struct __sk_buff* skb, const struct pcl_packet* packet,
                                        const struct pcl_quote* quote, const struct pcl_addr* source) {
  struct ipv6hdr refused;
  struct pcl_answer6 answer = {};
  if (bpf_skb_load_bytes(skb, packet->network + sizeof(answer), &refused, sizeof(refused))) return 0;
  const pcl_u32 length = sizeof(answer.icmp) + sizeof(refused) + quote->length;
  answer.ip.version = 6;
  answer.ip.payload_len = bpf_htons(length);
  answer.ip.nexthdr = IPPROTO_ICMPV6;
  answer.ip.hop_limit = PCL_HOPS;
  __builtin_memcpy(&answer.ip.saddr, source, sizeof(answer.ip.saddr));
  __builtin_memcpy(&answer.ip.daddr, &packet->flow.source, sizeof(answer.ip.daddr));
  answer.icmp.type = PCL_UNREACHABLE6;
  answer.icmp.code = PCL_UNREACHABLE6_PORT;
  pcl_u32 pseudo[2] = {bpf_htonl(length), bpf_htonl(IPPROTO_ICMPV6)};
  pcl_u32 sum = bpf_csum_diff(0, 0, pseudo, sizeof(pseudo), 0);
  sum = bpf_csum_diff(0, 0, (pcl_u32*)&answer.ip.saddr, 2 * sizeof(answer.ip.saddr), sum);
  sum = bpf_csum_diff(0, 0, (pcl_u32*)&answer.icmp, sizeof(answer.icmp), sum);
  sum = bpf_csum_diff(0, 0, (pcl_u32*)&refused, sizeof(refused), sum);
  sum = bpf_csum_diff(0, 0, (pcl_u32*)quote->word, PCL_QUOTE, sum);
  answer.icmp.checksum = ~pcl_fold(sum);
  return bpf_skb_store_bytes(skb, packet->network, &answer, sizeof(answer), 0) == 0;
}

static __always_inline int pcl_turn_link(struct __sk_buff* skb) {
  pcl_u8 addresses[2 * ETH_ALEN];
  if (bpf_skb_load_bytes(skb, 0, addresses, sizeof(addresses))) return 0;
  return !bpf_skb_store_bytes(skb, 0, addresses + ETH_ALEN, ETH_ALEN, 0) &&
         !bpf_skb_store_bytes(skb, ETH_ALEN, addresses, ETH_ALEN, 0);
}

// Room for the answer's headers between the link's and the refused packet, which is cut to the quote.
static __always_inline int pcl_make_room(struct __sk_buff* skb, const struct pcl_packet* packet,
                                         const struct pcl_quote* quote, pcl_u32 room) {
  const pcl_u32 kept = packet->transport + quote->length;
  if (skb->len > kept && bpf_skb_change_tail(skb, kept, 0)) return 0;
  return bpf_skb_adjust_room(skb, room, BPF_ADJ_ROOM_MAC, 0) == 0;
}

// Turns the packet into its answer. 0 if there is none: nobody to answer, IPv4 options, IPv6 extension headers.
static __noinline int pcl_write_refusal(struct __sk_buff* skb, const struct pcl_packet* packet,
                                        const struct pcl_interface* interface) {
  const pcl_u32 header = packet->ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
  if (packet->transport - packet->network != header || !pcl_answerable(packet)) return 0;
  struct pcl_addr source;
  pcl_answer_source(packet, interface, &source);
  struct pcl_quote quote;
  if (!pcl_read_quote(skb, packet, &quote)) return 0;
  if (!pcl_make_room(skb, packet, &quote, packet->ipv6 ? sizeof(struct pcl_answer6) : sizeof(struct pcl_answer4))) {
    return 0;
  }
  const pcl_u32 at = pcl_checksum_at(packet->flow.protocol);
  const pcl_u32 quoted =
      packet->network + header + (packet->ipv6 ? sizeof(struct pcl_answer6) : sizeof(struct pcl_answer4));
  if (at) {
    const pcl_u16 checksum = quote.word[at & (PCL_QUOTE / 2 - 1)];
    if (bpf_skb_store_bytes(skb, quoted + 2 * at, &checksum, sizeof(checksum), 0)) return 0;
  }
  if (packet->network && !pcl_turn_link(skb)) return 0;
  return packet->ipv6 ? pcl_write_answer6(skb, packet, &quote, &source)
                      : pcl_write_answer4(skb, packet, &quote, &source);
}

// Sends the answer back out by the interface that the packet came in by.
static __always_inline int pcl_refuse(struct __sk_buff* skb, const struct pcl_packet* packet,
                                      const struct pcl_interface* interface) {
  if (!pcl_write_refusal(skb, packet, interface)) {
    pcl_count(PCL_COUNT_UNANSWERED);
    return TC_ACT_SHOT;
  }
  pcl_count(PCL_COUNT_REJECTED);
  return bpf_redirect(skb->ifindex, 0);
}

#endif
