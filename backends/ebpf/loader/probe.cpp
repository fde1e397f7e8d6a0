#include "backends/ebpf/loader/probe.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <sys/utsname.h>

#include "backends/ebpf/loader/companion.hpp"
#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/loader/fd.hpp"
#include "backends/ebpf/loader/object.hpp"

namespace portcullis::ebpf::loader {

namespace {

using Btf = std::unique_ptr<btf, void (*)(btf*)>;

// Functions of the kernel that programs may call are named in its type information, or in that of a module.
class KernelFunctions {
 public:
  KernelFunctions() : kernel_(btf__load_vmlinux_btf(), &btf__free) {
    if (!kernel_) return;
    for (const char* module : {"nf_conntrack", "nf_nat"}) {
      if (std::filesystem::exists(std::string("/sys/kernel/btf/") + module))
        modules_.emplace_back(btf__load_module_btf(module, kernel_.get()), &btf__free);
    }
  }
  [[nodiscard]] bool any() const { return kernel_ != nullptr; }
  [[nodiscard]] bool has(const char* function) const {
    const auto in = [&](const Btf& types) {
      return types && btf__find_by_name_kind(types.get(), function, BTF_KIND_FUNC) > 0;
    };
    return in(kernel_) || std::ranges::any_of(modules_, in);
  }

 private:
  Btf kernel_;
  std::vector<Btf> modules_;
};

std::string kernel_version() {
  utsname name{};
  if (::uname(&name) != 0) return "unknown";
  return static_cast<const char*>(name.release);
}

bool has_helper(bpf_func_id helper) {
  return libbpf_probe_bpf_helper(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, helper, nullptr) == 1;
}

}  // namespace

bool Probe::fine() const {
  return refusal.empty() &&
         std::ranges::all_of(features, [](const Feature& one) { return one.present || !one.needed; });
}

Probe probe() {
  listen_to_libbpf();
  // Without permission every answer would be no.
  if (!Fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "pcl_probe", 4, 4, 1, nullptr)).open()) cannot("ask this kernel", errno);
  load_modules();
  Probe out;
  out.kernel = kernel_version();
  const KernelFunctions functions;
  out.features.push_back({"type information (CONFIG_DEBUG_INFO_BTF)", "5.4", functions.any(), true,
                          "the program cannot find the kernel's functions: use --to nftables"});
  struct Function {
    const char* name;
    const char* since;
  };
  constexpr std::array wanted{Function{"bpf_skb_ct_lookup", "5.18"}, Function{"bpf_skb_ct_alloc", "6.0"},
                              Function{"bpf_ct_insert_entry", "6.0"}, Function{"bpf_ct_change_timeout", "6.0"},
                              Function{"bpf_ct_set_nat_info", "6.1"}};
  for (const Function& one : wanted)
    out.features.push_back({std::string("conntrack function ") + one.name, one.since, functions.has(one.name), true,
                            "flows cannot be given to conntrack: use --to nftables"});
  out.features.push_back({"netns cookie for sockets", "5.7", has_helper(BPF_FUNC_get_netns_cookie), true,
                          "sockets of pods cannot be told from the node's: use --to nftables"});
  out.features.push_back({"bpf_set_retval in socket hooks", "5.18", has_helper(BPF_FUNC_set_retval), true,
                          "refused processes cannot be told why: use --to nftables"});
  out.refusal = why_not_loadable();
  return out;
}

}  // namespace portcullis::ebpf::loader
