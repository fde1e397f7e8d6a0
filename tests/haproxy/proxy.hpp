// A real HAProxy with a configuration of ours, in a namespace of its own where every address is local.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backends/haproxy/haproxy.hpp"
#include "compiler/ir/l7/request.hpp"
#include "compiler/ir/l7/router.hpp"
#include "tests/haproxy/upstreams.hpp"
#include "tests/kernel/fd.hpp"

namespace portcullis::proxied {

// True: namespaces can be made and there is a HAProxy. Otherwise says why in a line that begins with `SKIPPED:`, or
// fails the test under PORTCULLIS_KERNEL=require.
[[nodiscard]] bool permitted();

// A namespace in which every address is a local one: clients have any source, upstreams any address.
[[nodiscard]] kernel::Fd everywhere();

// A folder that goes with its owner.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  // Below it; folders in between are made.
  void write(const std::string& name, const std::string& text, bool executable = false) const;
  void write(const haproxy::Files& files, const std::string& below = {}) const;

 private:
  std::string path_;
};
// A certificate for each Secret of the router, and the default one, into the folder.
void write_certificates(const Folder& folder, const std::string& below, const ir::l7::Router& router);
[[nodiscard]] const std::string& certificate_shown(const ir::l7::Certificate* certificate);  // PEM

// What HAProxy itself says of the files: empty if nothing is wrong.
[[nodiscard]] std::string complaints(const haproxy::Files& files, const ir::l7::Router& router);

class Proxy {
 public:
  // Throws Failure if it does not start.
  Proxy(const kernel::Fd& netns, const haproxy::Files& files, const ir::l7::Router& router);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

 private:
  Folder folder_;
  int pid_ = -1;
};

// One request, and what came back.
struct Answer {
  bool handshake = true;    // false: TLS was refused
  std::string certificate;  // PEM
  int status = 0;           // 0: the connection ended without an answer
  std::string location;
  std::optional<Seen> seen;  // an upstream answered
};
[[nodiscard]] Answer ask(const kernel::Fd& netns, const ir::l7::Request& request);

}  // namespace portcullis::proxied
