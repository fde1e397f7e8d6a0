// Which flow a packet belongs to.
#ifndef PORTCULLIS_BPF_PARSE_H
#define PORTCULLIS_BPF_PARSE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include "backends/ebpf/bpf/state.h"

struct pcl_packet {
  struct pcl_flow flow;
  pcl_u32 network;    // where the IP header begins
  pcl_u32 transport;  // where its payload begins, behind options and extension headers
  pcl_u16 source_port;
  pcl_u8 ipv6;
  pcl_u8 tos;
  pcl_u8 begins;    // whether conntrack takes it for the first packet of a flow where it knows none
  pcl_u8 syn;       // TCP: nothing but a SYN
  pcl_u16 length;   // of the payload
  pcl_u32 partial;  // it is the first fragment of more
};

// TCP flags as conntrack looks at them.
enum {
  PCL_TCP_FIN = 0x01,
  PCL_TCP_SYN = 0x02,
  PCL_TCP_RST = 0x04,
  PCL_TCP_ACK = 0x10,
  PCL_TCP_URG = 0x20,
  PCL_TCP_FLAGS = 0x37,
};

// Flags that conntrack does not call invalid.
static __always_inline int pcl_tcp_valid(pcl_u32 flags) {
  switch (flags & ~PCL_TCP_URG) {
    case PCL_TCP_SYN:
    case PCL_TCP_ACK:
    case PCL_TCP_FIN | PCL_TCP_ACK:
      return 1;
    case PCL_TCP_SYN | PCL_TCP_ACK:
    case PCL_TCP_RST:
    case PCL_TCP_RST | PCL_TCP_ACK:
      return !(flags & PCL_TCP_URG);
    default:
      return 0;
  }
}

static __always_inline int pcl_parse_tcp(struct __sk_buff* skb, struct pcl_packet* packet) {
  pcl_u8 header[20];
  if (bpf_skb_load_bytes(skb, packet->transport, header, sizeof(header))) return 0;
  const pcl_u32 length = (header[12] >> 4) * 4;
  if (length < sizeof(header) || (!packet->partial && length > packet->length)) return 0;
  const pcl_u32 flags = header[13] & PCL_TCP_FLAGS;
  if (!pcl_tcp_valid(flags)) return 0;
  __builtin_memcpy(&packet->source_port, header, 2);
  __builtin_memcpy(&packet->flow.port, header + 2, 2);
  const pcl_u32 kind = flags & ~PCL_TCP_URG;
  packet->syn = kind == PCL_TCP_SYN;
  packet->begins = kind == PCL_TCP_SYN || kind == PCL_TCP_ACK;
  return 1;
}

static __always_inline int pcl_parse_udp(struct __sk_buff* skb, struct pcl_packet* packet) {
  struct udphdr header;
  if (bpf_skb_load_bytes(skb, packet->transport, &header, sizeof(header))) return 0;
  const pcl_u32 length = bpf_ntohs(header.len);
  if (length < sizeof(header) || (!packet->partial && length > packet->length)) return 0;
  packet->source_port = header.source;
  packet->flow.port = header.dest;
  packet->begins = 1;
  return 1;
}

// SCTP, UDP-Lite, DCCP: ports come first, as everywhere.
static __always_inline int pcl_parse_ports(struct __sk_buff* skb, struct pcl_packet* packet) {
  pcl_u16 ports[2];
  if (bpf_skb_load_bytes(skb, packet->transport, ports, sizeof(ports))) return 0;
  packet->source_port = ports[0];
  packet->flow.port = ports[1];
  packet->begins = 1;
  return 1;
}

// Of ICMP, conntrack lets queries alone begin a flow: echo, timestamp, information, address mask; in IPv6 echo and node
// information.
static __always_inline int pcl_parse_icmp(struct __sk_buff* skb, struct pcl_packet* packet) {
  pcl_u8 type;
  if (bpf_skb_load_bytes(skb, packet->transport, &type, sizeof(type))) return 0;
  if (packet->ipv6) {
    packet->begins = type == 128 || type == 139;
  } else {
    packet->begins = type == 8 || type == 13 || type == 15 || type == 17;
  }
  return packet->begins;
}

static __always_inline int pcl_parse_transport(struct __sk_buff* skb, struct pcl_packet* packet) {
  switch (packet->flow.protocol) {
    case IPPROTO_TCP:
      return pcl_parse_tcp(skb, packet);
    case IPPROTO_UDP:
      return pcl_parse_udp(skb, packet);
    case IPPROTO_SCTP:
    case IPPROTO_UDPLITE:
    case IPPROTO_DCCP:
      return pcl_parse_ports(skb, packet);
    case IPPROTO_ICMP:
      return !packet->ipv6 && pcl_parse_icmp(skb, packet);
    case IPPROTO_ICMPV6:
      return packet->ipv6 && pcl_parse_icmp(skb, packet);
    default:
      packet->begins = 1;
      return 1;
  }
}

static __always_inline int pcl_parse_ipv4(struct __sk_buff* skb, struct pcl_packet* packet) {
  struct iphdr header;
  if (bpf_skb_load_bytes(skb, packet->network, &header, sizeof(header))) return 0;
  const pcl_u32 length = header.ihl * 4;
  const pcl_u32 total = bpf_ntohs(header.tot_len);
  if (header.version != 4 || length < sizeof(header) || total < length) return 0;
  if (header.frag_off & bpf_htons(0x1fff)) return 0;
  packet->partial = (header.frag_off & bpf_htons(0x2000)) != 0;
  packet->flow.source.word[2] = packet->flow.destination.word[2] = bpf_htonl(0xffff);
  packet->flow.source.word[3] = header.saddr;
  packet->flow.destination.word[3] = header.daddr;
  packet->flow.protocol = header.protocol;
  packet->tos = header.tos;
  packet->transport = packet->network + length;
  packet->length = total - length;
  return pcl_parse_transport(skb, packet);
}

enum { PCL_EXTENSIONS = 4 };  // extension headers that are read

// Steps over one extension header and returns what follows it; 0 if it can't be read or is that of a later fragment.
static __always_inline int pcl_skip(struct __sk_buff* skb, struct pcl_packet* packet) {
  pcl_u8 header[8];  // the shortest there is
  if (bpf_skb_load_bytes(skb, packet->transport, header, sizeof(header))) return 0;
  pcl_u32 length = (header[1] + 1) * 8;
  if (packet->flow.protocol == IPPROTO_FRAGMENT) {
    if (header[2] || (header[3] & 0xf8)) return 0;
    packet->partial = header[3] & 1;
    length = sizeof(header);
  } else if (packet->flow.protocol == IPPROTO_AH) {
    length = (header[1] + 2) * 4;
  }
  if (length > packet->length) return 0;
  packet->transport += length;
  packet->length -= length;
  packet->flow.protocol = header[0];
  return 1;
}

static __always_inline int pcl_is_extension(pcl_u8 protocol) {
  return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING || protocol == IPPROTO_DSTOPTS ||
         protocol == IPPROTO_FRAGMENT || protocol == IPPROTO_AH;
}

static __always_inline int pcl_parse_ipv6(struct __sk_buff* skb, struct pcl_packet* packet) {
  struct ipv6hdr header;
  if (bpf_skb_load_bytes(skb, packet->network, &header, sizeof(header)) || header.version != 6) return 0;
  __builtin_memcpy(&packet->flow.source, &header.saddr, sizeof(header.saddr));
  __builtin_memcpy(&packet->flow.destination, &header.daddr, sizeof(header.daddr));
  // No packet of IPv6 may have the form in which the tables hold IPv4 addresses.
  if (pcl_is_mapped4(&packet->flow.source) || pcl_is_mapped4(&packet->flow.destination)) return 0;
  packet->flow.protocol = header.nexthdr;
  packet->ipv6 = 1;
  packet->tos = header.priority << 4 | header.flow_lbl[0] >> 4;
  packet->transport = packet->network + sizeof(header);
  packet->length = bpf_ntohs(header.payload_len);
  for (int extension = 0; extension < PCL_EXTENSIONS && pcl_is_extension(packet->flow.protocol); ++extension) {
    if (!pcl_skip(skb, packet)) return 0;
  }
  if (pcl_is_extension(packet->flow.protocol)) {
    pcl_count(PCL_COUNT_HEADERS);
    return 0;
  }
  return pcl_parse_transport(skb, packet);
}

// Fills an empty `packet`; 0 for what can't begin a flow or belong to one that we see: other protocols of the link,
// later fragments (conntrack puts them together), what conntrack calls invalid, ICMP errors.
static __noinline int pcl_parse(struct __sk_buff* skb, struct pcl_packet* packet, pcl_u32 interface_flags) {
  pcl_u16 protocol;
  if (interface_flags & PCL_INTERFACE_NO_LINK) {
    pcl_u8 first;
    if (bpf_skb_load_bytes(skb, 0, &first, sizeof(first))) return 0;
    protocol = first >> 4 == 4 ? bpf_htons(ETH_P_IP) : first >> 4 == 6 ? bpf_htons(ETH_P_IPV6) : 0;
  } else {
    packet->network = ETH_HLEN;
    if (bpf_skb_load_bytes(skb, ETH_HLEN - 2, &protocol, sizeof(protocol))) return 0;
    if (protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD)) {
      packet->network += 4;
      if (bpf_skb_load_bytes(skb, ETH_HLEN + 2, &protocol, sizeof(protocol))) return 0;
    }
  }
  if (protocol == bpf_htons(ETH_P_IP)) return pcl_parse_ipv4(skb, packet);
  if (protocol == bpf_htons(ETH_P_IPV6)) return pcl_parse_ipv6(skb, packet);
  return 0;
}

#endif
