// From a request to the two things that routes look at: a name and a path (reference 3.2, 3.4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "compiler/ir/l7/request.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

// The parts of a target: `http://host` of an absolute form, path, `?query`, `#fragment`.
struct TargetParts {
  std::optional<std::string_view> authority;  // of an absolute form, and of `host:443` as CONNECT has it
  std::string_view path;                      // empty for `*`, `http://host` and `host:443`
  std::string_view query;                     // with its `?`, without the fragment; empty: none
  bool fragment = false;                      // a `#` follows, with whatever is behind it
};
[[nodiscard]] TargetParts split_target(std::string_view target);

struct Name {
  bool present = true;  // false: no Host header, where the form tells the two apart
  std::string text;     // lower case, without port; empty: an empty or missing Host
};
// The name, or the status with which the request is refused. The host of a target is taken before the header's (haproxy
// refuses the request where they differ); two Host headers that differ are refused. Beside reference 3.4:
//   plain    the port is what follows the last `:`, unless a `]` follows; a trailing dot stays; no Host is an empty
//   name haproxy  without a Host header the name is not present, whatever the target says nginx, traefik  two Host
//   headers are refused, equal or not
[[nodiscard]] std::variant<Name, int> host_name(const Request& request, HostForm form);
// The path, or the status with which the request is refused.
[[nodiscard]] std::variant<std::string, int> matched_path(std::string_view target, PathForm form);

// Whether `label` is what a one-label wildcard takes for a label.
[[nodiscard]] bool is_label(std::string_view label, HostForm form);
// Nothing but `any` matches the empty name. A regular expression outside the dialect matches nothing here; Server says
// unknown.
[[nodiscard]] bool matches(const HostPattern& pattern, std::string_view name, HostForm form);

// Host as the client sent it, as far as redirects repeat it: with its port, and without. Empty: no Host header.
[[nodiscard]] std::string host_as_sent(const Request& request);
[[nodiscard]] std::string host_without_port(const Request& request);

// The target as it is sent on and repeated by redirects: of an absolute form, what follows the authority.
[[nodiscard]] std::string target_as_sent(std::string_view target);

// What a normalised path looks like when it is sent on (nginx: NGX_ESCAPE_URI).
[[nodiscard]] std::string escape_path(std::string_view path);
// What a text looks like as a value of a query (set_escape_uri of nginx): letters, digits and `-_.!~*'()` stay.
[[nodiscard]] std::string escape_value(std::string_view text);

}  // namespace portcullis::ir::l7
