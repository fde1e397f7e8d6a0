// Lines of sections: conditions and answers as HAProxy's words, and back.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/haproxy/configuration.hpp"

namespace portcullis::haproxy {

// `{ method -m str -- OPTIONS }`, with `!` before it where it is negated.
[[nodiscard]] std::string acl(const ir::l7::Condition& condition);
// ` if { … } !{ … }`; empty without conditions.
[[nodiscard]] std::string conditions(const std::vector<ir::l7::Condition>& all);
// The words behind `if`; nothing: not ours.
[[nodiscard]] std::optional<std::vector<ir::l7::Condition>> read_conditions(std::span<const std::string> words);

// `http-request return status 404 if …`.
[[nodiscard]] std::string line_of(const Rule& rule);
// The words of such a line, `http-request` among them.
[[nodiscard]] std::optional<Rule> read_rule(std::span<const std::string> words);

// Whether the condition can be written: names of headers and cookies.
[[nodiscard]] bool expressible(const ir::l7::Condition& condition);

}  // namespace portcullis::haproxy
