// Targets of a sentence: the Service ports, pods and addresses that are meant, one destination each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/policy/bound.hpp"
#include "compiler/policy/objects.hpp"
#include "compiler/policy/select.hpp"

namespace portcullis::policy {

// Every way to a port of a Service; none for a headless one. A balancer's address is one even where the node does not
// translate it (ipMode Proxy): the balancer itself goes on to the node port.
[[nodiscard]] std::vector<Frontend> frontends_of(const cluster::Service& service, const cluster::ServicePort& port);

// What a target that cannot be decided is called, and why.
struct Undecided {
  std::string about;
  std::string reason;
};
struct Resolved {
  std::vector<Destination> destinations;
  std::vector<RequestDestination> requests;
  std::vector<Undecided> undecided;
  [[nodiscard]] bool empty() const { return destinations.empty() && requests.empty() && undecided.empty(); }
};
// Nothing: something is wrong, and that has been said (PC4002–PC4004). Empty only if node ports are all that is meant,
// none is there, and `keeps_out`: that a node port does not exist is a good reason why nobody reaches it.
[[nodiscard]] std::optional<Resolved> resolve(const Targets& targets, bool keeps_out, const Objects& objects,
                                              const Asker& asker);

// `from` without everything that one of `excepted` means. A destination of which nothing is left is gone.
[[nodiscard]] std::vector<Destination> without(std::vector<Destination> from, const std::vector<Destination>& excepted);

// The same of requests: a path below one of `excepted` is left out. Hosts are compared as they are written.
[[nodiscard]] std::vector<RequestDestination> without(std::vector<RequestDestination> from,
                                                      const std::vector<RequestDestination>& excepted);

// The ports of one Service that the words select. Nothing: that has been said.
struct MatchedPort {
  const cluster::Service* service = nullptr;
  const cluster::ServicePort* port = nullptr;
};
[[nodiscard]] std::optional<std::vector<MatchedPort>> match_ports(const ServiceTarget& target, const Objects& objects,
                                                                  const Asker& asker);

}  // namespace portcullis::policy
