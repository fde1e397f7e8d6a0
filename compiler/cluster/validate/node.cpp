// Node (core ValidateNode): the parts that matter for the network.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/cluster/validate.hpp"
#include "compiler/cluster/validate/metadata.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::string_view code = "PC2060";

constexpr MetadataRules node_metadata{.code = code,
                                      .kind = "Node",
                                      .name = dns_subdomain,
                                      .name_hint = "lower-case letters, digits, inner hyphens and dots, at most 253"};

// podCIDRs as the server sees them: podCIDR stands in for an absent list, and for one that begins otherwise.
std::vector<manifest::Text> pod_cidrs_of(const manifest::Node& node) {
  if (!node.pod_cidr || node.pod_cidr->value.empty()) return node.pod_cidrs;
  if (!node.pod_cidrs.empty() && node.pod_cidrs.front().value == node.pod_cidr->value) return node.pod_cidrs;
  return {*node.pod_cidr};
}

void check_pod_cidrs(Sink& sink, const manifest::Node& node) {
  const Path path = Path("spec").child("podCIDRs");
  const std::vector<manifest::Text> cidrs = pod_cidrs_of(node);
  std::set<net::Family> families;
  for (std::size_t i = 0; i < cidrs.size(); ++i) {
    const std::string canonical = canonical_cidr(cidrs[i].value);
    sink.refuse_each(
        code, path.index(i), cidrs[i].span, [&] { return fmt::format("pod range {}", in_quotes(cidrs[i].value)); },
        cidr(cidrs[i].value), canonical.empty() ? std::string{} : fmt::format("write `{}`", canonical));
    if (const auto prefix = net::Prefix::parse_sloppy(cidrs[i].value)) families.insert(prefix->family());
  }
  if (cidrs.size() < 2) return;
  if (families.size() < 2 || cidrs.size() > 2) {
    sink.refuse(code, Reason::invalid, path, cidrs[1].span,
                fmt::format("the node has {} pod ranges of {} families", cidrs.size(), families.size()),
                "at most one range of each family");
  }
  std::map<std::string_view, base::SourceSpan> seen;
  for (std::size_t i = 0; i < cidrs.size(); ++i) {
    const auto [first, added] = seen.emplace(cidrs[i].value, cidrs[i].span);
    if (!added) {
      sink.refuse_duplicate(code, path.index(i), cidrs[i].span,
                            fmt::format("pod range {} is listed twice", in_quotes(cidrs[i].value)), first->second);
    }
  }
}

void check_taints(Sink& sink, const manifest::Node& node) {
  static constexpr std::array<std::string_view, 3> effects{"NoExecute", "NoSchedule", "PreferNoSchedule"};
  const auto text = [](const manifest::Field<std::string>& field) {
    return field ? std::string_view{field->value} : std::string_view{};
  };
  std::map<std::pair<std::string_view, std::string_view>, base::SourceSpan> seen;
  for (std::size_t i = 0; i < node.taints.size(); ++i) {
    const manifest::Taint& taint = node.taints[i];
    // The server really reports taints below `metadata`.
    const Path path = Path("metadata").child("taints").index(i);
    const auto place = [&](const manifest::Field<std::string>& field) { return field ? field->span : taint.place; };
    sink.refuse_each(
        code, path.child("key"), place(taint.key),
        [&] { return fmt::format("taint key {}", in_quotes(text(taint.key))); }, qualified_name(text(taint.key)));
    sink.refuse_each(
        code, path.child("value"), place(taint.value),
        [&] { return fmt::format("taint value {}", in_quotes(text(taint.value))); }, label_value(text(taint.value)));
    if (text(taint.effect).empty()) {
      sink.refuse(code, Reason::required, path.child("effect"), place(taint.effect), "a taint has no effect",
                  "use NoSchedule, PreferNoSchedule or NoExecute");
    } else if (std::ranges::find(effects, text(taint.effect)) == effects.end()) {
      sink.refuse_unknown(code, path.child("effect"), place(taint.effect), "taint effect", text(taint.effect), effects);
    }
    const auto [first, added] = seen.emplace(std::pair{text(taint.key), text(taint.effect)}, place(taint.key));
    if (!added) {
      sink.refuse_duplicate(code, path, place(taint.key),
                            fmt::format("taint {} is listed twice with one effect", in_quotes(text(taint.key))),
                            first->second);
    }
  }
}

}  // namespace

bool validate(const manifest::Node& node, base::Diagnostics& diagnostics) {
  Sink sink(object_ref("Node", node.metadata, false), diagnostics);
  check_metadata(node.metadata, node_metadata, node.place, sink);
  check_taints(sink, node);
  check_pod_cidrs(sink, node);
  return sink.accepted();
}

}  // namespace portcullis::cluster
