// No type of bpf/types.h has padding: keys are compared as bytes, and values are read back as such.
#include "backends/ebpf/bpf/layout.h"

#include <type_traits>

namespace {

template <class... Types>
constexpr bool are_without_padding = (std::has_unique_object_representations_v<Types> && ...);

static_assert(are_without_padding<pcl_addr, pcl_frontend_key, pcl_frontend, pcl_pool, pcl_endpoint, pcl_member_key,
                                  pcl_prefix_key, pcl_local, pcl_memory_key, pcl_memory, pcl_interface, pcl_flow,
                                  pcl_choice, pcl_socket_key, pcl_socket, pcl_config, pcl_question, pcl_answer>);

}  // namespace
