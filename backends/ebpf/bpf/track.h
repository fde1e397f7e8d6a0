// What conntrack knows of a packet's flow, and what it is told.
#ifndef PORTCULLIS_BPF_TRACK_H
#define PORTCULLIS_BPF_TRACK_H

#include "backends/ebpf/bpf/kernel.h"
#include "backends/ebpf/bpf/parse.h"

struct pcl_tuple {
  struct bpf_sock_tuple tuple;
  struct bpf_ct_opts options;
  pcl_u32 size;
};

static __always_inline void pcl_fill(struct pcl_tuple* to, const struct pcl_packet* packet) {
  __builtin_memset(to, 0, sizeof(*to));
  to->options.netns_id = -1;  // the packet's own
  to->options.l4proto = packet->flow.protocol;
  if (packet->ipv6) {
    to->size = sizeof(to->tuple.ipv6);
    __builtin_memcpy(to->tuple.ipv6.saddr, &packet->flow.source, sizeof(to->tuple.ipv6.saddr));
    __builtin_memcpy(to->tuple.ipv6.daddr, &packet->flow.destination, sizeof(to->tuple.ipv6.daddr));
    to->tuple.ipv6.sport = packet->source_port;
    to->tuple.ipv6.dport = packet->flow.port;
  } else {
    to->size = sizeof(to->tuple.ipv4);
    to->tuple.ipv4.saddr = packet->flow.source.word[3];
    to->tuple.ipv4.daddr = packet->flow.destination.word[3];
    to->tuple.ipv4.sport = packet->source_port;
    to->tuple.ipv4.dport = packet->flow.port;
  }
}

static __always_inline struct nf_conn* pcl_look_up(struct __sk_buff* skb, struct pcl_tuple* of) {
  if (of->size == sizeof(of->tuple.ipv6)) {
    return bpf_skb_ct_lookup(skb, &of->tuple, sizeof(of->tuple.ipv6), &of->options, sizeof(of->options));
  }
  return bpf_skb_ct_lookup(skb, &of->tuple, sizeof(of->tuple.ipv4), &of->options, sizeof(of->options));
}

// Written to tc_index of a packet whose entry we have just made: other interfaces that it passes on its way to
// conntrack (a bridge, a VLAN) see it with an entry that nobody has translated by yet.
enum { PCL_FRESH = 0x5043 };

enum pcl_known {
  PCL_UNKNOWN,
  PCL_KNOWN,
  PCL_CLOSED,      // a SYN opens what conntrack still remembers as closed
  PCL_NOT_NATTED,  // the first packet went by without being translated
};

static __noinline enum pcl_known pcl_known(struct __sk_buff* skb, const struct pcl_packet* packet) {
  struct pcl_tuple tuple;
  pcl_fill(&tuple, packet);
  struct nf_conn* entry = pcl_look_up(skb, &tuple);
  if (!entry) return PCL_UNKNOWN;
  const pcl_u8 state = entry->proto.tcp.state;
  const pcl_u32 status = entry->status;
  bpf_ct_release(entry);

  if (packet->flow.protocol != IPPROTO_TCP) return PCL_KNOWN;
  if (packet->syn && (state == TCP_CONNTRACK_TIME_WAIT || state == TCP_CONNTRACK_CLOSE)) return PCL_CLOSED;
  const int ours = (status & IPS_DST_NAT) && tuple.options.dir == 0;
  if (ours && state == TCP_CONNTRACK_NONE && skb->tc_index != PCL_FRESH) return PCL_NOT_NATTED;
  return PCL_KNOWN;
}

// conntrack itself deletes a closed entry at a SYN, and what we had put into it with it: so it goes first. An entry
// without time left is deleted by the next that finds it.
static __noinline void pcl_reap(struct __sk_buff* skb, const struct pcl_packet* packet) {
  struct pcl_tuple tuple;
  pcl_fill(&tuple, packet);
  struct nf_conn* entry = pcl_look_up(skb, &tuple);
  if (!entry) return;
  bpf_ct_change_timeout(entry, 0);
  bpf_ct_release(entry);
  entry = pcl_look_up(skb, &tuple);
  if (entry) bpf_ct_release(entry);
  pcl_count(PCL_COUNT_REOPENED);
}

static __always_inline void pcl_to_kernel(union nf_inet_addr* to, const struct pcl_addr* address, int ipv6) {
  __builtin_memset(to, 0, sizeof(*to));
  if (ipv6) {
    __builtin_memcpy(to, address, sizeof(*to));
  } else {
    to->ip = address->word[3];
  }
}

// Milliseconds that an entry lives until conntrack has seen its packet, which is at the packet's next step, and sets
// its own time. Where somebody drops the packet between, an entry is left that nobody has translated by: the next one
// of the flow is taken for untranslated until the entry has gone. Fragments are put together first, which may last.
enum { PCL_FIRST_TIMEOUT = 2500, PCL_FIRST_TIMEOUT_PARTIAL = 30000 };

// Makes the entry by which conntrack translates the flow. A source is always given, for conntrack binds none to an
// entry that it has not made itself, and two flows would then meet behind one endpoint. 0 if the packet may go on.
static __noinline int pcl_track(struct __sk_buff* skb, const struct pcl_packet* packet, const struct pcl_choice* choice,
                                const struct pcl_addr* source) {
  struct pcl_tuple tuple;
  pcl_fill(&tuple, packet);
  struct nf_conn___init* made;
  if (packet->ipv6) {
    made = bpf_skb_ct_alloc(skb, &tuple.tuple, sizeof(tuple.tuple.ipv6), &tuple.options, sizeof(tuple.options));
  } else {
    made = bpf_skb_ct_alloc(skb, &tuple.tuple, sizeof(tuple.tuple.ipv4), &tuple.options, sizeof(tuple.options));
  }
  if (!made) return -1;
  union nf_inet_addr address;
  pcl_to_kernel(&address, &choice->address, packet->ipv6);
  int failed = bpf_ct_set_nat_info(made, &address, bpf_ntohs(choice->port), NF_NAT_MANIP_DST);
  pcl_to_kernel(&address, source, packet->ipv6);
  failed |= bpf_ct_set_nat_info(made, &address, 0, NF_NAT_MANIP_SRC);
  bpf_ct_set_timeout(made, failed ? 0 : packet->partial ? PCL_FIRST_TIMEOUT_PARTIAL : PCL_FIRST_TIMEOUT);
  struct nf_conn* entry = bpf_ct_insert_entry(made);
  if (entry) {
    bpf_ct_release(entry);
    skb->tc_index = PCL_FRESH;
    return failed;
  }
  entry = pcl_look_up(skb, &tuple);
  if (!entry) return -1;
  bpf_ct_release(entry);
  pcl_count(PCL_COUNT_LOST_RACE);
  return 0;
}

#endif
