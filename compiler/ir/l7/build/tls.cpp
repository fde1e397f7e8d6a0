#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/ir/l7/build/flavours.hpp"

namespace portcullis::ir::l7 {

// All certificates of accepted objects are in one list; the names that they cover choose. Exact names stand before
// wildcards; of equal names the first in age order counts.
void certificates_by_name(const Controller& controller, Maker& maker) {
  Router& router = maker.router();
  router.certificates.assign(1, {});
  std::map<std::string, std::uint32_t> known;
  std::set<HostPattern> named;
  for (const cluster::Ingress* ingress : controller.ingresses) {
    for (std::size_t i = 0; i < ingress->body.tls.size(); ++i) {
      const manifest::IngressTls& tls = ingress->body.tls[i];
      if (!tls.secret_name || tls.secret_name->value.empty()) continue;
      const cluster::Secret* secret = maker.cluster().secret(ingress->ns, tls.secret_name->value);
      if (secret == nullptr || !secret->has_certificate) continue;
      const auto [at, fresh] = known.try_emplace(secret->id(), static_cast<std::uint32_t>(router.certificates.size()));
      if (fresh) router.certificates.push_back({secret->id(), secret->names});
      for (const std::string& name : secret->names) {
        HostPattern pattern{HostPattern::Kind::exact, name};
        if (name.starts_with("*.")) pattern = {HostPattern::Kind::one_label, name.substr(2)};
        if (!named.insert(pattern).second) continue;
        router.tls.push_back({pattern, at->second,
                              origin_of(*ingress, fmt::format("spec.tls[{}].secretName", i), tls.secret_name->span)});
      }
    }
  }
  std::ranges::stable_sort(router.tls, {}, [](const TlsName& tls) { return tls.name; });
}

}  // namespace portcullis::ir::l7
