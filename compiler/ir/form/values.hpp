// Values that the text forms share, read from a cursor. Each reports what it expected and returns a default when it is
// not there.
#pragma once

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "compiler/ir/form/words.hpp"
#include "compiler/net/address.hpp"

namespace portcullis::ir::form {

// Decimal digits without leading zeros.
template <class Number>
std::optional<Number> decimal(std::string_view digits) {
  Number value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return {};
  if (digits.size() > 1 && digits.front() == '0') return {};
  return value;
}

// A word and what it stands for.
template <class Value>
struct Named {
  std::string_view name;
  Value value;
};

// One of the words of a table.
template <class Value, std::size_t size>
Value one_of(Cursor& cursor, const std::array<Named<Value>, size>& table, std::string_view what) {
  for (const Named<Value>& row : table) {
    if (cursor.take(row.name)) return row.value;
  }
  cursor.fail_next(what);
  return {};
}

template <class Value, std::size_t size>
std::optional<Value> find(const std::array<Named<Value>, size>& table, std::string_view name) {
  for (const Named<Value>& row : table) {
    if (row.name == name) return row.value;
  }
  return {};
}

[[nodiscard]] net::Prefix prefix(Cursor& cursor);

// `10.0.1.2:8080`, `[fd00::1]:8080`, or with a word in place of the address: `@any:80`.
struct Endpoint {
  std::optional<net::Address> address;
  std::string_view group;  // `@any`, if there is no address
  std::uint16_t port = 0;
};
// Of either family.
[[nodiscard]] Endpoint endpoint(Cursor& cursor);
// The same, and it must be an address.
[[nodiscard]] Endpoint exact_endpoint(Cursor& cursor);

}  // namespace portcullis::ir::form
