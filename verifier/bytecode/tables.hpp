// The tables of the flow's generation, of which nothing is known: each is a function from keys to whether there is an
// entry, and to its bytes. What the program asks and what the meaning asks are the same functions, so that equal keys
// have equal answers.
//
// Bytes in memory are one term throughout the room: the first byte is the least significant.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "verifier/smt/session.hpp"

namespace portcullis::bytecode {

enum class Table { frontends, pools, endpoints, members, prefixes, locals };
// As the object names them: `t_frontends`.
[[nodiscard]] std::string_view to_string(Table table);
[[nodiscard]] std::optional<Table> table_of(std::string_view name);
[[nodiscard]] unsigned key_bytes(Table table);
[[nodiscard]] unsigned entry_bytes(Table table);

struct Entry {
  Table table{};
  smt::Term key, present, contents;
};

class Tables {
 public:
  explicit Tables(smt::Session& session) : session_(session) {}

  [[nodiscard]] Entry ask(Table table, smt::Term key);
  // In the order of asking.
  [[nodiscard]] const std::vector<Entry>& asked() const { return asked_; }

 private:
  smt::Session& session_;
  std::vector<Entry> asked_;
};

// Fields as they lie in memory, the first at the lowest address.
[[nodiscard]] smt::Term packed(smt::Session& session, std::initializer_list<smt::Term> fields);
// `size` bytes at `offset`.
[[nodiscard]] smt::Term bytes_of(smt::Session& session, smt::Term memory, std::size_t offset, std::size_t size);
// The last byte first.
[[nodiscard]] smt::Term swapped(smt::Session& session, smt::Term value);

}  // namespace portcullis::bytecode
