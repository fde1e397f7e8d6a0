#include "verifier/bytecode/tables.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "backends/ebpf/bpf/types.h"

namespace portcullis::bytecode {

namespace {

struct Shape {
  std::string_view name;
  unsigned key, entry;
};

// By Table.
constexpr std::array<Shape, 6> shapes{{
    {"t_frontends", sizeof(pcl_frontend_key), sizeof(pcl_frontend)},
    {"t_pools", sizeof(pcl_u32), sizeof(pcl_pool)},
    {"t_endpoints", sizeof(pcl_u32), sizeof(pcl_endpoint)},
    {"t_members", sizeof(pcl_member_key), sizeof(pcl_u32)},
    {"t_prefixes", sizeof(pcl_prefix_key), sizeof(pcl_u32)},
    {"t_locals", sizeof(pcl_addr), sizeof(pcl_local)},
}};

const Shape& shape_of(Table table) {
  return shapes.at(static_cast<std::size_t>(table));
}

}  // namespace

std::string_view to_string(Table table) {
  return shape_of(table).name;
}

std::optional<Table> table_of(std::string_view name) {
  const auto found = std::ranges::find(shapes, name, &Shape::name);
  if (found == shapes.end()) return {};
  return static_cast<Table>(found - shapes.begin());
}

unsigned key_bytes(Table table) {
  return shape_of(table).key;
}

unsigned entry_bytes(Table table) {
  return shape_of(table).entry;
}

Entry Tables::ask(Table table, smt::Term key) {
  const std::string_view name = to_string(table);
  const Entry entry{table, key, session_.holds(fmt::format("{}.has", name), key),
                    session_.answer(fmt::format("{}.entry", name), key, 8 * entry_bytes(table))};
  asked_.push_back(entry);
  return entry;
}

smt::Term packed(smt::Session& session, std::initializer_list<smt::Term> fields) {
  smt::Term all = *fields.begin();
  for (const smt::Term field : std::span(fields.begin() + 1, fields.end())) all = session.concat(field, all);
  return all;
}

smt::Term bytes_of(smt::Session& session, smt::Term memory, std::size_t offset, std::size_t size) {
  return session.extract(memory, static_cast<unsigned>(8 * (offset + size) - 1), static_cast<unsigned>(8 * offset));
}

smt::Term swapped(smt::Session& session, smt::Term value) {
  const std::size_t size = session.width(value) / 8;
  smt::Term all = bytes_of(session, value, 0, 1);
  for (std::size_t i = 1; i < size; ++i) all = session.concat(all, bytes_of(session, value, i, 1));
  return all;
}

}  // namespace portcullis::bytecode
