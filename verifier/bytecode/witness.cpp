#include "verifier/bytecode/witness.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/ebpf/bpf/types.h"
#include "compiler/net/address.hpp"

namespace portcullis::bytecode {

namespace {

enum class Kind { number, network_number, address, octets };

struct Field {
  std::string_view name;
  std::size_t offset, size;
  Kind kind = Kind::number;
};

constexpr std::array flow_fields{
    Field{"source", offsetof(pcl_flow, source), 16, Kind::address},
    Field{"destination", offsetof(pcl_flow, destination), 16, Kind::address},
    Field{"port", offsetof(pcl_flow, port), 2, Kind::network_number},
    Field{"protocol", offsetof(pcl_flow, protocol), 1},
    Field{"origin", offsetof(pcl_flow, origin), 1},
    Field{"generation", offsetof(pcl_flow, generation), 4},
};
constexpr std::array memory_fields{
    Field{"used", offsetof(pcl_memory, used), 8},
    Field{"address", offsetof(pcl_memory, address), 16, Kind::address},
    Field{"port", offsetof(pcl_memory, port), 2, Kind::network_number},
};
constexpr std::array choice_fields{
    Field{"address", offsetof(pcl_choice, address), 16, Kind::address},
    Field{"port", offsetof(pcl_choice, port), 2, Kind::network_number},
    Field{"masquerade", offsetof(pcl_choice, masquerade), 1},
    Field{"zero", offsetof(pcl_choice, zero), 1},
};
constexpr std::array frontend_key_fields{
    Field{"address", offsetof(pcl_frontend_key, address), 16, Kind::address},
    Field{"port", offsetof(pcl_frontend_key, port), 2, Kind::network_number},
    Field{"protocol", offsetof(pcl_frontend_key, protocol), 1},
    Field{"scope", offsetof(pcl_frontend_key, scope), 1},
};
constexpr std::array frontend_fields{
    Field{"actions", offsetof(pcl_frontend, action), PCL_CLASSES, Kind::octets},
    Field{"pool 0", offsetof(pcl_frontend, pool), 4},
    Field{"pool 1", offsetof(pcl_frontend, pool) + 4, 4},
    Field{"pool 2", offsetof(pcl_frontend, pool) + 8, 4},
    Field{"ranges", offsetof(pcl_frontend, ranges), 4},
};
constexpr std::array number_field{Field{"number", 0, 4}};
constexpr std::array pool_fields{
    Field{"first", offsetof(pcl_pool, first), 4},
    Field{"count", offsetof(pcl_pool, count), 4},
    Field{"sticky", offsetof(pcl_pool, sticky), 4},
    Field{"memory", offsetof(pcl_pool, memory), 4},
};
constexpr std::array endpoint_fields{
    Field{"address", offsetof(pcl_endpoint, address), 16, Kind::address},
    Field{"port", offsetof(pcl_endpoint, port), 2, Kind::network_number},
    Field{"flags", offsetof(pcl_endpoint, flags), 2},
};
constexpr std::array member_key_fields{
    Field{"pool", offsetof(pcl_member_key, pool), 4},
    Field{"address", offsetof(pcl_member_key, address), 16, Kind::address},
    Field{"port", offsetof(pcl_member_key, port), 2, Kind::network_number},
    Field{"zero", offsetof(pcl_member_key, zero), 2},
};
constexpr std::array prefix_key_fields{
    Field{"length", offsetof(pcl_prefix_key, length), 4},
    Field{"set", offsetof(pcl_prefix_key, set), 4, Kind::network_number},
    Field{"address", offsetof(pcl_prefix_key, address), 16, Kind::address},
};
constexpr std::array address_field{Field{"address", 0, 16, Kind::address}};
constexpr std::array local_fields{
    Field{"local", offsetof(pcl_local, local), 1},
    Field{"scope", offsetof(pcl_local, scope), 1},
};

struct Fields {
  std::span<const Field> key, entry;
};

Fields fields_of(Table table) {
  switch (table) {
    case Table::frontends:
      return {frontend_key_fields, frontend_fields};
    case Table::pools:
      return {number_field, pool_fields};
    case Table::endpoints:
      return {number_field, endpoint_fields};
    case Table::members:
      return {member_key_fields, number_field};
    case Table::prefixes:
      return {prefix_key_fields, {}};
    case Table::locals:
      return {address_field, local_fields};
  }
  return {};
}

std::uint64_t number_in(std::span<const std::uint8_t> octets, bool network_order) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < octets.size(); ++i)
    value = value << 8U | octets[network_order ? i : octets.size() - 1 - i];
  return value;
}

std::string address_text(std::span<const std::uint8_t> octets) {
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(octets, bytes.begin());
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::equal(mapped.begin(), mapped.end(), bytes.begin()))
    return net::Address::v4(static_cast<std::uint32_t>(number_in(octets.last(4), true))).text();
  return net::Address::v6(bytes).text();
}

std::string text(std::span<const Field> fields, const Octets& octets) {
  std::vector<std::string> words;
  for (const Field& field : fields) {
    const auto part = std::span(octets).subspan(field.offset, field.size);
    switch (field.kind) {
      case Kind::number:
      case Kind::network_number:
        words.push_back(fmt::format("{} {}", field.name, number_in(part, field.kind == Kind::network_number)));
        break;
      case Kind::address:
        words.push_back(fmt::format("{} {}", field.name, address_text(part)));
        break;
      case Kind::octets:
        words.push_back(fmt::format("{} {:02x}", field.name, fmt::join(part, " ")));
        break;
    }
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string_view verdict_text(std::uint64_t verdict) {
  constexpr std::array<std::string_view, 4> words{"none", "dnat", "reject", "drop"};
  return verdict < words.size() ? words.at(verdict) : "no verdict";
}

std::string answer_text(const Witness& witness, std::uint64_t answer, const Octets& choice) {
  if (!witness.chooses)
    return fmt::format("{}{} pool {}", verdict_text(answer & 0xFFU),
                       (answer & PCL_DECISION_MASQUERADE) != 0 ? " masquerade" : "", answer >> 32U);
  return choice.empty() ? std::string(verdict_text(answer))
                        : fmt::format("{} to {}", verdict_text(answer), text(choice_fields, choice));
}

}  // namespace

Octets octets(const smt::Model& model, smt::Session& session, smt::Term term) {
  const std::vector<std::uint32_t> words = model.words(term);
  Octets out(session.width(term) / 8);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(words[words.size() - 1 - i / 4] >> (8 * (i % 4)));
  return out;
}

std::vector<Witness::Row> rows(const smt::Model& model, smt::Session& session, const Tables& tables) {
  std::vector<Witness::Row> out;
  for (const Entry& entry : tables.asked()) {
    if (!model.truth(entry.present)) continue;
    Witness::Row row{entry.table, octets(model, session, entry.key), octets(model, session, entry.contents)};
    if (std::ranges::find(out, row) == out.end()) out.push_back(std::move(row));
  }
  return out;
}

std::string to_string(const Witness& witness) {
  std::string out = text(flow_fields, witness.flow);
  if (witness.chooses) {
    out += fmt::format("; decision {:#x}, random {:#x}, ", witness.decision, witness.random);
    out += witness.remembered.empty() ? "nothing remembered"
                                      : fmt::format("remembered {{{}}}", text(memory_fields, witness.remembered));
  }
  for (const Witness::Row& row : witness.rows) {
    const Fields fields = fields_of(row.table);
    out += fmt::format("; {} has {{{}}}", to_string(row.table), text(fields.key, row.key));
    if (!fields.entry.empty()) out += fmt::format(": {}", text(fields.entry, row.entry));
  }
  return fmt::format("{}: the program says {}, the meaning {}", out,
                     answer_text(witness, witness.program, witness.program_choice),
                     answer_text(witness, witness.meaning, witness.meaning_choice));
}

}  // namespace portcullis::bytecode
