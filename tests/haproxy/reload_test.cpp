// apply.sh on a node: starts, refuses, reloads under load without a request that fails. PORTCULLIS_HAPROXY_RELOADS
// says how often (a thousand take some minutes).
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/haproxy/compared.hpp"
#include "tests/kernel/netns.hpp"
#include "tests/kernel/process.hpp"

namespace {

using namespace portcullis;
using namespace ir::l7;

// Every version sends the same name to another path.
Router version(unsigned number) {
  Router router;
  router.name = "reload";
  router.certificates = {{"", {}}};
  router.backends = {
      {"ns/web:80", Backend::Via::endpoints, {{net::Address::v4(0x0A640001), 8080}}, "", 0, 503, false, "", "", {}}};
  router.treatments = {
      {{{}, Reply{404}, {}}},
      {{{}, Forward{{{0, 1}}, Rewrite{".*", fmt::format("/v{}", number)}, "", Protocol::http, {}, {}}, {}}}};
  HostEntry host;
  host.names = {{HostPattern::Kind::exact, "shop.d"}};
  host.routes = {{{PathMatch::Kind::prefix, "/", false}, 1, "", {}}};
  router.hosts = {host};
  return router;
}

haproxy::Files files_of(unsigned number) {
  base::Diagnostics diagnostics;
  return haproxy::emit(version(number), diagnostics).value();
}

// A node: what apply.sh keeps, in a folder; the HAProxy that it starts ends with it.
class Node {
 public:
  explicit Node(const kernel::Fd& netns) : netns_(netns) {}
  ~Node() {
    pid_t master = 0;
    if (std::ifstream(folder_.path() + "/run/haproxy.pid") >> master && master > 1) ::kill(master, SIGTERM);
  }
  kernel::Ran apply(const haproxy::Files& files) {
    folder_.write(files, "out/");
    const kernel::Inside inside(netns_);
    return kernel::run(
        {"env", "PORTCULLIS_STATE=" + folder_.path() + "/state", "PORTCULLIS_RUN=" + folder_.path() + "/run",
         "PORTCULLIS_CERTIFICATES=" + folder_.path() + "/certificates", "sh", folder_.path() + "/out/apply.sh"});
  }
  [[nodiscard]] const proxied::Folder& folder() const { return folder_; }

 private:
  const kernel::Fd& netns_;
  proxied::Folder folder_;
};

Request request() {
  Request out;
  out.headers = {{"Host", "shop.d"}};
  return out;
}

std::string target_seen(const kernel::Fd& netns) {
  const proxied::Answer answer = proxied::ask(netns, request());
  return answer.seen ? answer.seen->target : fmt::format("status {}", answer.status);
}

// Until a version answers: the old process may have taken the connection.
bool answers(const kernel::Fd& netns, const std::string& target) {
  for (int i = 0; i < 400; ++i) {
    if (target_seen(netns) == target) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

// Clients that ask without a pause until they are told to stop.
class Load {
 public:
  explicit Load(const kernel::Fd& netns) {
    for (int i = 0; i < 3; ++i) {
      clients_.emplace_back([this, &netns] {
        while (!done_) {
          std::string what;
          try {
            const proxied::Answer answer = proxied::ask(netns, request());
            if (!answer.seen) what = fmt::format("status {}", answer.status);
          } catch (const std::exception& error) {
            what = error.what();
          }
          ++(what.empty() ? served_ : failed_);
        }
      });
    }
  }
  ~Load() { stop(); }
  void stop() {
    done_ = true;
    for (std::thread& client : clients_)
      if (client.joinable()) client.join();
  }
  [[nodiscard]] std::size_t served() const { return served_; }
  [[nodiscard]] std::size_t failed() const { return failed_; }

 private:
  std::atomic<bool> done_ = false;
  std::atomic<std::size_t> served_ = 0, failed_ = 0;
  std::vector<std::thread> clients_;
};

}  // namespace

TEST_CASE("apply.sh starts HAProxy, reloads it, and leaves it alone when the files are no good") {
  if (!proxied::permitted()) return;
  const kernel::Fd netns = proxied::everywhere();
  const proxied::Upstreams upstreams(netns, {8080});
  Node node(netns);
  const kernel::Ran first = node.apply(files_of(1));
  INFO(first.out << first.err);
  REQUIRE(first.ok());
  CHECK(answers(netns, "/v1"));
  CHECK(std::filesystem::exists(node.folder().path() + "/certificates/default.pem"));

  REQUIRE(node.apply(files_of(2)).ok());
  CHECK(answers(netns, "/v2"));

  haproxy::Files broken = files_of(3);
  broken["haproxy.cfg"] += "\nbackend t0\n  no such line\n";
  CHECK_FALSE(node.apply(broken).ok());
  CHECK(target_seen(netns) == "/v2");

  haproxy::Files other = files_of(4);
  std::string& script = other["apply.sh"];
  script.replace(script.find("default.pem\nEND"), 11, "ns_gone.pem");
  const kernel::Ran missing = node.apply(other);
  CHECK_FALSE(missing.ok());
  CHECK(missing.err.find("ns_gone.pem") != std::string::npos);
  CHECK(target_seen(netns) == "/v2");
}

TEST_CASE("reloads under load fail no request") {
  if (!proxied::permitted()) return;
  const char* wanted = std::getenv("PORTCULLIS_HAPROXY_RELOADS");
  const unsigned reloads = wanted == nullptr ? 15 : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
  const kernel::Fd netns = proxied::everywhere();
  const proxied::Upstreams upstreams(netns, {8080});
  Node node(netns);
  REQUIRE(node.apply(files_of(0)).ok());
  REQUIRE(answers(netns, "/v0"));
  Load load(netns);
  for (unsigned i = 1; i <= reloads; ++i) {
    const kernel::Ran ran = node.apply(files_of(i));
    INFO(ran.out << ran.err);
    REQUIRE(ran.ok());
  }
  CHECK(answers(netns, fmt::format("/v{}", reloads)));
  load.stop();
  fmt::print("HAProxy: {} reloads, {} requests served, {} failed\n", reloads, load.served(), load.failed());
  CHECK(load.served() > reloads);
  CHECK(load.failed() == 0);
}
