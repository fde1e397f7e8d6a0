// One HTTP request as a router sees it, and what becomes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/net/address.hpp"

namespace portcullis::ir::l7 {

struct Header {
  std::string name, value;
  bool operator==(const Header&) const = default;
};

struct Request {
  bool https = false;  // the listener: plain HTTP, or TLS that the router ends
  // TLS server name of the ClientHello; absent: none sent. Only with https.
  std::optional<std::string> sni;
  std::string method = "GET";
  // As on the request line: `/a?b`, `http://host/a`, `*`. Never empty.
  std::string target = "/";
  std::string version = "1.1";  // HTTP version
  // In the order sent. `Host` is among them, or not, or several times.
  std::vector<Header> headers;
  // The client's address as the router sees it; absent: nobody said, and a decision that depends on it is unknown.
  std::optional<net::Address> source;
  std::uint64_t body = 0;  // declared length of the body, bytes
  // The port that the client connected to: what `from-to-www-redirect` writes.
  std::uint16_t port = 80;
  // Credentials that the route's authentication accepts (basic, digest, an external service, a client certificate) come
  // with the request. What they are nobody models.
  bool authorised = false;
  // The client is above the rate or the number of connections that the route allows.
  bool over_rate = false;

  // Values of every header of this name, letter case ignored.
  [[nodiscard]] std::vector<std::string_view> values(std::string_view name) const;
};

// What a router does with a request.
struct Decision {
  enum class Kind : std::uint8_t {
    forward,   // to `shares`
    redirect,  // `status` and `location`
    status,    // an answer of the router itself
    refuse,    // 400, 401, 403, 421 because of the form of the request or who sends it; status 0: TLS handshake refused
    unknown,   // `why`: the model does not reach so far
  };
  // A part of the requests: to a Service port, or answered with a status by the router.
  struct Share {
    std::string service;  // `ns/name:80`; empty: `status`
    int status = 0;
    std::uint64_t weight = 1;
    bool operator==(const Share&) const = default;
  };

  Kind kind = Kind::status;
  std::vector<Share> shares;  // sorted by service, status; each once, weights above 0, without a common divisor
  std::string target;         // forward: target sent to the backend (path and query)
  std::string host;           // forward: Host sent to the backend
  std::string protocol;       // forward: how the backend is spoken to: `http`, `https`, `grpc`, `grpcs`, `fcgi`, `tls`
  int status = 0;             // redirect, status, refuse
  std::string location;       // redirect
  std::string why;            // unknown
  bool operator==(const Decision&) const = default;
};
[[nodiscard]] std::string_view to_string(Decision::Kind kind);
// One line, stable: `forward default/web:80`, `redirect 308 https://shop.example.com/`, `status 404`, `refuse 403`.
[[nodiscard]] std::string text(const Decision& decision);

}  // namespace portcullis::ir::l7
