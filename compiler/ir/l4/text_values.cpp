#include "compiler/ir/l4/text_values.hpp"

#include <array>
#include <span>

#include <fmt/format.h>

namespace portcullis::ir::form {

namespace {

constexpr std::array<Named<Table>, 3> tables{
    {{"service", Table::service}, {"node-port", Table::node_port}, {"host-port", Table::host_port}}};
constexpr std::array<Named<FrontendKind>, 5> kinds{{{"cluster-ip", FrontendKind::cluster_ip},
                                                    {"external-ip", FrontendKind::external_ip},
                                                    {"load-balancer", FrontendKind::load_balancer},
                                                    {"node-port", FrontendKind::node_port},
                                                    {"host-port", FrontendKind::host_port}}};

bool of_family(Cursor& cursor, const net::Address& address, net::Family family) {
  if (address.family() == family) return true;
  cursor.fail_last(fmt::format("the program is of family {}", to_string(family)));
  return false;
}

}  // namespace

net::Address address(Cursor& cursor, net::Family family) {
  const std::string_view word = cursor.word("an address");
  if (!cursor.ok()) return {};
  const auto address = net::Address::parse(word);
  if (!address) {
    cursor.fail_last(fmt::format("`{}` is no IP address", word));
    return {};
  }
  return of_family(cursor, *address, family) ? *address : net::Address{};
}

Endpoint endpoint(Cursor& cursor, net::Family family) {
  Endpoint result = endpoint(cursor);
  return !result.address || of_family(cursor, *result.address, family) ? result : Endpoint{};
}

Endpoint exact_endpoint(Cursor& cursor, net::Family family) {
  Endpoint result = exact_endpoint(cursor);
  return !result.address || of_family(cursor, *result.address, family) ? result : Endpoint{};
}

net::Protocol protocol(Cursor& cursor) {
  using enum net::Protocol;
  constexpr std::array<Named<net::Protocol>, 4> names{{{"tcp", tcp}, {"udp", udp}, {"sctp", sctp}, {"icmp", icmp}}};
  return one_of(cursor, names, "tcp, udp, sctp or icmp");
}

net::Family family(Cursor& cursor) {
  constexpr std::array<Named<net::Family>, 2> names{{{"ipv4", net::Family::ipv4}, {"ipv6", net::Family::ipv6}}};
  return one_of(cursor, names, "ipv4 or ipv6");
}

Dialect dialect(Cursor& cursor) {
  constexpr std::array<Named<Dialect>, 2> names{{{"nftables", Dialect::nftables}, {"iptables", Dialect::iptables}}};
  return one_of(cursor, names, "nftables or iptables");
}

TableAndKind table_and_kind(Cursor& cursor) {
  const std::string_view word = cursor.word("a table");
  if (!cursor.ok()) return {};
  const std::size_t slash = word.find('/');
  const std::string_view table_name = word.substr(0, slash);
  const auto table = find(tables, table_name);
  const auto kind = find(kinds, slash == std::string_view::npos ? table_name : word.substr(slash + 1));
  if (!table || !kind) {
    cursor.fail_last(
        fmt::format("`{}` is no table; there are service/cluster-ip, service/external-ip, service/load-balancer, "
                    "node-port and host-port",
                    word));
    return {};
  }
  return {*table, *kind};
}

Verdict verdict(Cursor& cursor) {
  using enum Verdict;
  constexpr std::array<Named<Verdict>, 3> names{{{"accept", accept}, {"reject", reject}, {"drop", drop}}};
  return one_of(cursor, names, "accept, reject or drop");
}

Hooks hooks(Cursor& cursor) {
  Hooks hooks;
  hooks.input = cursor.take("input");
  hooks.forward = cursor.take("forward");
  hooks.output = cursor.take("output");
  return hooks;
}

States states(Cursor& cursor) {
  using enum States;
  constexpr std::array<Named<States>, 4> names{
      {{"new", fresh}, {"any-state", any}, {"invalid", invalid}, {"established", established_or_related}}};
  return one_of(cursor, names, "hooks (input forward output) and new, any-state, invalid or established");
}

std::uint32_t seconds(Cursor& cursor) {
  const std::string_view word = cursor.word("a time such as 600s");
  if (!cursor.ok()) return 0;
  const auto value = word.ends_with('s') ? decimal<std::uint32_t>(word.substr(0, word.size() - 1)) : std::nullopt;
  if (!value) cursor.fail_last(fmt::format("`{}` is no time such as 600s", word));
  return value.value_or(0);
}

Origin origin(Cursor& cursor) {
  return cursor.take(Token::Kind::bar) ? origin_words(cursor) : Origin{};
}

Origin origin_words(Cursor& cursor) {
  Origin origin;
  cursor.expect("by");
  origin.object = cursor.name("an object");
  if (!cursor.at(Token::Kind::end)) origin.field = cursor.name("a field path");
  return origin;
}

}  // namespace portcullis::ir::form
