// An HTTP request as a user asks for it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "compiler/ir/l7/router.hpp"
#include "compiler/trace/requests.hpp"

namespace portcullis::driver {

struct RequestAsked {
  trace::RequestQuestion question;
  std::string ingress;  // `ns/name`, or a name of namespace default: which router is asked; empty: not said
  std::string klass;    // the IngressClass, or the controller; empty: not said
};

// `http://shop.example.com:8080/cart?a=b`: listener, Host as written, target as written, port, and the server name of
// the handshake (the host, unless it is an address). The error says what is wrong with it.
struct Url {
  bool https = false;
  std::string host;  // with its port, as written
  std::string target;
  std::uint16_t port = 80;
  std::optional<std::string> sni;
};
[[nodiscard]] std::variant<Url, std::string> parse_url(std::string_view text);

// The router that a request is for: the one of the class or of the Ingress that was named; else the only one; else the
// only one that has the request's host. Otherwise the error names those there are.
[[nodiscard]] std::variant<const ir::l7::Router*, std::string> choose_router(std::span<const ir::l7::Router> routers,
                                                                             const RequestAsked& asked);

}  // namespace portcullis::driver
