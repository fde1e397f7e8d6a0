// Sizes and offsets of types.h by number: asserted by clang for the kernel's side and by the compiler of the loader's,
// so that both read the same bytes.
#ifndef PORTCULLIS_BPF_LAYOUT_H
#define PORTCULLIS_BPF_LAYOUT_H

#ifdef __cplusplus
#include <cstddef>
#define PCL_ASSERT static_assert
#else
#include <stddef.h>
#define PCL_ASSERT _Static_assert
#endif

#include "backends/ebpf/bpf/types.h"

#define PCL_SIZE(type, size) PCL_ASSERT(sizeof(struct type) == (size), "the size of " #type);
#define PCL_AT(type, member, offset) \
  PCL_ASSERT(offsetof(struct type, member) == (offset), "where " #member " lies in " #type);

// clang-format off: one a line
PCL_SIZE(pcl_addr, 16)

PCL_SIZE(pcl_frontend_key, 20)
PCL_AT(pcl_frontend_key, address, 0)
PCL_AT(pcl_frontend_key, port, 16)
PCL_AT(pcl_frontend_key, protocol, 18)
PCL_AT(pcl_frontend_key, scope, 19)

PCL_SIZE(pcl_frontend, 32)
PCL_AT(pcl_frontend, action, 0)
PCL_AT(pcl_frontend, pool, 16)
PCL_AT(pcl_frontend, ranges, 28)

PCL_SIZE(pcl_pool, 16)
PCL_AT(pcl_pool, first, 0)
PCL_AT(pcl_pool, count, 4)
PCL_AT(pcl_pool, sticky, 8)
PCL_AT(pcl_pool, memory, 12)

PCL_SIZE(pcl_endpoint, 20)
PCL_AT(pcl_endpoint, address, 0)
PCL_AT(pcl_endpoint, port, 16)
PCL_AT(pcl_endpoint, flags, 18)

PCL_SIZE(pcl_member_key, 24)
PCL_AT(pcl_member_key, pool, 0)
PCL_AT(pcl_member_key, address, 4)
PCL_AT(pcl_member_key, port, 20)
PCL_AT(pcl_member_key, zero, 22)

PCL_SIZE(pcl_prefix_key, 24)
PCL_AT(pcl_prefix_key, length, 0)
PCL_AT(pcl_prefix_key, set, 4)
PCL_AT(pcl_prefix_key, address, 8)

PCL_SIZE(pcl_local, 4)
PCL_AT(pcl_local, local, 0)
PCL_AT(pcl_local, scope, 1)
PCL_AT(pcl_local, zero, 2)

PCL_SIZE(pcl_memory_key, 20)
PCL_AT(pcl_memory_key, memory, 0)
PCL_AT(pcl_memory_key, source, 4)

PCL_SIZE(pcl_memory, 32)
PCL_AT(pcl_memory, used, 0)
PCL_AT(pcl_memory, address, 8)
PCL_AT(pcl_memory, port, 24)
PCL_AT(pcl_memory, zero, 26)
PCL_AT(pcl_memory, zero2, 28)

PCL_SIZE(pcl_interface, 36)
PCL_AT(pcl_interface, masquerade4, 0)
PCL_AT(pcl_interface, masquerade6, 16)
PCL_AT(pcl_interface, flags, 32)

PCL_SIZE(pcl_flow, 40)
PCL_AT(pcl_flow, source, 0)
PCL_AT(pcl_flow, destination, 16)
PCL_AT(pcl_flow, port, 32)
PCL_AT(pcl_flow, protocol, 34)
PCL_AT(pcl_flow, origin, 35)
PCL_AT(pcl_flow, generation, 36)

PCL_SIZE(pcl_choice, 20)
PCL_AT(pcl_choice, address, 0)
PCL_AT(pcl_choice, port, 16)
PCL_AT(pcl_choice, masquerade, 18)
PCL_AT(pcl_choice, zero, 19)

PCL_SIZE(pcl_socket_key, 32)
PCL_AT(pcl_socket_key, cookie, 0)
PCL_AT(pcl_socket_key, address, 8)
PCL_AT(pcl_socket_key, port, 24)
PCL_AT(pcl_socket_key, protocol, 26)
PCL_AT(pcl_socket_key, kind, 27)
PCL_AT(pcl_socket_key, zero, 28)

PCL_SIZE(pcl_socket, 32)
PCL_AT(pcl_socket, used, 0)
PCL_AT(pcl_socket, address, 8)
PCL_AT(pcl_socket, port, 24)
PCL_AT(pcl_socket, zero, 26)
PCL_AT(pcl_socket, replied, 28)

PCL_SIZE(pcl_config, 48)
PCL_AT(pcl_config, netns, 0)
PCL_AT(pcl_config, address4, 8)
PCL_AT(pcl_config, address6, 24)
PCL_AT(pcl_config, layout, 40)
PCL_AT(pcl_config, zero, 44)

PCL_SIZE(pcl_question, 80)
PCL_AT(pcl_question, flow, 0)
PCL_AT(pcl_question, memory, 40)
PCL_AT(pcl_question, remembered, 72)
PCL_AT(pcl_question, random, 76)

PCL_SIZE(pcl_answer, 32)
PCL_AT(pcl_answer, decision, 0)
PCL_AT(pcl_answer, choice, 8)
PCL_AT(pcl_answer, verdict, 28)
// clang-format on

PCL_ASSERT(PCL_ACTION_VERDICT == (PCL_NONE | PCL_DNAT | PCL_REJECT | PCL_DROP), "a verdict fills its bits");
PCL_ASSERT((PCL_GENERATIONS & (PCL_GENERATIONS - 1)) == 0, "a generation is the remainder of a number that wraps");

#undef PCL_SIZE
#undef PCL_AT
#undef PCL_ASSERT

#endif
