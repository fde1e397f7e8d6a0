// What the kernel's connection tracking offers to programs. Of its types only the fields that are read; where they lie
// in the running kernel is found when the program is loaded.
#ifndef PORTCULLIS_BPF_KERNEL_H
#define PORTCULLIS_BPF_KERNEL_H

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>

#include "backends/ebpf/bpf/tables.h"

struct ip_ct_tcp {
  pcl_u8 state;
} __attribute__((preserve_access_index));
union nf_conntrack_proto {
  struct ip_ct_tcp tcp;
} __attribute__((preserve_access_index));
struct nf_conn {
  unsigned long status;
  union nf_conntrack_proto proto;
} __attribute__((preserve_access_index));
struct nf_conn___init {
  struct nf_conn ct;
};

// As long as the first kernels had it; later ones take both lengths.
struct bpf_ct_opts {
  int netns_id;
  int error;
  pcl_u8 l4proto;
  pcl_u8 dir;
  pcl_u8 reserved[2];
};

enum nf_nat_manip_type { NF_NAT_MANIP_SRC, NF_NAT_MANIP_DST };

extern struct nf_conn* bpf_skb_ct_lookup(struct __sk_buff* skb, struct bpf_sock_tuple* tuple, pcl_u32 tuple_size,
                                         struct bpf_ct_opts* options, pcl_u32 options_size) __ksym;
extern struct nf_conn___init* bpf_skb_ct_alloc(struct __sk_buff* skb, struct bpf_sock_tuple* tuple, pcl_u32 tuple_size,
                                               struct bpf_ct_opts* options, pcl_u32 options_size) __ksym;
extern int bpf_ct_set_nat_info(struct nf_conn___init* entry, union nf_inet_addr* address, int port,
                               enum nf_nat_manip_type manip) __ksym;
extern void bpf_ct_set_timeout(struct nf_conn___init* entry, pcl_u32 milliseconds) __ksym;
extern struct nf_conn* bpf_ct_insert_entry(struct nf_conn___init* entry) __ksym;
extern int bpf_ct_change_timeout(struct nf_conn* entry, pcl_u32 milliseconds) __ksym;
extern void bpf_ct_release(struct nf_conn* entry) __ksym;

#endif
