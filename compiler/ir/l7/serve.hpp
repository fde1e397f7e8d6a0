// serve : Router × Request → Decision. The one definition of what a Router means.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "compiler/ir/l7/request.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7 {

// What decided, for the narrator. Pointers into the router.
struct Trail {
  std::string name, path;                    // after the form; empty if the request was refused for its form
  const Certificate* certificate = nullptr;  // shown in the handshake
  const TlsName* tls_name = nullptr;         // … and what chose it; nullptr: the default certificate
  const Passthrough* passthrough = nullptr;  // decided by server name alone; nothing else is set then
  const HostEntry* host = nullptr;
  const HostPattern* pattern = nullptr;
  const Route* route = nullptr;  // nullptr: host steps, `otherwise`, `unmatched`
  const Step* step = nullptr;
};

// Holds indexes over a router; the router must outlive it and not move.
class Server {
 public:
  explicit Server(const Router& router);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] Decision serve(const Request& request, Trail* trail = nullptr) const;
  [[nodiscard]] const Router& router() const { return *router_; }

 private:
  struct Index;
  const Router* router_;
  std::unique_ptr<Index> index_;
};

}  // namespace portcullis::ir::l7
