#include "tests/kernel/setup.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "tests/kernel/failure.hpp"
#include "tests/kernel/netns.hpp"
#include "tests/kernel/process.hpp"

namespace portcullis::kernel {
namespace {

// What masquerading puts in place of a source: addresses of the uplink that no node of a case has (benchmarking ranges
// of RFC 2544 and RFC 5180), so that a packet from the node itself is seen to be masqueraded too. IPv4 takes the first
// address of the interface, IPv6 one that is not deprecated (RFC 6724 rule 3), therefore the node's own are.
constexpr std::string_view masquerade_v4 = "198.18.0.1/32", masquerade_v6 = "2001:2::1/128";

struct Sysctl {
  std::string_view name, value;
};

// Files are written for `default` before devices are made and for `all` where the kernel takes the maximum or either of
// both.
constexpr Sysctl always[] = {
    {"ipv4/ip_forward", "1"},
    {"ipv4/conf/all/rp_filter", "0"},
    {"ipv4/conf/default/rp_filter", "0"},
    {"ipv4/conf/lo/rp_filter", "0"},
    {"ipv4/conf/all/accept_local", "1"},  // an outsider may send from an address of ours
    {"ipv4/conf/all/send_redirects", "0"},
    {"ipv4/conf/default/send_redirects", "0"},
    {"ipv4/icmp_ratelimit", "0"},
    {"ipv4/icmp_ratemask", "0"},
    {"ipv6/conf/all/disable_ipv6", "0"},
    {"ipv6/conf/all/forwarding", "1"},
    {"ipv6/conf/default/forwarding", "1"},
    {"ipv6/conf/default/accept_ra", "0"},
    {"ipv6/conf/default/addr_gen_mode", "1"},  // no link-local addresses, no router solicitations
    {"ipv6/icmp/ratelimit", "0"},
};

// The kernel makes an IPv6 address local in a worker of its own, some time after `ip` has returned; until then neither
// a route nor `addrtype` knows it.
void wait_until_local(const std::vector<std::string>& addresses) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (;;) {
    const std::string routes = run_or_fail({"ip", "-6", "route", "show", "table", "local"});
    const auto missing = std::ranges::find_if(
        addresses, [&](const std::string& a) { return routes.find(fmt::format("local {} ", a)) == std::string::npos; });
    if (missing == addresses.end()) return;
    if (std::chrono::steady_clock::now() > deadline) throw Failure(fmt::format("{} does not become local", *missing));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

void set_sysctls(const NodeSetup& setup) {
  for (const auto& [name, value] : always) set_sysctl(name, value);
  // Newer kernels limit all errors of a namespace together, and only those types that the mask names.
  try_sysctl("ipv4/icmp_msgs_per_sec", "1000000");
  try_sysctl("ipv4/icmp_msgs_burst", "1000000");
  try_sysctl("ipv6/icmp/ratemask", "2");
  set_sysctl("ipv4/conf/all/route_localnet", setup.route_localnet ? "1" : "0");
  set_sysctl("netfilter/nf_conntrack_tcp_be_liberal", setup.tcp_be_liberal ? "1" : "0");
}

void add_addresses(const std::vector<net::Address>& addresses) {
  auto batch = fmt::format("address add {} dev {}\naddress add {} dev {} nodad\n", masquerade_v4, uplink_name,
                           masquerade_v6, uplink_name);
  std::vector<std::string> slow{std::string(masquerade_v6.substr(0, masquerade_v6.find('/')))};
  for (const auto& address : addresses) {
    const bool v4 = address.family() == net::Family::ipv4;
    batch += fmt::format("address add {}/{} dev {}{}\n", address.text(), address.bits(), uplink_name,
                         v4 ? "" : " nodad preferred_lft 0");
    if (!v4) slow.push_back(address.text());
  }
  batch += fmt::format("route add 0.0.0.0/0 dev {}\nroute add ::/0 dev {}\n", uplink_name, uplink_name);
  run_or_fail({"ip", "-batch", "-"}, batch);
  wait_until_local(slow);
}

}  // namespace portcullis::kernel
