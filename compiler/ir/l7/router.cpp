#include "compiler/ir/l7/router.hpp"

#include <algorithm>
#include <array>

#include "compiler/ir/l7/forms.hpp"

namespace portcullis::ir::l7 {

namespace {

constexpr std::array all_flavours{Flavour::api,     Flavour::nginx, Flavour::haproxy, Flavour::haproxy_ingress,
                                  Flavour::traefik, Flavour::gce};

// The order in which kinds of patterns are tried; equal ranks stand in the order of the entries.
int rank(HostPattern::Kind kind) {
  switch (kind) {
    case HostPattern::Kind::exact:
      return 0;
    case HostPattern::Kind::many_labels:
      return 1;
    case HostPattern::Kind::one_label:
    case HostPattern::Kind::regex:
      return 2;
    case HostPattern::Kind::any:
      return 3;
  }
  return 3;
}

// Whether a match of `a` goes before a match of `b` that stands later.
bool goes_before(const HostPattern& a, const HostPattern& b) {
  if (a.kind == HostPattern::Kind::many_labels && b.kind == a.kind) return a.text.size() >= b.text.size();
  return rank(a.kind) <= rank(b.kind);
}

}  // namespace

std::string_view to_string(Flavour flavour) {
  switch (flavour) {
    case Flavour::api:
      return "api";
    case Flavour::nginx:
      return "nginx";
    case Flavour::haproxy:
      return "haproxy";
    case Flavour::haproxy_ingress:
      return "haproxy-ingress";
    case Flavour::traefik:
      return "traefik";
    case Flavour::gce:
      return "gce";
  }
  return {};
}

std::optional<Flavour> parse_flavour(std::string_view text) {
  const auto* const found =
      std::ranges::find_if(all_flavours, [text](Flavour flavour) { return to_string(flavour) == text; });
  if (found == all_flavours.end()) return {};
  return *found;
}

std::string_view to_string(PathForm form) {
  switch (form) {
    case PathForm::as_sent:
      return "as-sent";
    case PathForm::nginx:
      return "nginx";
    case PathForm::traefik:
      return "traefik";
  }
  return {};
}

std::string_view to_string(HostForm form) {
  switch (form) {
    case HostForm::plain:
      return "plain";
    case HostForm::nginx:
      return "nginx";
    case HostForm::haproxy:
      return "haproxy";
    case HostForm::traefik:
      return "traefik";
  }
  return {};
}

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::http:
      return "http";
    case Protocol::https:
      return "https";
    case Protocol::client:
      return "auto";
    case Protocol::grpc:
      return "grpc";
    case Protocol::grpcs:
      return "grpcs";
    case Protocol::fcgi:
      return "fcgi";
  }
  return {};
}

std::string HostPattern::print() const {
  switch (kind) {
    case Kind::exact:
      return text;
    case Kind::many_labels:
      return "**." + text;
    case Kind::one_label:
      return "*." + text;
    case Kind::regex:
      return "~" + text;
    case Kind::any:
      return "_";
  }
  return {};
}

const HostEntry* find_host(const Router& router, std::string_view name, const HostPattern** pattern) {
  const HostEntry* best = nullptr;
  const HostPattern* by = nullptr;
  for (const HostEntry& entry : router.hosts) {
    for (const HostPattern& candidate : entry.names) {
      if (by != nullptr && goes_before(*by, candidate)) continue;
      if (!matches(candidate, name, router.host_form)) continue;
      best = &entry;
      by = &candidate;
    }
  }
  if (pattern != nullptr) *pattern = by;
  return best;
}

}  // namespace portcullis::ir::l7
