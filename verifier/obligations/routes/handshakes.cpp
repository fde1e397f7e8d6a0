#include "verifier/obligations/routes/handshakes.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

namespace portcullis::routes {

namespace {

using ir::l7::HostPattern;

struct Texts {
  std::set<std::string, std::less<>> exact, domains;
};

void add(const HostPattern& pattern, Texts& texts) {
  (pattern.kind == HostPattern::Kind::exact ? texts.exact : texts.domains).insert(pattern.text);
}

Texts texts_of(std::span<const Router* const> routers) {
  Texts texts;
  for (const Router* router : routers) {
    for (const ir::l7::TlsName& tls : router->tls) add(tls.name, texts);
    for (const ir::l7::Passthrough& passthrough : router->passthrough) add(passthrough.name, texts);
  }
  return texts;
}

// nginx cuts a dot at the end (reference T4).
std::string_view as_read(const Router& router, std::string_view name) {
  if (router.host_form == ir::l7::HostForm::nginx && name.ends_with('.')) name.remove_suffix(1);
  return name;
}

}  // namespace

template <class One>
Handshakes::ByName<One>::ByName(const std::vector<One>& list) {
  for (const One& one : list)
    (one.name.kind == HostPattern::Kind::exact ? exact_ : domains_).emplace(one.name.text, &one);
}

template <class One>
const One* Handshakes::ByName<One>::find(std::string_view name) const {
  if (const auto found = exact_.find(name); found != exact_.end()) return found->second;
  const std::size_t dot = name.find('.');
  if (dot == 0 || dot == std::string_view::npos) return nullptr;
  const auto found = domains_.find(name.substr(dot + 1));
  return found == domains_.end() ? nullptr : found->second;
}

Handshakes::Handshakes(const Router& router) : router_(&router), tls_(router.tls), passed_(router.passthrough) {}

Handshake Handshakes::of(const std::optional<std::string>& sni, Treatments& treatments) const {
  Handshake out;
  const std::string_view name = sni ? as_read(*router_, *sni) : std::string_view{};
  if (const ir::l7::Passthrough* passed = sni ? passed_.find(name) : nullptr; passed != nullptr) {
    out.kind = Handshake::Kind::passed;
    out.leaf = treatments.passed_through(*router_, *passed);
    return out;
  }
  const ir::l7::TlsName* tls = sni ? tls_.find(name) : nullptr;
  if (tls == nullptr && router_->strict_sni) {
    out.kind = Handshake::Kind::refused;
    return out;
  }
  const std::uint32_t certificate = tls != nullptr ? tls->certificate : 0;
  if (certificate < router_->certificates.size()) out.certificate = router_->certificates[certificate].secret;
  return out;
}

std::vector<SniClass> sni_classes(std::span<const Router* const> routers, Treatments& treatments) {
  const Texts texts = texts_of(routers);
  std::vector<SniClass> classes;
  std::vector<Handshakes> ends;
  ends.reserve(routers.size());
  for (const Router* router : routers) ends.emplace_back(*router);
  const auto add_class = [&](std::string shown, std::optional<std::string> sni) {
    SniClass made{std::move(shown), std::move(sni), {}};
    for (const Handshakes& one : ends) made.done.push_back(one.of(made.sni, treatments));
    classes.push_back(std::move(made));
  };
  // A name that is not among the exact ones, however they are called.
  const auto fresh = [&](const std::string& behind) {
    std::string label = "x";
    while (texts.exact.contains(label + behind) || texts.exact.contains(label + behind + ".")) label += 'x';
    return label + behind;
  };
  for (const std::string& name : texts.exact) add_class(name, name);
  for (const std::string& domain : texts.domains) add_class("*." + domain, fresh("." + domain));
  std::string other = "other.example";
  if (texts.exact.contains(other) || texts.domains.contains("example")) other = fresh("");  // no dot, no wildcard
  add_class("any other server name", other);
  add_class("no server name", std::nullopt);
  const auto differ = [&](const Router* router) { return router->host_form != routers.front()->host_form; };
  if (std::ranges::none_of(routers, differ)) return classes;
  // A dot at the end is read by some and not by others.
  for (const std::string& name : texts.exact) add_class(name + ".", name + ".");
  for (const std::string& domain : texts.domains) add_class(fmt::format("*.{}.", domain), fresh("." + domain) + ".");
  return classes;
}

}  // namespace portcullis::routes
