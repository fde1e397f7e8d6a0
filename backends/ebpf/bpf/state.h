// The program's own maps: what survives generations, and what the loader tells it about the node.
#ifndef PORTCULLIS_BPF_STATE_H
#define PORTCULLIS_BPF_STATE_H

#include "backends/ebpf/bpf/tables.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, pcl_u32);
  __type(value, pcl_u32);
} active SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, struct pcl_memory_key);
  __type(value, struct pcl_memory);
} aff SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, pcl_u32);
  __type(value, struct pcl_interface);
} ifs SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, struct pcl_socket_key);
  __type(value, struct pcl_socket);
} socks SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, PCL_COUNTER_END);
  __type(key, pcl_u32);
  __type(value, pcl_u64);
} stats SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, pcl_u32);
  __type(value, struct pcl_config);
} cfg SEC(".maps");

// An IPv4 address, as tables and sockets have it.
static __always_inline int pcl_is_mapped4(const struct pcl_addr* a) {
  return a->word[0] == 0 && a->word[1] == 0 && a->word[2] == bpf_htonl(0xffff);
}

static __always_inline int pcl_is_zero(const struct pcl_addr* a) {
  return a->word[0] == 0 && a->word[1] == 0 && a->word[2] == 0 && a->word[3] == 0;
}

// Whether `address` is one of this node.
static __always_inline int pcl_is_here(const struct pcl_flow* flow, const struct pcl_addr* address) {
  pcl_u32 generation = flow->generation;
  void* locals = bpf_map_lookup_elem(&t_locals, &generation);
  const struct pcl_local* local = locals ? bpf_map_lookup_elem(locals, address) : 0;
  return local && local->local;
}

static __always_inline void pcl_count(pcl_u32 counter) {
  pcl_u64* count = bpf_map_lookup_elem(&stats, &counter);
  if (count) ++*count;
}

// The generation that this packet uses: asked once a packet.
static __always_inline pcl_u32 pcl_generation(void) {
  pcl_u32 zero = 0;
  const pcl_u32* generation = bpf_map_lookup_elem(&active, &zero);
  return generation ? *generation % PCL_GENERATIONS : 0;
}

#endif
