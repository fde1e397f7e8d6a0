// What a request costs, by the number of routes: requests per second of a real HAProxy with configurations of ours.
// Every size has a HAProxy in a namespace of its own, and every round goes through all of them: the machine's drift
// meets all alike. Usage: bench_haproxy [--rounds N] [--routes N]…
//
// `upstream`: an endpoint answers. `proxy`: HAProxy redirects by itself, so that the look-ups are most of the work.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "tests/haproxy/client.hpp"
#include "tests/haproxy/compared.hpp"

namespace {

using namespace portcullis;
using namespace ir::l7;

constexpr std::size_t paths_of_a_host = 10;
constexpr std::size_t services = 10;  // the same at every size: what differs is the routes

std::string host_name(std::size_t i) {
  return fmt::format("host-{}.example.com", i);
}

// Ten paths a host, each `Prefix`; two endpoints a Service.
Router router_of(std::size_t routes, bool upstream) {
  Router router;
  router.name = "bench";
  router.certificates = {{"", {}}};
  const std::size_t hosts = std::max<std::size_t>(1, routes / paths_of_a_host);
  router.treatments.push_back({{{}, Reply{404}, {}}});
  for (std::size_t s = 0; s < std::min(services, routes); ++s) {
    const auto first = net::Address::v4(0x0A640000U + static_cast<std::uint32_t>(2 * s));
    router.backends.push_back({fmt::format("ns/web-{:03}:80", s),
                               Backend::Via::endpoints,
                               {{first, 8080}, {*first.plus(1), 8080}},
                               "",
                               0,
                               503,
                               false,
                               "",
                               "",
                               {}});
    Answer answer = Forward{{{static_cast<BackendId>(s), 1}}, {}, "", Protocol::http, {}, {}};
    if (!upstream) answer = Redirect{302, {{Piece::Kind::text, fmt::format("/{}", s)}}};
    router.treatments.push_back({{{}, answer, {}}});
  }
  for (std::size_t h = 0; h < hosts; ++h) {
    HostEntry host;
    host.names = {{HostPattern::Kind::exact, host_name(h)}};
    for (std::size_t p = 0; p < paths_of_a_host; ++p) {
      const auto treatment = static_cast<std::uint32_t>(1 + (h * paths_of_a_host + p) % std::min(services, routes));
      const std::string path = fmt::format("/path-{}", p);
      host.routes.push_back({{PathMatch::Kind::exact, path, false}, treatment, "", {}});
      host.routes.push_back({{PathMatch::Kind::prefix, path + "/", false}, treatment, "", {}});
    }
    router.hosts.push_back(std::move(host));
  }
  return router;
}

class Subject {
 public:
  Subject(std::size_t routes, bool upstream)
      : routes_(routes),
        netns_(proxied::everywhere()),
        upstreams_(netns_, {8080}),
        router_(router_of(routes, upstream)) {
    base::Diagnostics diagnostics;
    proxy_ = std::make_unique<proxied::Proxy>(netns_, haproxy::emit(router_, diagnostics).value(), router_);
  }

  // Requests in this time, by connections that stay.
  double requests_per_second(std::chrono::milliseconds time) {
    constexpr std::size_t connections = 8;
    std::atomic<std::size_t> count = 0;
    std::atomic<bool> done = false;
    std::vector<std::thread> threads;
    for (std::size_t c = 0; c < connections; ++c) {
      threads.emplace_back([&, c] {
        proxied::Client client(netns_);
        std::size_t own = 0;
        for (std::size_t i = c * 7919; !done; i += 104729) {
          const std::size_t route = i % routes_;
          if (!client.get(host_name(route / paths_of_a_host), fmt::format("/path-{}/x", route % paths_of_a_host)))
            throw base::InternalError("a request of the benchmark failed");
          ++own;
        }
        count += own;
      });
    }
    const auto begin = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(time);
    done = true;
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    return static_cast<double>(count) / seconds.count();
  }

 private:
  std::size_t routes_;
  kernel::Fd netns_;
  proxied::Upstreams upstreams_;
  Router router_;
  std::unique_ptr<proxied::Proxy> proxy_;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void measure(const std::vector<std::size_t>& sizes, bool upstream, std::size_t rounds) {
  std::vector<std::unique_ptr<Subject>> subjects;
  for (const std::size_t size : sizes) subjects.push_back(std::make_unique<Subject>(size, upstream));
  std::vector<std::vector<double>> speeds(sizes.size()), ratios(sizes.size());
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      // The order turns with the rounds, so that nobody is always first.
      const std::size_t at = (i + round) % sizes.size();
      speeds[at].push_back(subjects[at]->requests_per_second(std::chrono::milliseconds(400)));
    }
    for (std::size_t i = 0; i < sizes.size(); ++i) ratios[i].push_back(speeds[i].back() / speeds[0].back());
  }
  for (std::size_t i = 0; i < sizes.size(); ++i)
    fmt::print("{:>8} {:>9} {:>12.0f} {:>8.3f}\n", sizes[i], upstream ? "upstream" : "proxy", median(speeds[i]),
               median(ratios[i]));
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t rounds = 15;
  std::vector<std::size_t> sizes;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::size_t value = std::strtoul(argv[i + 1], nullptr, 10);
    if (std::string_view(argv[i]) == "--rounds") rounds = value;
    if (std::string_view(argv[i]) == "--routes") sizes.push_back(value);
  }
  if (sizes.empty()) sizes = {10, 100, 1000, 10000};
  if (!proxied::permitted()) return 0;
  fmt::print("{:>8} {:>9} {:>12} {:>8}\n", "routes", "answers", "requests/s", "ratio");
  for (const bool upstream : {true, false}) measure(sizes, upstream, rounds);
  return 0;
}
