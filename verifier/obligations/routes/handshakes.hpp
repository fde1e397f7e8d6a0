// What becomes of TLS connections before there is a request: by server name.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/obligations/routes/treatments.hpp"

namespace portcullis::routes {

struct Handshake {
  enum class Kind : std::uint8_t { ended, passed, refused } kind = Kind::ended;
  std::string certificate;  // of ended: the Secret, `ns/name`; empty: the controller's own
  LeafId leaf = 0;          // of passed
  bool operator==(const Handshake&) const = default;
};

// The router outlives this.
class Handshakes {
 public:
  explicit Handshakes(const Router& router);
  // Nothing: no server name is sent.
  [[nodiscard]] Handshake of(const std::optional<std::string>& sni, Treatments& treatments) const;

 private:
  // By exact name, else by what follows the first label.
  template <class One>
  class ByName {
   public:
    explicit ByName(const std::vector<One>& list);
    [[nodiscard]] const One* find(std::string_view name) const;

   private:
    std::map<std::string, const One*, std::less<>> exact_, domains_;
  };
  const Router* router_;
  ByName<ir::l7::TlsName> tls_;
  ByName<ir::l7::Passthrough> passed_;
};

// Server names that no router tells apart.
struct SniClass {
  std::string shown;               // `shop.example.com`, `*.example.com`, `any other server name`
  std::optional<std::string> sni;  // one of them; nothing: none is sent
  std::vector<Handshake> done;     // by router
};

// Every server name is in one class.
[[nodiscard]] std::vector<SniClass> sni_classes(std::span<const Router* const> routers, Treatments& treatments);

}  // namespace portcullis::routes
