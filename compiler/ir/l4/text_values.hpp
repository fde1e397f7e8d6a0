// Values of the text form, read from a cursor. Each reports what it expected and returns a default when it is not
// there.
#pragma once

#include <string_view>

#include "compiler/ir/form/values.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::ir::form {

// An address of the program's family.
[[nodiscard]] net::Address address(Cursor& cursor, net::Family family);
// With an address of the family, if with an address.
[[nodiscard]] Endpoint endpoint(Cursor& cursor, net::Family family);
// The same, and it must be an address.
[[nodiscard]] Endpoint exact_endpoint(Cursor& cursor, net::Family family);

[[nodiscard]] net::Protocol protocol(Cursor& cursor);
[[nodiscard]] net::Family family(Cursor& cursor);
[[nodiscard]] Dialect dialect(Cursor& cursor);
// `service/cluster-ip`; `node-port` is short for `node-port/node-port`.
struct TableAndKind {
  Table table{};
  FrontendKind kind{};
};
[[nodiscard]] TableAndKind table_and_kind(Cursor& cursor);
[[nodiscard]] Verdict verdict(Cursor& cursor);
[[nodiscard]] Hooks hooks(Cursor& cursor);
[[nodiscard]] States states(Cursor& cursor);
// What follows `affinity`: `600s`.
[[nodiscard]] std::uint32_t seconds(Cursor& cursor);
// `| by OBJECT [FIELD]`, if it is there.
[[nodiscard]] Origin origin(Cursor& cursor);
// The same behind its `|`.
[[nodiscard]] Origin origin_words(Cursor& cursor);

}  // namespace portcullis::ir::form
