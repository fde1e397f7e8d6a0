#include "compiler/driver/validate.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "backends/iptables/iptables.hpp"
#include "backends/netfilter/evaluate.hpp"
#include "backends/netfilter/surroundings.hpp"
#include "backends/nftables/model.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/base/error.hpp"
#include "compiler/ir/l4/interpret.hpp"

namespace portcullis::driver {

namespace {

constexpr std::size_t most_routes = 500;  // asked about, evenly spread

const netfilter::File& file(const netfilter::Artefact& artefact, std::string_view name) {
  const auto found = std::ranges::find(artefact.files, name, &netfilter::File::name);
  if (found == artefact.files.end()) throw base::InternalError("no file " + std::string(name));
  return *found;
}

// One source of each kind that rules tell apart.
std::vector<net::Packet> packets_to(const ir::Program& program, const ir::Route& route) {
  const bool four = program.family == net::Family::ipv4;
  net::Packet p;
  p.protocol = route.key.protocol;
  p.dport = route.key.port;
  if (route.key.address) {
    p.dst = *route.key.address;
  } else if (route.table == ir::Table::node_port && !program.accepted.addresses.empty()) {
    p.dst = program.accepted.addresses.front();
  } else if (!program.local_addresses.empty()) {
    p.dst = program.local_addresses.front();
  } else {
    return {};
  }
  std::vector<net::Packet> packets;
  const auto from = [&](net::PacketFrom kind, const net::Address& source) {
    p.from = kind;
    p.src = source;
    packets.push_back(p);
  };
  from(net::PacketFrom::external, *net::Address::parse(four ? "203.0.113.7" : "2001:db8::7"));
  if (const auto* cidr = std::get_if<ir::CidrDetector>(&program.detector))
    from(net::PacketFrom::pod, cidr->cidr.last());
  if (!program.local_addresses.empty()) from(net::PacketFrom::node, program.local_addresses.front());
  return packets;
}

void hold(const netfilter::Model& model, const ir::Program& program) {
  const netfilter::Evaluator evaluator(model);
  const netfilter::NodeFacts node = netfilter::facts(program);
  const ir::Interpreter interpreter(program);
  const std::size_t step = 1 + program.routes.size() / most_routes;
  for (std::size_t i = 0; i < program.routes.size(); i += step) {
    for (const net::Packet& packet : packets_to(program, program.routes[i])) {
      const ir::Fate meant = interpreter.fate(packet), got = evaluator.fate(node, packet);
      if (ir::equal(meant, got, packet)) continue;
      throw base::InternalError("the ruleset disagrees with the program about " + packet.text() + ": " + ir::text(got) +
                                " instead of " + ir::text(meant));
    }
  }
}

void validate_nftables(const std::vector<ir::Program>& programs, const netfilter::Artefact& artefact) {
  const std::string& text = file(artefact, "nftables.nft").text;
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto ruleset = nftables::read(sources.add("nftables.nft", text), sources, diagnostics);
  if (!ruleset || nftables::print(*ruleset) != text)
    throw base::InternalError("nftables.nft is not read back as it was written");
  for (const ir::Program& program : programs) {
    netfilter::Model model = nftables::model(*ruleset, programs);
    netfilter::add_foreign_checks(model, program);
    hold(model, program);
  }
}

void validate_iptables(const std::vector<ir::Program>& programs, const netfilter::Artefact& artefact) {
  const std::string& jumps = file(artefact, "jumps.rules").text;
  for (const ir::Program& program : programs) {
    const std::string name = program.family == net::Family::ipv4 ? "iptables.rules" : "ip6tables.rules";
    base::SourceMap sources;
    base::Diagnostics diagnostics;
    const auto ruleset = iptables::read(sources.add(name, file(artefact, name).text + jumps), sources, diagnostics);
    if (!ruleset) throw base::InternalError(name + " cannot be read back");
    // Beside a foreign FORWARD policy the chain's own accept counts, which a chain apart cannot show: tests do that.
    const bool foreign = std::ranges::any_of(program.checks, [](const ir::Check& c) { return c.foreign; });
    if (!foreign) hold(iptables::model(*ruleset, &program), program);
  }
}

}  // namespace

void validate(Target target, const std::vector<ir::Program>& programs, const netfilter::Artefact& artefact) {
  switch (target) {
    case Target::nftables:
      return validate_nftables(programs, artefact);
    case Target::iptables:
      return validate_iptables(programs, artefact);
    case Target::ir:
      return;
  }
}

}  // namespace portcullis::driver
