#include "backends/iptables/ruleset.hpp"

#include <algorithm>
#include <array>

namespace portcullis::iptables {

namespace {

constexpr std::array<std::string_view, 5> table_names{"raw", "mangle", "filter", "nat", "security"};

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

std::string_view to_string(TableName table) {
  return table_names.at(static_cast<std::size_t>(table));
}

std::optional<TableName> parse_table(std::string_view text) {
  const auto found = std::ranges::find(table_names, text);
  if (found == table_names.end()) return {};
  return static_cast<TableName>(found - table_names.begin());
}

const std::vector<std::string_view>& reject_types(net::Family family) {
  static const std::vector<std::string_view> v4{
      "icmp-port-unreachable", "icmp-net-unreachable", "icmp-host-unreachable", "icmp-proto-unreachable",
      "icmp-net-prohibited",   "icmp-host-prohibited", "icmp-admin-prohibited", "tcp-reset"};
  static const std::vector<std::string_view> v6{
      "icmp6-port-unreachable", "icmp6-no-route", "icmp6-adm-prohibited", "icmp6-addr-unreachable", "icmp6-policy-fail",
      "icmp6-reject-route",     "tcp-reset"};
  return family == net::Family::ipv4 ? v4 : v6;
}

// Kernel: the valid_hooks of iptable_raw.c, iptable_mangle.c, iptable_filter.c, iptable_nat.c, iptable_security.c.
bool is_built_in(TableName table, std::string_view chain) {
  switch (table) {
    case TableName::raw:
      return one_of(chain, {"PREROUTING", "OUTPUT"});
    case TableName::mangle:
      return one_of(chain, {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"});
    case TableName::filter:
    case TableName::security:
      return one_of(chain, {"INPUT", "FORWARD", "OUTPUT"});
    case TableName::nat:
      return one_of(chain, {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"});
  }
  return false;
}

bool Rule::operator==(const Rule& other) const {
  return source == other.source && destination == other.destination && protocol == other.protocol &&
         matches == other.matches && target == other.target && comment == other.comment;
}

const Table* Ruleset::find(TableName name) const {
  const auto found = std::ranges::find(tables, name, &Table::name);
  return found == tables.end() ? nullptr : &*found;
}

std::size_t Ruleset::rules() const {
  std::size_t n = 0;
  for (const Table& t : tables) {
    for (const Chain& c : t.chains) n += c.rules.size();
  }
  return n;
}

}  // namespace portcullis::iptables
