#include "tests/cases/cases.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/error.hpp"

namespace portcullis::cases {

std::string_view name(Dialect dialect) {
  switch (dialect) {
    case Dialect::nftables:
      return "nftables";
    case Dialect::iptables:
      return "iptables";
  }
  throw base::InternalError("unknown dialect");
}

namespace {

std::string_view kind_name(ir::Fate::Kind kind) {
  switch (kind) {
    case ir::Fate::Kind::dnat:
      return "dnat";
    case ir::Fate::Kind::accept:
      return "accept";
    case ir::Fate::Kind::none:
      return "none";
    case ir::Fate::Kind::reject:
      return "reject";
    case ir::Fate::Kind::drop:
      return "drop";
    case ir::Fate::Kind::conflict:
      return "conflict";
  }
  throw base::InternalError("unknown fate");
}

}  // namespace

std::string Expectation::text() const {
  std::string text(kind_name(kind));
  for (const auto& target : to)
    text += fmt::format(" {}{}", net::endpoint_text(target.address, target.port), target.masquerade ? "*" : "");
  return text;
}

std::string Case::manifests(Dialect dialect) const {
  std::string text;
  for (const auto& object : objects) text += fmt::format("---\n{}\n", object);
  // The spec is `{…}`: the dialect becomes its first member.
  text += fmt::format(
      "---\n{{\"apiVersion\": \"portcullis.dev/v1\", \"kind\": \"ClusterProfile\", \"metadata\": {{\"name\": "
      "\"case\"}}, "
      "\"spec\": {{\"dialect\": \"{}\", {}}}\n",
      name(dialect), std::string_view(profile_spec).substr(1));
  return text;
}

const Case* CaseFile::find(std::string_view id) const {
  const auto found = std::find_if(cases.begin(), cases.end(), [&](const Case& item) { return item.id == id; });
  return found == cases.end() ? nullptr : &*found;
}

}  // namespace portcullis::cases
