// The program's maps. Those named t_… hold one inner map a generation: `active` says which one packets use.
#ifndef PORTCULLIS_BPF_TABLES_H
#define PORTCULLIS_BPF_TABLES_H

// clang-format off: those of bpf/ need the kernel's types first
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
// clang-format on

#include "backends/ebpf/bpf/types.h"

// The inner maps that are named here are patterns: the loader makes others with the sizes of an artefact. Sizes are
// given in bytes, for the BTF of a type that occurs inside of a map of maps alone is a forward declaration.
#define PCL_OUTER(name, kind, key_bytes, value_bytes, inner_flags) \
  struct {                                                         \
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                      \
    __uint(max_entries, PCL_GENERATIONS);                          \
    __type(key, pcl_u32);                                          \
    __array(                                                       \
        values, struct {                                           \
          __uint(type, kind);                                      \
          __uint(max_entries, 1);                                  \
          __uint(key_size, key_bytes);                             \
          __uint(value_size, value_bytes);                         \
          __uint(map_flags, inner_flags);                          \
        });                                                        \
  } name SEC(".maps")

PCL_OUTER(t_frontends, BPF_MAP_TYPE_HASH, sizeof(struct pcl_frontend_key), sizeof(struct pcl_frontend), 0);
PCL_OUTER(t_pools, BPF_MAP_TYPE_ARRAY, sizeof(pcl_u32), sizeof(struct pcl_pool), BPF_F_INNER_MAP);
PCL_OUTER(t_endpoints, BPF_MAP_TYPE_ARRAY, sizeof(pcl_u32), sizeof(struct pcl_endpoint), BPF_F_INNER_MAP);
PCL_OUTER(t_members, BPF_MAP_TYPE_HASH, sizeof(struct pcl_member_key), sizeof(pcl_u32), 0);
PCL_OUTER(t_prefixes, BPF_MAP_TYPE_LPM_TRIE, sizeof(struct pcl_prefix_key), sizeof(pcl_u32), BPF_F_NO_PREALLOC);
PCL_OUTER(t_locals, BPF_MAP_TYPE_HASH, sizeof(struct pcl_addr), sizeof(struct pcl_local), 0);

#endif
