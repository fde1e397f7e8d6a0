// NetworkPolicy (networking ValidateNetworkPolicy).
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/cluster/validate.hpp"
#include "compiler/cluster/validate/metadata.hpp"

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::string_view code = "PC2070";

constexpr MetadataRules policy_metadata{.code = code,
                                        .kind = "NetworkPolicy",
                                        .name = dns_subdomain,
                                        .name_hint = "lower-case letters, digits, inner hyphens and dots, at most 253"};

void check_end_port(Sink& sink, const manifest::NetworkPolicyPort& port, const Path& path) {
  if (!port.end_port) return;
  const std::int64_t end = port.end_port->value;
  const auto bad = [&](std::string message, std::string hint) {
    sink.refuse(code, Reason::invalid, path.child("endPort"), port.end_port->span, std::move(message), std::move(hint));
  };
  if (!port.port) {
    bad(fmt::format("endPort `{}` without `port`", end), "give the first port of the range as `port`");
  } else if (!port.port->value.is_number) {
    bad(fmt::format("endPort `{}` beside the port name {}", end, in_quotes(port.port->value.text)),
        "a range needs a number as `port`");
  } else {
    if (end < port.port->value.number) {
      bad(fmt::format("endPort `{}` lies before port `{}`", end, port.port->value.number),
          "write the range in ascending order");
    }
    if (!is_port(end)) bad(fmt::format("endPort `{}` is outside 1–65535", end), "a number from 1 to 65535");
  }
}

void check_port(Sink& sink, const manifest::NetworkPolicyPort& port, const Path& path) {
  static constexpr std::array<std::string_view, 3> protocols{"SCTP", "TCP", "UDP"};
  if (port.protocol && std::ranges::find(protocols, port.protocol->value) == protocols.end()) {
    sink.refuse_unknown(code, path.child("protocol"), port.protocol->span, "protocol", port.protocol->value, protocols);
  }
  check_end_port(sink, port, path);
  if (!port.port) return;
  const manifest::IntOrString& value = port.port->value;
  const Path field = path.child("port");
  if (value.is_number) {
    if (is_port(value.number)) return;
    sink.refuse(code, Reason::invalid, field, port.port->span,
                fmt::format("port `{}` is outside 1–65535", value.number),
                "a number from 1 to 65535, or leave it out for every port");
  } else if (!value.text.empty() && value.text.find_first_not_of("0123456789") == std::string::npos) {
    sink.refuse("PC3009", Reason::invalid, field, port.port->span,
                fmt::format("port {} is a name, not a number", in_quotes(value.text)), "remove the quotes");
  } else {
    sink.refuse_each(
        code, field, port.port->span, [&] { return fmt::format("port name {}", in_quotes(value.text)); },
        port_name(value.text), "a number from 1 to 65535, or the name of a container port");
  }
}

std::string cidr_hint(std::string_view text) {
  const std::string canonical = canonical_cidr(text);
  if (!canonical.empty()) return fmt::format("write `{}`", canonical);
  return "for example `10.0.0.0/8`";
}

void check_block(Sink& sink, const manifest::IPBlock& block, const Path& path) {
  const Path field = path.child("cidr");
  if (!block.cidr || block.cidr->value.empty()) {
    sink.refuse(code, Reason::required, field, block.cidr ? block.cidr->span : block.place, "ipBlock has no cidr",
                "`0.0.0.0/0` is every IPv4 address");
    return;
  }
  const std::string& text = block.cidr->value;
  sink.refuse_each(
      code, field, block.cidr->span, [&] { return fmt::format("ipBlock {}", in_quotes(text)); }, cidr(text),
      cidr_hint(text));
  const auto whole = net::Prefix::parse_sloppy(text);
  if (!whole) return;
  for (std::size_t i = 0; i < block.except.size(); ++i) {
    const manifest::Text& except = block.except[i];
    const Path at = path.child("except").index(i);
    sink.refuse_each(
        code, at, except.span, [&] { return fmt::format("ipBlock exception {}", in_quotes(except.value)); },
        cidr(except.value), cidr_hint(except.value));
    const auto part = net::Prefix::parse_sloppy(except.value);
    if (!part) continue;
    if (whole->contains(part->address()) && part->length() > whole->length()) continue;
    base::Diagnostic& finding =
        sink.refuse(code, Reason::invalid, at, except.span,
                    fmt::format("ipBlock exception {} is no part of {}", in_quotes(except.value), in_quotes(text)),
                    "an exception is a smaller range inside `cidr`");
    finding.related.push_back({.message = "the cidr", .span = block.cidr->span});
  }
}

void check_peer(Sink& sink, const manifest::NetworkPolicyPeer& peer, const Path& path) {
  if (peer.pod_selector) check_selector(*peer.pod_selector, code, path.child("podSelector"), sink);
  if (peer.namespace_selector) check_selector(*peer.namespace_selector, code, path.child("namespaceSelector"), sink);
  if (peer.ip_block) check_block(sink, *peer.ip_block, path.child("ipBlock"));
  if (!peer.pod_selector && !peer.namespace_selector && !peer.ip_block) {
    sink.refuse(code, Reason::required, path, peer.place, "a peer names nobody",
                "give podSelector, namespaceSelector or ipBlock; `podSelector: {}` is every pod of the namespace");
  } else if (peer.ip_block && (peer.pod_selector || peer.namespace_selector)) {
    sink.refuse(code, Reason::forbidden, path, first_known({peer.ip_block->place, peer.place}),
                "a peer has an ipBlock and a selector", "make two list entries of it");
  }
}

void check_rules(Sink& sink, const std::vector<manifest::NetworkPolicyRule>& rules, std::string_view direction,
                 std::string_view peers) {
  const Path path = Path("spec").child(direction);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Path rule = path.index(i);
    for (std::size_t p = 0; p < rules[i].ports.size(); ++p)
      check_port(sink, rules[i].ports[p], rule.child("ports").index(p));
    for (std::size_t p = 0; p < rules[i].peers.size(); ++p)
      check_peer(sink, rules[i].peers[p], rule.child(peers).index(p));
  }
}

void check_types(Sink& sink, const manifest::NetworkPolicy& policy) {
  static constexpr std::array<std::string_view, 2> types{"Ingress", "Egress"};
  const Path path = Path("spec").child("policyTypes");
  if (policy.policy_types.size() > types.size()) {
    sink.refuse(code, Reason::invalid, path, first_known({policy.policy_types_place, policy.spec_place, policy.place}),
                fmt::format("policyTypes has {} entries", policy.policy_types.size()), "at most Ingress and Egress");
    return;
  }
  for (std::size_t i = 0; i < policy.policy_types.size(); ++i) {
    const manifest::Text& type = policy.policy_types[i];
    if (std::ranges::find(types, type.value) == types.end()) {
      sink.refuse_unknown(code, path.index(i), type.span, "policy type", type.value, types);
    }
  }
}

}  // namespace

bool validate(const manifest::NetworkPolicy& policy, base::Diagnostics& diagnostics) {
  Sink sink(object_ref("NetworkPolicy", policy.metadata), diagnostics);
  check_metadata(policy.metadata, policy_metadata, policy.place, sink);
  check_selector(policy.pod_selector, code, Path("spec").child("podSelector"), sink);
  check_rules(sink, policy.ingress, "ingress", "from");
  check_rules(sink, policy.egress, "egress", "to");
  check_types(sink, policy);
  return sink.accepted();
}

}  // namespace portcullis::cluster
