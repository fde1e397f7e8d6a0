#include "tests/haproxy/tls.hpp"

#include <array>
#include <memory>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "tests/kernel/failure.hpp"
#include "tests/request_cases/certificates.hpp"

namespace portcullis::proxied {

SSL_CTX* server_context() {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  const request_cases::KeyPair& pair = request_cases::certificate_for({"upstream.invalid"});
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> shown(
      BIO_new_mem_buf(pair.certificate.data(), static_cast<int>(pair.certificate.size())), BIO_free_all);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> secret(
      BIO_new_mem_buf(pair.key.data(), static_cast<int>(pair.key.size())), BIO_free_all);
  X509* certificate = PEM_read_bio_X509(shown.get(), nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(secret.get(), nullptr, nullptr, nullptr);
  if (SSL_CTX_use_certificate(context, certificate) != 1 || SSL_CTX_use_PrivateKey(context, key) != 1)
    throw kernel::Failure("OpenSSL takes no certificate");
  X509_free(certificate);
  EVP_PKEY_free(key);
  return context;
}

SSL_CTX* client_context() {
  return SSL_CTX_new(TLS_client_method());
}

Wire::~Wire() {
  if (ssl_ != nullptr) SSL_free(ssl_);
}

bool Wire::accept_tls(SSL_CTX* context) {
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, fd_.get());
  return SSL_accept(ssl_) == 1;
}

bool Wire::connect_tls(SSL_CTX* context, const std::optional<std::string>& sni) {
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, fd_.get());
  if (sni) SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(sni->c_str()));
  return SSL_connect(ssl_) == 1;
}

std::string Wire::certificate() const {
  X509* shown = SSL_get1_peer_certificate(ssl_);
  if (shown == nullptr) return {};
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), BIO_free_all);
  PEM_write_bio_X509(out.get(), shown);
  X509_free(shown);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

bool Wire::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ssl_ != nullptr
                          ? static_cast<ssize_t>(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())))
                          : ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Wire::more() {
  std::array<char, 65536> bytes{};
  const auto got = ssl_ != nullptr ? static_cast<ssize_t>(SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size())))
                                   : ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
  if (got <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

std::string Wire::read_head() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!more()) return {};
  std::string head = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);
  return head;
}

std::optional<std::string> Wire::read(std::size_t bytes) {
  while (buffer_.size() < bytes)
    if (!more()) return std::nullopt;
  std::string out = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return out;
}

bool Wire::skip(std::size_t bytes) {
  while (buffer_.size() < bytes) {
    bytes -= buffer_.size();
    buffer_.clear();
    if (!more()) return false;
  }
  buffer_.erase(0, bytes);
  return true;
}

std::string Wire::read_rest() {
  while (more()) {
  }
  return std::move(buffer_);
}

}  // namespace portcullis::proxied
