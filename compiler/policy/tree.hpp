// A policy as written: sentences with the place of every word. Nothing here has been looked up; `bind.hpp` does that.
// The language is grammar/Policy.g4; docs/policy.md teaches it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/base/source.hpp"
#include "compiler/net/address.hpp"

namespace portcullis::policy {

using base::Located;
using base::SourceSpan;
using Word = Located<std::string>;  // quotes and escapes removed; the span holds the quotes

// ---- which objects

// A name in which `*` stands for any run of characters.
struct Pattern {
  std::string text;
  SourceSpan span;

  // A name without `*` says that the object exists.
  [[nodiscard]] bool is_name() const { return text.find('*') == std::string::npos; }
  [[nodiscard]] bool matches(std::string_view name) const;
};

// `shop/web`, `web`, `shop/*`. Without a namespace: in every namespace.
struct ObjectPattern {
  std::optional<Pattern> ns;
  Pattern name;
  SourceSpan span;
};

// One test of a label. As in Kubernetes' selectors, `!=` and `not in` also hold where the label is missing.
struct Condition {
  enum class Kind : std::uint8_t { in, not_in, has, lacks };
  Kind kind{};
  Word key;
  std::vector<Word> values;  // of in, not_in; `==` and `!=` have one
  SourceSpan span;
};

struct Where {
  std::vector<Condition> conditions;  // all of them hold; empty: none was written
  SourceSpan span;
};

// Objects of one kind. Whatever is absent restricts nothing.
struct Selection {
  std::optional<ObjectPattern> object;
  std::optional<Pattern> ns;  // `in namespace`; never beside an object that names its namespace
  Where where;
  SourceSpan span;

  // It speaks of one object by its whole name, so that finding none is a mistake in the name.
  [[nodiscard]] bool names_object() const { return object && object->name.is_name(); }
};

// ---- who sends

struct Anywhere {};      // every address
struct ClusterRange {};  // pods, nodes and Service addresses
struct Pods {
  Selection selection;
  bool every = false;  // nothing but `pods`: also addresses of the pod ranges that no known pod has
};
struct Nodes {
  std::optional<Pattern> name;
  Where where;
};
struct Range {
  net::Prefix prefix;
};
struct ZoneName {
  std::string name;
};
using ZoneTerm = std::variant<Anywhere, ClusterRange, Pods, Nodes, Range, ZoneName>;

struct Zones {
  std::vector<Located<ZoneTerm>> terms;
  std::vector<Located<ZoneTerm>> except;
  SourceSpan span;
};

// ---- who is reached

struct PortNumbers {
  std::uint16_t first = 0, last = 0;  // 1–65535
};
// Without a protocol every protocol is meant.
struct Port {
  std::variant<PortNumbers, std::string> value;  // a name: of a Service port, or of a port of a container
  std::optional<net::Protocol> protocol;
  SourceSpan span;
};

struct ServiceTarget {
  Selection selection;
  std::optional<Port> port;
};
struct PodTarget {
  Selection selection;
  std::optional<Port> port;
};
struct NodePortTarget {
  std::optional<PortNumbers> numbers;  // absent: any node port
  std::optional<net::Protocol> protocol;
};
struct AddressTarget {
  net::Address address;
  std::optional<Port> port;
};
struct IngressTarget {
  Word host;
  std::optional<Word> path;
};
using Target = std::variant<ServiceTarget, PodTarget, NodePortTarget, AddressTarget, IngressTarget>;
using Targets = std::vector<Located<Target>>;

// ---- sentences

// The ways to a Service. The words are those of `portcullis resolve` and of rulesets' comments.
enum class FrontendKind : std::uint8_t { cluster_ip, external_ip, load_balancer, node_port };
[[nodiscard]] std::string_view to_string(FrontendKind kind);  // `cluster-ip`, `external-ip`, …

enum class Exposure : std::uint8_t { host_port, host_network, node_port, external_ip, load_balancer };
[[nodiscard]] std::string_view to_string(Exposure exposure);  // `host-port`, `host-network`, …

struct ZoneDefinition {
  Word name;
  Zones zones;
};
struct Reachable {
  Zones from;
  Targets to;
  Located<std::uint32_t> surviving;  // 0: not asked for
};
struct Unreachable {
  Zones from;
  Targets to, except;
};
struct Only {
  Zones zones;
  Targets to, except;
};
struct PreservesSource {
  Zones from;
  Targets to;
};
struct SameFate {
  Located<ServiceTarget> service;
  std::vector<Located<FrontendKind>> frontends;  // two or more
  bool with_source = false;
};
struct Forbid {
  std::vector<Located<Exposure>> exposures;
  std::vector<Pattern> except_namespaces;
};
struct NoConflicts {};
struct Waive {
  Word code;  // `PC3107`, or a finding's name
  Word kind;  // as written: `service`, `Deployment`
  ObjectPattern object;
  Located<std::chrono::year_month_day> until;  // the last day
  Word reason;
};

using SentenceBody =
    std::variant<ZoneDefinition, Reachable, Unreachable, Only, PreservesSource, SameFate, Forbid, NoConflicts, Waive>;

struct Sentence {
  SentenceBody body;
  SourceSpan span;
  std::string text;        // on one line, one blank between words, comments removed
  std::uint32_t line = 0;  // where it begins
};

struct SyntaxTree {
  base::FileId file = 0;
  std::vector<Sentence> sentences;  // those that could be read, in order
};

}  // namespace portcullis::policy
