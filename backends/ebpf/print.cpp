#include <fmt/format.h>

#include "backends/ebpf/actions_text.hpp"
#include "backends/ebpf/ebpf.hpp"
#include "compiler/ir/form/words.hpp"

namespace portcullis::ebpf {

namespace {

std::string_view family_word(net::Family family) {
  return family == net::Family::ipv4 ? "ipv4" : "ipv6";
}

class Printer {
 public:
  explicit Printer(const Tables& tables) : t_(tables) {}

  std::string run() {
    out_.reserve(256 + t_.frontends.size() * 128 + t_.pools.size() * 256);
    header();
    for (const Set& set : t_.sets) {
      out_ += fmt::format("set {} ", set.number);
      ir::form::append_name(out_, set.name);
      prefixes(set.prefixes);
    }
    for (const Local& local : t_.locals) this->local(local);
    for (const net::Family family : net::all_families) {
      const std::uint8_t scope = t_.others_scope[static_cast<std::size_t>(family)];
      if (scope != 0) out_ += fmt::format("local-others {} scope {}\n", family_word(family), scope);
    }
    for (const Guard& guard : t_.guards) {
      out_ += fmt::format("guard {} {}\n", guard.kind == Guard::Kind::invalid ? "invalid" : "martian",
                          family_word(guard.family));
    }
    for (std::size_t i = 0; i < t_.pools.size(); ++i) pool(i, t_.pools[i]);
    for (const Frontend& f : t_.frontends) frontend(f);
    for (const ir::UdpCleanup& c : t_.cleanup) cleanup(c);
    return std::move(out_);
  }

 private:
  void header() {
    out_ += "# requires kernel 6.1 with BTF of itself and of its modules\n# requires module nf_nat\n";
    if (t_.has(net::Family::ipv4)) out_ += "# requires sysctl net.ipv4.ip_forward=1\n";
    if (t_.has(net::Family::ipv6)) out_ += "# requires sysctl net.ipv6.conf.all.forwarding=1\n";
    if (t_.tcp_be_liberal) out_ += "# requires sysctl net.netfilter.nf_conntrack_tcp_be_liberal=1\n";
    out_ += "portcullis ebpf 1\nnode ";
    ir::form::append_name(out_, t_.node);
    out_ += fmt::format(" dialect {}\nprogram {}\n", cluster::to_string(t_.dialect), t_.program);
    if (t_.tcp_be_liberal) out_ += "tcp-be-liberal\n";
    if (!t_.pods.empty()) {
      out_ += "pods";
      prefixes(t_.pods);
    }
    if (t_.pod_interface) {
      out_ += t_.pod_interface->is_prefix ? "pods-interface-prefix " : "pods-interface ";
      ir::form::append_name(out_, t_.pod_interface->name);
      out_ += '\n';
    }
    if (!t_.services.empty()) {
      out_ += "services";
      prefixes(t_.services);
    }
  }

  void prefixes(const std::vector<net::Prefix>& prefixes) {
    for (const net::Prefix& p : prefixes) out_ += " " + p.text();
    out_ += '\n';
  }

  void local(const Local& local) {
    out_ += "local " + local.address.text();
    if (!local.here) out_ += " elsewhere";
    if (local.scope != 0) out_ += fmt::format(" scope {}", local.scope);
    out_ += '\n';
  }

  void pool(std::size_t number, const Pool& pool) {
    out_ += fmt::format("pool {} ", number);
    ir::form::append_name(out_, pool.name);
    out_ += ' ';
    out_ += net::lower_name(pool.protocol);
    if (pool.local_set) out_ += " local";
    if (pool.sticky) out_ += fmt::format(" affinity {}s memory {:#x}", *pool.sticky, pool.memory);
    out_ += " {";
    for (const Endpoint& e : pool.endpoints) endpoint(e);
    out_ += " }\n";
  }

  void endpoint(const Endpoint& e) {
    out_ += ' ';
    out_ += net::endpoint_text(e.address, e.port);
    if (e.weight != 1) out_ += fmt::format(" weight {}", e.weight);
    if (e.hairpin) out_ += e.hairpin_same ? " hairpin always" : " hairpin";
    if (e.refusals == Refusals{}) return;
    out_ += " refused";
    for (const Verdict v : e.refusals) {
      out_ += ' ';
      out_ += to_string(v);
    }
  }

  void frontend(const Frontend& f) {
    out_ += "route ";
    out_ += f.key.protocol ? net::lower_name(*f.key.protocol) : "any";
    out_ += ' ';
    if (!f.key.address) {
      out_ += fmt::format("scope {}:{}", f.key.scope, f.key.port);
    } else if (f.key.protocol) {
      out_ += net::endpoint_text(*f.key.address, f.key.port);
    } else {
      out_ += f.key.address->text();
    }
    out_ += ' ';
    ir::form::append_name(out_, f.owner);
    if (f.ranges != 0) out_ += fmt::format(" ranges {}", f.ranges);
    if (!f.pools.empty()) out_ += " pools";
    for (const std::uint32_t pool : f.pools) out_ += fmt::format(" {}", pool);
    out_ += " : ";
    append_actions(out_, f.actions);
    out_ += '\n';
  }

  void cleanup(const ir::UdpCleanup& c) {
    out_ += "forget udp ";
    out_ += c.dst ? net::endpoint_text(*c.dst, c.port) : fmt::format("@any:{}", c.port);
    out_ += ' ';
    ir::form::append_name(out_, c.owner);
    out_ += " keep {";
    for (const auto& [address, port] : c.keep) out_ += " " + net::endpoint_text(address, port);
    out_ += " }\n";
  }

  const Tables& t_;
  std::string out_;
};

}  // namespace

std::string print(const Tables& tables) {
  return Printer(tables).run();
}

}  // namespace portcullis::ebpf
