#include "compiler/cluster/secrets.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "compiler/cluster/certificate.hpp"
#include "compiler/manifest/base64.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::string_view default_type = "Opaque";

// `tls.crt` in clear; empty where there is none, or none that is base64.
std::string certificate_text(const manifest::Secret& body) {
  if (!body.tls_certificate_text.empty()) return body.tls_certificate_text;
  std::string text;
  return manifest::decode_base64(body.tls_certificate, text) ? text : std::string{};
}

}  // namespace

std::vector<Secret> resolve_secrets(const Inventory& inventory) {
  std::vector<Secret> secrets;
  secrets.reserve(inventory.secrets.size());
  for (const auto& entry : inventory.secrets) {
    const manifest::Secret& body = *entry.body;
    Secret secret;
    secret.ns = entry.ns;
    secret.name = entry.name;
    secret.type = body.type && !body.type->value.empty() ? body.type->value : std::string(default_type);
    secret.span = body.metadata.name ? body.metadata.name->span : body.place;
    if (auto names = certificate_names(certificate_text(body))) {
      secret.names = std::move(*names);
      secret.has_certificate = std::ranges::find(body.data_keys, "tls.key") != body.data_keys.end();
    }
    secrets.push_back(std::move(secret));
  }
  return secrets;
}

}  // namespace portcullis::cluster
