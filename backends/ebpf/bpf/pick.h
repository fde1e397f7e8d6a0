// An endpoint for a flow, with the memory of session affinity.
#ifndef PORTCULLIS_BPF_PICK_H
#define PORTCULLIS_BPF_PICK_H

#include "backends/ebpf/bpf/decide.h"
#include "backends/ebpf/bpf/state.h"

enum { PCL_SECOND = 1000000000 };  // in nanoseconds

static __always_inline const struct pcl_pool* pcl_pool_of(const struct pcl_flow* flow, pcl_u64 decision) {
  pcl_u32 generation = flow->generation;
  void* pools = bpf_map_lookup_elem(&t_pools, &generation);
  pcl_u32 index = decision >> 32;
  return pools ? bpf_map_lookup_elem(pools, &index) : 0;
}

// Of a decision whose verdict is PCL_DNAT: what choose makes of it. A source that came back in time is remembered, and
// its time begins anew.
static __noinline pcl_u32 pcl_pick(const struct pcl_flow* flow, pcl_u64 decision, struct pcl_choice* choice) {
  const struct pcl_pool* pool = pcl_pool_of(flow, decision);
  if (!pool) return PCL_NONE;
  if (!pool->sticky) return choose(flow, decision, 0, bpf_get_prandom_u32(), choice);

  struct pcl_memory_key key = {.memory = pool->memory, .source = flow->source};
  const pcl_u64 now = bpf_ktime_get_ns();
  struct pcl_memory memory = {};
  const struct pcl_memory* known = bpf_map_lookup_elem(&aff, &key);
  if (known) memory = *known;
  const int valid = known && now - memory.used < (pcl_u64)pool->sticky * PCL_SECOND;
  const pcl_u32 verdict = choose(flow, decision, valid ? &memory : 0, bpf_get_prandom_u32(), choice);
  if (verdict == PCL_DNAT) {
    memory.used = now;
    memory.address = choice->address;
    memory.port = choice->port;
    bpf_map_update_elem(&aff, &key, &memory, BPF_ANY);
  }
  return verdict;
}

#endif
