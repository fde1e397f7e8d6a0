// What becomes of a new flow: `decide` finds the frontend and its action, `choose` takes an endpoint. Both are
// functions of their arguments and of the tables of one generation; randomness and the memory of session affinity come
// in as arguments. Neither looks at a packet, loops, or writes a table.
//
// The instructions that clang makes of this file are proved equal to ../meaning.hpp (verifier/bytecode): change both or
// neither.
#ifndef PORTCULLIS_BPF_DECIDE_H
#define PORTCULLIS_BPF_DECIDE_H

#include "backends/ebpf/bpf/tables.h"

static __always_inline int pcl_same(const struct pcl_addr* a, const struct pcl_addr* b) {
  return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->word[2] == b->word[2] && a->word[3] == b->word[3];
}

static __always_inline int pcl_is_loopback4(const struct pcl_addr* a) {
  return a->word[0] == 0 && a->word[1] == 0 && a->word[2] == bpf_htonl(0xffff) &&
         (a->word[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
}

static __always_inline int pcl_in_set(void* prefixes, pcl_u32 set, const struct pcl_addr* address) {
  struct pcl_prefix_key key = {.length = 160, .set = bpf_htonl(set), .address = *address};
  return bpf_map_lookup_elem(prefixes, &key) != 0;
}

static __noinline pcl_u64 decide(const struct pcl_flow* flow) {
  pcl_u32 generation = flow->generation;
  void* frontends = bpf_map_lookup_elem(&t_frontends, &generation);
  void* locals = bpf_map_lookup_elem(&t_locals, &generation);
  void* prefixes = bpf_map_lookup_elem(&t_prefixes, &generation);
  if (!frontends || !locals || !prefixes) return PCL_NONE;

  struct pcl_frontend_key key = {
      .address = flow->destination, .port = flow->port, .protocol = flow->protocol, .scope = 0};
  const int source_loopback = pcl_is_loopback4(&flow->source);
  const struct pcl_frontend* frontend = bpf_map_lookup_elem(frontends, &key);
  if (!frontend) {
    if (pcl_is_loopback4(&flow->destination)) {
      const pcl_u32 other = key.address.word[3] == bpf_htonl(PCL_LOOPBACK) ? 0 : PCL_LOOPBACK_OTHER;
      key.address.word[3] = bpf_htonl(PCL_LOOPBACK + other + (source_loopback ? 0 : PCL_LOOPBACK_ELSEWHERE));
    }
    const struct pcl_local* to = bpf_map_lookup_elem(locals, &key.address);
    const int to_here = to && to->local;
    if (to && to->scope) {
      key.address.word[0] = key.address.word[1] = key.address.word[2] = key.address.word[3] = 0;
      key.scope = to->scope;
      frontend = bpf_map_lookup_elem(frontends, &key);
    }
    if (!frontend) {
      key.address = flow->destination;
      key.port = 0;
      key.protocol = 0;
      key.scope = 0;
      frontend = bpf_map_lookup_elem(frontends, &key);
    }
    if (!frontend) {
      if (to_here && !(flow->origin & PCL_ORIGIN_OUT)) return PCL_NONE;
      return pcl_in_set(prefixes, PCL_SET_SERVICES, &flow->destination) ? PCL_DROP : PCL_NONE;
    }
  }

  pcl_u32 class = flow->origin & PCL_ORIGIN_OUT ? PCL_CLASS_OUT : 0;
  if ((flow->origin & PCL_ORIGIN_POD) || pcl_in_set(prefixes, PCL_SET_PODS, &flow->source)) class |= PCL_CLASS_POD;
  if (source_loopback) {
    class |= PCL_CLASS_SELF;
  } else {
    key.address = flow->source;
    const struct pcl_local* from = bpf_map_lookup_elem(locals, &key.address);
    if (from && from->local) class |= PCL_CLASS_SELF;
  }
  if (frontend->ranges && pcl_in_set(prefixes, frontend->ranges, &flow->source)) class |= PCL_CLASS_RANGE;

  const pcl_u32 action = frontend->action[class & (PCL_CLASSES - 1)];
  const pcl_u32 which = (action & PCL_ACTION_POOL) >> PCL_ACTION_POOL_SHIFT;
  const pcl_u64 pool = which == 0 ? frontend->pool[0] : which == 1 ? frontend->pool[1] : frontend->pool[2];
  return pool << 32 | (action & PCL_ACTION_MASQUERADE ? PCL_DECISION_MASQUERADE : 0) | (action & PCL_ACTION_VERDICT);
}

// Of a decision whose verdict is PCL_DNAT. Fills `choice` if it returns PCL_DNAT; else the verdict on the translated
// packet, or PCL_NONE where the tables hold no such pool. `remembered`, if not null, is the endpoint that the source
// had last.
static __noinline pcl_u32 choose(const struct pcl_flow* flow, pcl_u64 decision, const struct pcl_memory* remembered,
                                 pcl_u32 random, struct pcl_choice* choice) {
  pcl_u32 generation = flow->generation;
  void* pools = bpf_map_lookup_elem(&t_pools, &generation);
  void* endpoints = bpf_map_lookup_elem(&t_endpoints, &generation);
  void* members = bpf_map_lookup_elem(&t_members, &generation);
  if (!pools || !endpoints || !members) return PCL_NONE;

  struct pcl_member_key key = {.pool = decision >> 32, .zero = 0};
  const struct pcl_pool* pool = bpf_map_lookup_elem(pools, &key.pool);
  if (!pool || !pool->count) return PCL_NONE;
  pcl_u32 slot = pool->first + (pcl_u32)((pcl_u64)random * pool->count >> 32);
  if (pool->sticky && remembered) {
    key.address = remembered->address;
    key.port = remembered->port;
    const pcl_u32* member = bpf_map_lookup_elem(members, &key);
    if (member) slot = *member;
  }
  const struct pcl_endpoint* endpoint = bpf_map_lookup_elem(endpoints, &slot);
  if (!endpoint) return PCL_NONE;

  pcl_u32 masquerade = decision & PCL_DECISION_MASQUERADE ? 1 : 0;
  const pcl_u32 flags = endpoint->flags;
  if ((flags & PCL_ENDPOINT_HAIRPIN) && pcl_same(&flow->source, &endpoint->address)) {
    const int changes = endpoint->port != flow->port || !pcl_same(&flow->destination, &endpoint->address);
    if (changes || (flags & PCL_ENDPOINT_HAIRPIN_SAME)) masquerade = 1;
  }
  const pcl_u32 refused_as = (flow->origin & PCL_ORIGIN_OUT ? 4 : 0) + masquerade * 2;
  const pcl_u32 refusal = flags >> PCL_ENDPOINT_REFUSAL_SHIFT >> refused_as & 3;
  if (refusal > PCL_DNAT) return refusal;
  choice->address = endpoint->address;
  choice->port = endpoint->port;
  choice->masquerade = masquerade;
  choice->zero = 0;
  return PCL_DNAT;
}

#endif
