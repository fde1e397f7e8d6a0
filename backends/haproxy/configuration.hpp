// A configuration of HAProxy with its map files, typed. What varies is data: lines of maps, lists of sources, one or
// more `backend` sections for each treatment. The frontend is fixed text for a pair of forms and for the kinds of lines
// that there are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/ir/l7/router.hpp"

namespace portcullis::haproxy {

// ---- what a treatment becomes

// `http-request … if …` in a backend section: answers by itself.
struct Rule {
  std::vector<ir::l7::Condition> when;  // empty: always
  std::variant<ir::l7::Redirect, ir::l7::Reply, ir::l7::Refuse> answer;
  bool operator==(const Rule&) const = default;
};

// Where a backend section sends what its rules leave.
struct Target {
  std::string service;  // `ns/name:80`, the section's description
  ir::l7::Backend::Via via = ir::l7::Backend::Via::endpoints;
  std::vector<std::pair<net::Address, std::uint16_t>> servers;
  std::string external;  // a name instead of servers
  std::uint16_t external_port = 0;
  int status = 503;    // the answer where there is neither
  std::string cookie;  // binds clients to a server; empty: nothing does
  std::optional<ir::l7::Rewrite> rewrite;
  std::string host;                                    // Host for the servers; empty: the client's
  ir::l7::Protocol protocol = ir::l7::Protocol::http;  // neither `client` nor `fcgi`
  bool operator==(const Target&) const = default;
  [[nodiscard]] bool dead() const { return servers.empty() && external.empty(); }
};

// One `backend`. Without a target its last rule is unconditional.
struct Section {
  std::vector<Rule> rules;
  std::optional<Target> target;
  bool operator==(const Section&) const = default;
};
struct Choice {
  std::uint32_t weight = 1;
  Section section;
  bool operator==(const Choice&) const = default;
};
// The first part whose conditions hold takes the request; one of its choices by chance. Each section repeats the rules
// that stand before the part.
struct Part {
  std::vector<ir::l7::Condition> when;  // empty for the last
  std::vector<Choice> choices;          // not empty
  bool operator==(const Part&) const = default;
};
struct Treatment {
  std::vector<Part> parts;  // not empty
  bool operator==(const Treatment&) const = default;
};

// ---- lines of maps

struct HostLine {
  std::string text;
  std::uint32_t entry = 0;
  bool operator==(const HostLine&) const = default;
};
// Where a router has names by regular expression: those, and the one-label wildcards that are tried behind them.
struct HostRegex {
  ir::l7::HostPattern pattern;  // regex or one_label
  std::uint32_t entry = 0;
  bool operator==(const HostRegex&) const = default;
};
// `value` is a treatment; in a ranked configuration a slot.
struct PathLine {
  std::uint32_t entry = 0;
  std::string text;
  std::uint32_t value = 0;
  bool operator==(const PathLine&) const = default;
};
struct RegexLine {
  std::string text;
  bool fold = false;
  std::uint32_t slot = 0;
  bool operator==(const RegexLine&) const = default;
};
struct RegexList {
  std::uint32_t entry = 0;
  std::vector<RegexLine> lines;  // the first match decides
  bool operator==(const RegexList&) const = default;
};
struct TlsLine {
  ir::l7::HostPattern name;
  std::uint32_t certificate = 0;
  bool operator==(const TlsLine&) const = default;
};

struct Configuration {
  std::string name;  // of the router
  ir::l7::HostForm host_form = ir::l7::HostForm::plain;
  ir::l7::PathForm path_form = ir::l7::PathForm::as_sent;
  std::uint16_t http = 80, https = 443;

  // Names to entries. Texts are in order, each once.
  std::vector<HostLine> hosts;          // exact
  std::vector<HostLine> many_labels;    // without `**.`
  std::vector<HostLine> one_label;      // without `*.`; those before any regular expression
  std::vector<HostRegex> host_regexes;  // in order
  std::optional<std::uint32_t> any;

  // Entry and path to a treatment. Plain: exact texts, then the longest prefix. `ranked`: some entry also has texts
  // that ignore letter case, or regular expressions; every table gives a slot, and the smallest wins. Texts that ignore
  // letter case are in lower case.
  std::vector<PathLine> exact, prefix, fold_exact, fold_prefix;
  std::vector<RegexList> regexes;
  bool ranked = false;
  std::vector<std::uint32_t> slots;           // slot → treatment
  std::vector<std::uint32_t> otherwise;       // entry → treatment
  std::uint32_t unmatched = 0;                // treatment of other names
  std::optional<std::uint32_t> without_host;  // … and of requests without Host, where the form tells them apart

  std::vector<Treatment> treatments;
  std::vector<ir::l7::Ranges> ranges;
  std::vector<std::string> tls_names;
  std::vector<std::string> certificates;  // Secrets, `ns/name`; empty: the default certificate. [0] is the default
  std::vector<TlsLine> tls;
  bool strict_sni = false;
  bool operator==(const Configuration&) const = default;
};

}  // namespace portcullis::haproxy
