// Bytes over a connection, with TLS or without.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "tests/kernel/fd.hpp"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace portcullis::proxied {

// Of a server with some certificate; of a client that believes any. To be freed with SSL_CTX_free.
[[nodiscard]] SSL_CTX* server_context();
[[nodiscard]] SSL_CTX* client_context();

// Blocking.
class Wire {
 public:
  explicit Wire(int socket) : fd_(socket) {}
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  [[nodiscard]] bool accept_tls(SSL_CTX* context);
  // False: the handshake was refused.
  [[nodiscard]] bool connect_tls(SSL_CTX* context, const std::optional<std::string>& sni);
  // PEM of the certificate that the other side showed.
  [[nodiscard]] std::string certificate() const;

  [[nodiscard]] bool write(std::string_view bytes);
  // Up to the empty line, with it; empty: the other side is done.
  [[nodiscard]] std::string read_head();
  [[nodiscard]] bool skip(std::size_t bytes);
  [[nodiscard]] std::optional<std::string> read(std::size_t bytes);
  // Until the other side is done.
  [[nodiscard]] std::string read_rest();

 private:
  [[nodiscard]] bool more();

  kernel::Fd fd_;
  SSL* ssl_ = nullptr;
  std::string buffer_;
};

}  // namespace portcullis::proxied
