// The whole program: one object, the same on every node.
#include "backends/ebpf/bpf/ask.h"
#include "backends/ebpf/bpf/cgroup.h"
#include "backends/ebpf/bpf/layout.h"
#include "backends/ebpf/bpf/tc.h"

char _license[] SEC("license") = "GPL";
