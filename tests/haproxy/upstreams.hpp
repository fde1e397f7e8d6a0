// Servers behind a proxy: every address of a namespace, and what each has seen of a request.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "compiler/net/address.hpp"
#include "tests/kernel/fd.hpp"

typedef struct ssl_ctx_st SSL_CTX;

namespace portcullis::proxied {

// Answers every HTTP/1 request, with or without TLS, with what it saw (Seen::text as body). One thread a connection.
class Upstreams {
 public:
  // Listens on the ports, on every address of the namespace.
  Upstreams(const kernel::Fd& netns, const std::set<std::uint16_t>& ports);
  ~Upstreams();
  Upstreams(const Upstreams&) = delete;
  Upstreams& operator=(const Upstreams&) = delete;

 private:
  void accept_all();
  void serve(int socket);

  std::vector<kernel::Fd> listeners_;
  SSL_CTX* tls_;
  std::atomic<bool> done_ = false;
  std::mutex mutex_;
  std::set<int> open_;            // sockets of connections
  std::atomic<int> running_ = 0;  // threads of connections
  std::thread acceptor_;
};

struct Seen {
  net::Address address;
  std::uint16_t port = 0;
  bool tls = false;
  std::string method, target, host;
  [[nodiscard]] std::string text() const;
  // Throws Failure: it is none.
  [[nodiscard]] static Seen read(const std::string& text);
};

}  // namespace portcullis::proxied
