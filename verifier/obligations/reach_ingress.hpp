// What a policy asks about hosts and paths of Ingresses: the way from a client to a pod through a router.
//
// A request has three ways to go: to what clients of the router connect to (ir::l7::entry_of), by the packet rules of
// the nodes; through the router, which sees the client's address or that of a node that masquerades; to a Service that
// has an endpoint. Which endpoint a forwarded request gets to, and by which rules, is taken to work.
//
// `surviving any K nodes`: what clients connect to survives like any Service (reach.hpp); routers are built anew
// without the endpoints on the lost nodes. Sets of nodes are tried as far as they take the last endpoint of a Service
// from a route.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/ir/l7/entry.hpp"
#include "compiler/policy/bound.hpp"
#include "verifier/obligations/reach_delivery.hpp"
#include "verifier/obligations/reach_routers.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::obligations {

class Ingresses {
 public:
  // Both must outlive this.
  Ingresses(const cluster::Cluster& cluster, smt::Session& session, Method method);
  ~Ingresses();
  Ingresses(const Ingresses&) = delete;
  Ingresses& operator=(const Ingresses&) = delete;

  // Each fills in what became of the question: all of a Proof but its name and statement.
  //
  // Unsatisfiable iff no request of the destination, from any source, gets to a router that forwards it to a Service
  // with an endpoint.
  void unreachable(const policy::RequestUnreachableQuestion& question, verdict::Proof& proof);
  // For every source and every set of at most `surviving` lost nodes there is a router and a scheme with which a plain
  // request surely gets to a Service with an endpoint.
  void reachable(const policy::RequestReachableQuestion& question, verdict::Proof& proof);

 private:
  // A router by one scheme, at one of the things that clients connect to.
  struct Way {
    std::size_t router = 0;
    bool https = false;
    // Nothing: a balancer outside of the cluster is the router, and everybody gets there.
    std::optional<policy::Destination> door;
    bool inside = false;  // nobody outside of the cluster connects to it: a cluster IP
    std::string name;     // `https at load-balancer 192.0.2.80:443`
    ir::l7::Origin entry;
  };
  // Clients that no rule and no router is asked to tell apart from each other.
  struct Client {
    const policy::SourceGroup* group = nullptr;
    net::PrefixSet addresses;  // of one family
  };
  // What a way does with the plain request of a client.
  struct Result {
    enum class Kind : std::uint8_t { gets_through, fails, absent, open } kind = Kind::gets_through;
    std::string why;
    std::optional<net::Address> source;  // of fails: a client for which this is so; nothing: all of them
    std::vector<std::string> lost;       // nodes
    ir::l7::Origin origin;               // of fails: of what answers instead
  };
  struct Losses;

  // Doors of a scheme, each with its name.
  using Doors = std::vector<std::pair<policy::Destination, std::string>>;
  [[nodiscard]] Doors doors(const ir::l7::Entry& entry, bool https);
  [[nodiscard]] Doors doors(const cluster::Service& service, bool https) const;
  [[nodiscard]] bool is_taken_away(const ir::l7::Door& door);
  policy::SharedSources only(const Client& client);
  [[nodiscard]] static bool takes(const Way& way, const Client& client);
  [[nodiscard]] std::vector<Client> clients(const policy::Sources& from) const;

  // Whether a request of the client by this way is shown to be forwarded; what nobody knows is left open.
  bool shown(const Client& client, const Way& way, const policy::RequestDestination& to, verdict::Proof& proof);
  bool shown_as_sent(const Client& client, const Way& way, Forwarded found, verdict::Proof& proof);
  bool shown_masqueraded(const Client& client, const Way& way, const policy::RequestDestination& to,
                         verdict::Proof& proof);
  // Whether a router that nobody knows the way to would forward a request.
  [[nodiscard]] bool would_forward(std::size_t router, const policy::RequestUnreachableQuestion& question);
  [[nodiscard]] const std::string& router_name(std::size_t router) const;
  [[nodiscard]] std::string no_way_to(std::size_t router) const;
  void tell(const Way& way, const Forwarded& found, const net::Address& client, const std::string& arrival,
            verdict::Proof& proof);

  [[nodiscard]] std::optional<bool> all_get_through(const Client& client, const std::string& host,
                                                    const std::vector<const Way*>& all,
                                                    const policy::RequestReachableQuestion& question,
                                                    verdict::Proof& proof);
  Result plain_request(const Client& client, const std::string& host, const Way& way,
                       const policy::RequestReachableQuestion& question);
  Result masqueraded(const Way& way, const std::string& host, const policy::RequestReachableQuestion& question,
                     const verdict::Proof& packets);
  // `seen`: the source that the router sees.
  Result through_router(const Way& way, const std::string& host, const policy::RequestReachableQuestion& question,
                        const net::Address& seen);
  [[nodiscard]] static ir::l7::Decision answer(const ir::l7::Server& server, ir::l7::Request request,
                                               const cluster::Cluster& cluster, Result& result);
  [[nodiscard]] std::optional<std::vector<std::uint32_t>> without_endpoints_of(
      const std::string& backend, const cluster::Cluster& cluster, const std::vector<std::uint32_t>& set) const;
  [[nodiscard]] std::vector<std::string> names_of(const std::vector<std::uint32_t>& nodes) const;
  [[nodiscard]] static Result open(std::string why);
  Losses& without(const std::vector<std::uint32_t>& lost);

  const cluster::Cluster& cluster_;
  Network network_;
  Delivery delivery_;
  Routers routers_;
  std::vector<Way> ways_;
  std::vector<std::size_t> closed_;             // routers to which nobody knows the way
  std::vector<policy::SharedSources> sources_;  // that delivery_ has seen
  std::map<std::vector<std::uint32_t>, std::unique_ptr<Losses>> losses_;
};

}  // namespace portcullis::obligations
