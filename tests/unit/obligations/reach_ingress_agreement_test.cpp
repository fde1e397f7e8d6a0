// Random Ingresses and sentences that keep somebody out of them, held against requests that are sent one by one: what
// some request gets is not proved impossible, and a request that is shown gets through.
#include <array>
#include <random>

#include <catch2/catch.hpp>

#include "compiler/ir/l7/build.hpp"
#include "compiler/ir/l7/entry.hpp"
#include "compiler/ir/l7/forms.hpp"
#include "tests/unit/obligations/ingress_world.hpp"
#include "tests/unit/obligations/reach_world.hpp"
#include "verifier/obligations/reach_replay.hpp"
#include "verifier/obligations/reach_routers.hpp"

namespace portcullis::tests {

namespace {

using ir::l7::Request;

class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  std::string manifests() {
    std::string out = nodes;
    out += controller(one({"Local", "Cluster"}), one({"", "", "203.0.113.0/24"}));
    out += pod("shop", "web-1", "web", "n1", "10.244.1.10", "8080") +
           pod("shop", "cart-1", "cart", "n3", "10.244.3.10", "8080");
    out += service("web", "10.96.0.80") + service("cart", "10.96.0.81") + service("empty", "10.96.0.82");
    const unsigned count = 1 + below(3);
    for (unsigned i = 0; i < count; ++i) {
      std::string paths;
      for (unsigned k = 1 + below(3); k > 0; --k)
        paths += path(one({"Prefix", "Exact"}), one({"/", "/a", "/a/b", "/c"}), one({"web", "cart", "empty"}));
      out += ingress(fmt::format("i{}", i),
                     one({"", "nginx.ingress.kubernetes.io/whitelist-source-range: 198.51.100.0/24",
                          "nginx.ingress.kubernetes.io/whitelist-source-range: 203.0.113.0/25",
                          "nginx.ingress.kubernetes.io/whitelist-source-range: 192.168.0.12/32",
                          "nginx.ingress.kubernetes.io/auth-type: basic, nginx.ingress.kubernetes.io/auth-secret: u",
                          "nginx.ingress.kubernetes.io/use-regex: \"true\""}),
                     one({"h.d", "h.d", "*.d"}), paths, one({"", "", " tls: [{hosts: [h.d], secretName: s}],"}));
    }
    return out;
  }
  std::string sentence() {
    return fmt::format(
        "unreachable from {} to ingress h.d{}",
        one({"internet", "198.51.100.0/24", "203.0.113.0/24", "internet except 198.51.100.0/24", "pods"}),
        one({"", " path /a", " path /", " path /a/b"}));
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  std::string one(std::initializer_list<const char*> words) {
    return *(words.begin() + below(static_cast<unsigned>(words.size())));
  }
  std::mt19937 random_;
};

// Sends requests to the only router of a cluster.
class Sender {
 public:
  explicit Sender(const cluster::Cluster& cluster)
      : cluster_(cluster),
        network_(cluster),
        routers_(ir::l7::build_routers(cluster, unread_)),
        server_(routers_.at(0)),
        entry_(ir::l7::entry_of(cluster, routers_.at(0))) {}

  // Whether the request of a client gets to a Service with an endpoint.
  bool arrives(Request request, const policy::SourceGroup& group) {
    const net::Address client = *request.source;
    for (const net::Address& seen : seen_as(client, group, request.https)) {
      request.source = seen;
      const ir::l7::Decision decision = server_.serve(request);
      if (decision.kind != ir::l7::Decision::Kind::forward) continue;
      if (std::ranges::any_of(decision.shares, [&](const auto& share) {
            return !share.service.empty() && obligations::lives(cluster_, share.service);
          }))
        return true;
    }
    return false;
  }

 private:
  // The addresses with which the client's packets can come to the router.
  std::vector<net::Address> seen_as(const net::Address& client, const policy::SourceGroup& group, bool https) {
    std::vector<std::pair<net::Address, std::uint16_t>> doors;
    for (const ir::l7::Door& door : ir::l7::doors(cluster_, entry_, https)) doors.emplace_back(door.address, door.port);
    if (group.origin != policy::Origin::outside)
      doors.emplace_back(*net::Address::parse("10.96.0.2"), static_cast<std::uint16_t>(https ? 443 : 80));
    std::vector<net::Address> out;
    for (const auto& [address, port] : doors) {
      net::Packet packet = obligations::packet_to({address, net::Protocol::tcp, port});
      packet.src = client;
      packet.sport = 40000;
      const obligations::Played played =
          obligations::play(network_, packet, group.origin, group.node.empty() ? nullptr : cluster_.node(group.node));
      if (played.keeps_source) out.push_back(client);
      if (played.loses_source) out.push_back(*cluster_.node(played.lost_at)->primary(net::Family::ipv4));
    }
    return out;
  }

  const cluster::Cluster& cluster_;
  obligations::Network network_;
  base::Diagnostics unread_;
  std::vector<ir::l7::Router> routers_;
  ir::l7::Server server_;
  ir::l7::Entry entry_;
};

const policy::SourceGroup* group_of(const policy::Sources& from, const net::Address& source) {
  for (const policy::SourceGroup& group : from.groups) {
    if (group.addresses.contains(source)) return &group;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("no request gets where it is proved that none does") {
  constexpr std::array sources{"203.0.113.7",  "203.0.113.200", "198.51.100.9", "192.0.2.1",
                               "192.168.0.77", "10.244.1.10",   "10.244.2.77"};
  constexpr std::array targets{"/", "/a", "/a/b", "/a/b/c", "/ab", "//a", "/%61/b", "/A/b", "/c"};
  std::size_t proved = 0, refuted = 0, arrived = 0;
  for (std::uint32_t seed = 1; seed <= 120; ++seed) {
    Maker maker(seed);
    const std::string manifests = maker.manifests(), sentence = maker.sentence();
    const Proved world(manifests, sentence);
    if (world.proofs.empty()) continue;  // a path that no rule has
    REQUIRE(world.proofs.size() == 1);
    const verdict::Proof& proof = world.proofs.front();
    const auto& question = std::get<policy::RequestUnreachableQuestion>(world.bound.obligations.front().question);
    CAPTURE(seed, sentence, manifests, world.told());
    Sender sender(world.cluster);
    if (proof.standing == verdict::Standing::refuted) {
      ++refuted;
      REQUIRE(proof.request);
      const policy::SourceGroup* group = group_of(*question.from, *proof.request->source);
      REQUIRE(group != nullptr);
      CHECK(sender.arrives(*proof.request, *group));
      continue;
    }
    proved += proof.standing == verdict::Standing::proved ? 1 : 0;
    for (const char* source : sources) {
      const policy::SourceGroup* group = group_of(*question.from, *net::Address::parse(source));
      if (group == nullptr) continue;
      for (const char* target : targets) {
        for (unsigned bits = 0; bits < 4; ++bits) {
          Request request;
          request.https = (bits & 1U) != 0;
          if (request.https) request.sni = "h.d";
          request.authorised = (bits & 2U) != 0;
          request.headers = {{"Host", "h.d"}};
          request.target = target;
          request.source = net::Address::parse(source);
          const auto path = ir::l7::matched_path(request.target, ir::l7::PathForm::nginx);
          const std::string read = std::get<std::string>(path);
          const std::string& top = question.to.path;
          if (!top.empty() && top != "/" && read != top && !read.starts_with(top + "/")) continue;
          CAPTURE(source, target, bits);
          const bool arrives = sender.arrives(request, *group);
          arrived += arrives ? 1 : 0;
          REQUIRE_FALSE((arrives && proof.standing == verdict::Standing::proved));
        }
      }
    }
  }
  CHECK(proved > 20);
  CHECK(refuted > 20);
  CAPTURE(arrived);
}

}  // namespace portcullis::tests
