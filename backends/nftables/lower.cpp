// lower: the table of each family, in the order in which packets meet its parts.
#include <algorithm>

#include <fmt/format.h>

#include "backends/nftables/limits.hpp"
#include "backends/nftables/lower_family.hpp"
#include "backends/nftables/nftables.hpp"
#include "backends/nftables/scratch.hpp"
#include "compiler/base/error.hpp"
#include "compiler/base/text.hpp"

namespace portcullis::nftables {

namespace {

const net::Prefix& loopback(net::Family family) {
  static const net::Prefix v4 = *net::Prefix::parse("127.0.0.0/8"), v6 = *net::Prefix::parse("::1/128");
  return family == net::Family::ipv4 ? v4 : v6;
}

void add_head(std::span<const ir::Program> programs, Ruleset& ruleset) {
  const auto add = [&](std::string line) {
    if (std::ranges::find(ruleset.head, line) == ruleset.head.end()) ruleset.head.push_back(std::move(line));
  };
  if (!programs.empty()) {
    add(fmt::format("# portcullis: node {}, dialect {}", base::printable(programs.front().node),
                    cluster::to_string(programs.front().dialect)));
  }
  add("# requires kernel 5.13");
  add("# requires nft 1.0.1");
  for (const ir::Program& p : programs) {
    const bool v4 = p.family == net::Family::ipv4;
    add(v4 ? "# requires sysctl net.ipv4.ip_forward=1" : "# requires sysctl net.ipv6.conf.all.forwarding=1");
    if (p.route_localnet) add("# requires sysctl net.ipv4.conf.all.route_localnet=1");
    if (p.tcp_be_liberal) add("# requires sysctl net.netfilter.nf_conntrack_tcp_be_liberal=1");
    add(v4 ? "# requires module nft_fib_ipv4" : "# requires module nft_fib_ipv6");
    add(v4 ? "# requires module nft_reject_ipv4" : "# requires module nft_reject_ipv6");
  }
  for (const char* module : {"nft_chain_nat", "nft_ct", "nft_masq", "nft_nat", "nft_numgen"}) {
    add(fmt::format("# requires module {}", module));
  }
}

}  // namespace

Ruleset lower(std::span<const ir::Program> programs, base::Diagnostics& diagnostics) {
  Ruleset ruleset;
  add_head(programs, ruleset);
  for (const net::Family family : net::all_families) {
    const auto of_family = [&](const ir::Program& p) { return p.family == family; };
    if (std::ranges::count_if(programs, of_family) > 1) throw base::InternalError("two programs of one family");
    const auto program = std::ranges::find_if(programs, of_family);
    if (program == programs.end()) {
      ruleset.removed.push_back(family == net::Family::ipv4 ? TableFamily::ip : TableFamily::ip6);
      continue;
    }
    check_limits(*program, diagnostics);
    FamilyLowering(*program, ruleset, diagnostics).lower();
  }
  return ruleset;
}

FamilyLowering::FamilyLowering(const ir::Program& program, Ruleset& ruleset, base::Diagnostics& diagnostics)
    : program_(program),
      ruleset_(ruleset),
      diagnostics_(diagnostics),
      make_(ruleset, program.family),
      groups_(program, diagnostics),
      labels_(program, groups_, diagnostics) {}

void FamilyLowering::lower() {
  declare_sets();
  refuse_ = make_.chain("refuse");
  make_.rule(refuse_, {netfilter::Reject{}});
  lower_groups();
  services_ = make_.chain("services");
  lower_routes();
  using netfilter::ChainType;
  using netfilter::Hook;
  ranges_prerouting_ = make_.base("ranges_prerouting", ChainType::filter, Hook::prerouting, -110);
  ranges_output_ = make_.base("ranges_output", ChainType::filter, Hook::output, -110);
  for (const auto& [name, hook] :
       {std::pair("nat_prerouting", Hook::prerouting), std::pair("nat_output", Hook::output)}) {
    make_.rule(make_.base(name, ChainType::nat, hook, -100), {Maker::decide(Verdict::Kind::jump, services_)});
  }
  end_prerouting_ = make_.base("end_prerouting", ChainType::filter, Hook::prerouting, -99);
  end_output_ = make_.base("end_output", ChainType::filter, Hook::output, -99);
  filter_ = {make_.base("filter_input", ChainType::filter, Hook::input, 0),
             make_.base("filter_forward", ChainType::filter, Hook::forward, 0),
             make_.base("filter_output", ChainType::filter, Hook::output, 0)};
  nat_postrouting_ = make_.base("nat_postrouting", ChainType::nat, Hook::postrouting, 100);
  lower_ranges();
  lower_scratch_end();
  lower_checks();
  lower_post();
}

// ---- sets

SetId FamilyLowering::declare(std::string name, std::vector<Declared> key, Maker::SetOptions options) {
  if (const auto found = declared_.find(name); found != declared_.end()) return found->second;
  const SetId id = make_.set(name, std::move(key), options);
  declared_.emplace(std::move(name), id);
  return id;
}

std::vector<Declared> FamilyLowering::frontend_types() const {
  return {make_.address_type("daddr"), make_.protocol_type(), make_.port_type()};
}

std::vector<Declared> FamilyLowering::with_source(std::vector<Declared> key) const {
  key.push_back(make_.address_type("saddr"));
  return key;
}

void FamilyLowering::declare_sets() {
  using Data = netfilter::Set::Data;
  const std::vector<Declared> frontend = frontend_types(), port{make_.protocol_type(), make_.port_type()};
  const std::vector<Declared> scratch{make_.scratch_type()};
  const auto interval = Maker::SetOptions{Data::none, true};
  const auto verdicts = Maker::SetOptions{Data::verdicts, false};

  sets_.node_addresses = declare("node_addresses", {make_.address_type("daddr")}, {});
  for (const KeySpace space : {KeySpace::service, KeySpace::node_port, KeySpace::host_port_at, KeySpace::host_port}) {
    sets_.routes[static_cast<std::size_t>(space)] =
        make_.map(std::string(map_name(space)), has_address(space) ? frontend : port, scratch);
  }
  sets_.classes = declare("classes", scratch, {Data::verdicts, true});
  sets_.balance = declare("balance", scratch, {Data::verdicts, true});
  for (const net::Protocol p : {net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp}) {
    // A map whose data is a port of one protocol can't be looked up in a rule for another.
    const std::string name(net::lower_name(p));
    sets_.endpoints[static_cast<std::size_t>(p)] =
        make_.map("endpoints_" + name, {make_.scratch_type(), make_.slot_type()},
                  {make_.address_type("daddr"), {Type::inet_service, name + " dport"}});
  }
  sets_.label_of = make_.map("label_of", {make_.scratch_type(), make_.slot_type()}, scratch);
  sets_.group_of = make_.map("group_of", scratch, scratch);
  const Type address = make_.v4() ? Type::ipv4_addr : Type::ipv6_addr;
  sets_.endpoint_of = make_.map("endpoint_of", {{Type::classid, {}}}, {{address, {}}, {Type::inet_service, {}}});
  sets_.memory = make_.memory("memory", {make_.address_type("saddr"), make_.scratch_type()}, memory_capacity, 10800);
  sets_.hairpin = declare("hairpin", {make_.address_type("saddr"), make_.address_type("daddr"), port[0], port[1]}, {});
  sets_.hairpin_same =
      declare("hairpin_same", {make_.address_type("saddr"), make_.address_type("daddr"), port[0], port[1]}, {});
  for (const KeySpace space : {KeySpace::service, KeySpace::host_port_at, KeySpace::host_port}) guard_set(space, 0);
  declare("ranged", frontend, {});
  declare("allowed", with_source(frontend), interval);
  for (const char* hooks : {"input_forward_output", "input_forward", "forward_output"}) {
    declare(fmt::format("check_frontends_{}", hooks), frontend, verdicts);
  }
  declare("check_node_ports_input", port, verdicts);
  declare("check_local_ports_input", port, verdicts);
  declare("check_local_ports_input_forward", port, verdicts);
  declare("check_addresses_forward_output", {make_.address_type("daddr")}, {});

  if (!program_.accepted.every_local) {
    Elements e = make_.elements(sets_.node_addresses);
    for (const net::Address& a : program_.accepted.addresses) e.key(a);
  }
}

// ---- small stages

Statements FamilyLowering::at_accepted_address() const {
  if (!program_.accepted.every_local) return {Maker::in({make_.destination()}, sets_.node_addresses)};
  Statements out{Maker::local(Field::fib_destination_type)};
  if (!program_.accepted.loopback) out.push_back(make_.to(loopback(program_.family), true));
  return out;
}

void FamilyLowering::lower_scratch_end() {
  for (const ChainId chain : {end_prerouting_, end_output_}) {
    const netfilter::Match ours{{Maker::field(Field::priority)},
                                netfilter::Between{Value::number(scratch::first), Value::number(scratch::last)},
                                false};
    make_.rule(chain, {Maker::state(netfilter::state::fresh), ours, Maker::scratch(0)});
  }
}

void FamilyLowering::lower_post() {
  make_.rule(nat_postrouting_,
             {Maker::marked(program_.mark), Maker::flip_mark_bit(program_.mark), netfilter::Masquerade{}});
  for (Statements& hairpin : hairpins()) {
    hairpin.push_back(netfilter::Masquerade{});
    make_.rule(nat_postrouting_, std::move(hairpin));
  }
}

}  // namespace portcullis::nftables
