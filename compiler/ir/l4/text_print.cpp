#include <iterator>
#include <variant>

#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "compiler/ir/form/words.hpp"
#include "compiler/ir/l4/text.hpp"

namespace portcullis::ir {

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// Columns begin at fixed places, so that one rule more changes one line.
constexpr std::size_t owner_column = 28;
constexpr std::size_t owner_width = 40;
constexpr std::size_t match_width = 26;

class Printer {
 public:
  explicit Printer(const Program& program) : p_(program) {}

  std::string run() {
    header();
    for (const Ranges& r : p_.ranges) ranges(r);
    for (const Pool& pool : p_.pools) this->pool(pool);
    for (const RangeCheck& r : p_.pre) range_check(r);
    for (const Route& r : p_.routes) route(r);
    for (const Check& c : p_.checks) check(c);
    for (const UdpCleanup& u : p_.udp_cleanup) cleanup(u);
    return std::move(out_);
  }

 private:
  void header() {
    out_ += "program ";
    name(p_.node);
    line("{} dialect {}", p_.family == net::Family::ipv4 ? " ipv4" : " ipv6", cluster::to_string(p_.dialect));
    line("mark {:#x}", p_.mark);
    addresses("local", p_.local_addresses);
    std::visit(Overloaded{
                   [&](const NoDetector&) { line("detector none"); },
                   [&](const CidrDetector& d) { line("detector cidr {}", d.cidr.text()); },
                   [&](const InterfaceDetector& d) {
                     out_ += d.is_prefix ? "detector interface-prefix " : "detector interface ";
                     name(d.name);
                     out_ += '\n';
                   },
               },
               p_.detector);
    std::string accepted = "accepted";
    if (p_.accepted.every_local) accepted += " every-local";
    if (p_.accepted.loopback) accepted += " loopback";
    addresses(accepted, p_.accepted.addresses);
    if (p_.route_localnet) out_ += "sysctl route_localnet\n";
    if (p_.tcp_be_liberal) out_ += "sysctl tcp_be_liberal\n";
  }

  void ranges(const Ranges& r) {
    out_ += "ranges ";
    name(r.name);
    out_ += " {";
    for (const net::Prefix& prefix : r.sources.prefixes()) put(" {}", prefix.text());
    out_ += " }\n";
  }

  void pool(const Pool& pool) {
    out_ += "pool ";
    name(pool.name);
    put(" {} {{", net::lower_name(pool.protocol));
    for (const PoolEntry& e : pool.entries) {
      out_ += ' ';
      out_ += e.text();
      if (e.local_only) {
        out_ += " local-only";
      } else if (e.local) {
        out_ += " local";
      }
      if (e.weight != 1) put(" weight {}", e.weight);
    }
    out_ += " }\n";
  }

  void range_check(const RangeCheck& r) {
    begin("stage pre");
    owner(r.owner);
    match(key(r.key, "@any"));
    out_ += "allow ";
    range_name(r.ranges);
    out_ += " else drop";
    end(r.origin);
  }

  void route(const Route& r) {
    const std::string_view table = to_string(r.table);
    const std::string_view kind = to_string(r.kind);
    begin(table == kind ? fmt::format("route {}", table) : fmt::format("route {}/{}", table, kind));
    owner(r.owner);
    match(key(r.key, absent(r.table)));
    bool first = true;
    for (const GuardedOutcome& g : r.outcomes) {
      if (!first) out_ += " ; ";
      first = false;
      guard(g);
      out_ += "-> ";
      std::visit(Overloaded{
                     [&](const Balance& b) { balance(b); },
                     [&](const Stop&) { out_ += "stop"; },
                     [&](const Fall&) { out_ += "fall"; },
                 },
                 g.outcome);
    }
    if (!r.rivals.empty()) out_ += " | rivals";
    for (const std::string& rival : r.rivals) {
      out_ += ' ';
      name(rival);
    }
    end(r.origin);
  }

  static std::string_view absent(Table table) {
    switch (table) {
      case Table::service:
        return "@any";
      case Table::node_port:
        return "@accepted";
      case Table::host_port:
        return "@local";
    }
    return {};
  }

  void guard(const GuardedOutcome& g) {
    switch (g.source) {
      case SourceIs::any:
        return;
      case SourceIs::pod:
        out_ += "from pod ";
        return;
      case SourceIs::node:
        out_ += "from node ";
        return;
      case SourceIs::inside:
      case SourceIs::outside:
        out_ += g.source == SourceIs::inside ? "inside " : "outside ";
        range_name(g.ranges);
        out_ += ' ';
        return;
    }
  }

  void balance(const Balance& b) {
    if (b.pool >= p_.pools.size()) throw base::InternalError("a route names no pool of its program");
    out_ += "balance ";
    name(p_.pools[b.pool].name);
    if (b.local_set) out_ += " local";
    switch (b.masquerade) {
      case Masquerade::never:
        break;
      case Masquerade::always:
        out_ += " masquerade always";
        break;
      case Masquerade::off_cluster:
        out_ += " masquerade off-cluster";
        break;
    }
    if (b.affinity_seconds) put(" affinity {}s", *b.affinity_seconds);
  }

  void check(const Check& c) {
    begin("stage check");
    owner(c.owner);
    std::visit(Overloaded{
                   [&](const AnyPacket&) { match("any"); },
                   [&](const ToFrontend& to) {
                     match(key(to.key, "@any"));
                     if (!to.unless_from) return;
                     out_ += "outside ";
                     range_name(*to.unless_from);
                     out_ += ' ';
                   },
                   [&](const ToNodePort& to) {
                     match(key({{}, to.protocol, to.port}, to.any_local ? "@local" : "@accepted"));
                   },
                   [&](const ToAddress& to) { match("any " + to.address.text()); },
                   [&](const ToPrefix& to) { match("any " + to.prefix.text()); },
                   [&](const Marked&) { match("marked"); },
                   [&](const Martian&) { match("martian"); },
               },
               c.match);
    if (c.hooks.input) out_ += "input ";
    if (c.hooks.forward) out_ += "forward ";
    if (c.hooks.output) out_ += "output ";
    switch (c.states) {
      case States::fresh:
        out_ += "new ";
        break;
      case States::any:
        out_ += "any-state ";
        break;
      case States::invalid:
        out_ += "invalid ";
        break;
      case States::established_or_related:
        out_ += "established ";
        break;
    }
    if (c.foreign) out_ += "foreign ";
    put("-> {}", to_string(c.verdict));
    end(c.origin);
  }

  void cleanup(const UdpCleanup& u) {
    begin("udp-cleanup");
    owner(u.owner);
    match(u.dst ? net::endpoint_text(*u.dst, u.port) : fmt::format("@any:{}", u.port));
    out_ += "keep";
    for (const auto& [address, port] : u.keep) put(" {}", net::endpoint_text(address, port));
    out_ += '\n';
  }

  // ---- pieces of a line

  static std::string key(const RouteKey& key, std::string_view no_address) {
    return fmt::format(
        "{} {}", net::lower_name(key.protocol),
        key.address ? net::endpoint_text(*key.address, key.port) : fmt::format("{}:{}", no_address, key.port));
  }

  void begin(std::string_view what) {
    line_start_ = out_.size();
    out_ += what;
    pad(owner_column);
  }
  void owner(std::string_view owner) {
    const std::size_t start = out_.size();
    name(owner);
    out_.append(out_.size() - start < owner_width ? owner_width - (out_.size() - start) : 0, ' ');
    out_ += ' ';
  }
  void match(std::string_view text) { put("{:<{}} ", text, match_width); }
  void end(const Origin& origin) {
    if (!origin.object.empty() || !origin.field.empty()) {
      out_ += " | by ";
      name(origin.object);
      if (!origin.field.empty()) {
        out_ += ' ';
        name(origin.field);
      }
    }
    out_ += '\n';
  }
  void pad(std::size_t column) {
    const std::size_t length = out_.size() - line_start_;
    out_.append(length < column ? column - length : 1, ' ');
  }
  void addresses(std::string_view what, const std::vector<net::Address>& addresses) {
    out_ += what;
    for (const net::Address& a : addresses) put(" {}", a.text());
    out_ += '\n';
  }
  void range_name(RangesId id) {
    if (id >= p_.ranges.size()) throw base::InternalError("a rule names no ranges of its program");
    name(p_.ranges[id].name);
  }
  void name(std::string_view name) { form::append_name(out_, name); }

  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    put(format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  const Program& p_;
  std::string out_;
  std::size_t line_start_ = 0;
};

}  // namespace

std::string print(const Program& program) {
  return Printer(program).run();
}

}  // namespace portcullis::ir
