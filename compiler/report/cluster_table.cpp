#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/report/cluster_json.hpp"

namespace portcullis::report {

namespace {

constexpr std::size_t most_endpoints = 3;  // that are named in a row

using Row = std::array<std::string, 6>;

void add_address(std::string& out, const net::Address& address, bool planned) {
  if (!out.empty()) out += ",";
  out += address.text() + (planned ? "*" : "");
}

std::string addresses(const cluster::Service& s) {
  std::string out;
  for (const auto& a : s.cluster_ips) add_address(out, a.address, a.planned);
  for (const auto& a : s.external_ips) add_address(out, a.address, a.planned);
  for (const auto& a : s.load_balancer_ips) add_address(out, a.address, a.planned);
  if (s.headless) out = "None";
  if (!s.external_name.empty()) out = s.external_name;
  return out.empty() ? "-" : out;
}

std::string endpoints(const cluster::ServicePort& port) {
  std::string named;
  std::size_t ready = 0;
  for (const cluster::Endpoint& e : port.endpoints) {
    if (!e.ready) continue;
    if (++ready > most_endpoints) continue;
    named += " " + net::endpoint_text(e.address, e.port) + (e.planned ? "*" : "");
  }
  if (port.endpoints.empty()) return "none";
  std::string out = ready == port.endpoints.size()
                        ? fmt::format("{} ready:", ready)
                        : fmt::format("{} of {} ready{}", ready, port.endpoints.size(), ready > 0 ? ":" : "");
  out += named;
  if (ready > most_endpoints) out += " …";
  return out;
}

void add_rows(std::vector<Row>& rows, const cluster::Service& s) {
  if (s.ports.empty()) {
    rows.push_back({s.id(), std::string(cluster::to_string(s.type)), addresses(s), "-", "-", ""});
  }
  for (const cluster::ServicePort& port : s.ports) {
    std::string node_port = port.node_port == 0 ? "-" : std::to_string(port.node_port);
    if (port.node_port_planned) node_port += "*";
    rows.push_back({cluster::service_port_name(s, port), std::string(cluster::to_string(s.type)), addresses(s),
                    fmt::format("{}/{}", port.port, net::to_string(port.protocol)), node_port, endpoints(port)});
  }
}

std::string columns(const std::vector<Row>& rows) {
  std::array<std::size_t, 6> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) line += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    line += row.back();
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

}  // namespace

std::string cluster_table(const cluster::Cluster& cluster) {
  std::vector<Row> rows{{"SERVICE", "TYPE", "ADDRESSES", "PORT", "NODE PORT", "ENDPOINTS"}};
  for (const cluster::Service& service : cluster.services) add_rows(rows, service);
  for (Row& row : rows) {
    for (std::string& cell : row) cell = base::printable(cell);
  }
  std::string out = columns(rows);
  bool first = true;
  for (const cluster::Claim& claim : cluster.claims) {
    if (!claim.conflict) continue;
    std::vector<std::string> owners;
    owners.reserve(claim.owners.size());
    for (const cluster::ClaimOwner& owner : claim.owners) owners.push_back(owner.name);
    if (first) out += "\n";
    first = false;
    out += base::printable(fmt::format("conflict: {} {} is claimed by {}", cluster::to_string(claim.kind), claim.key,
                                       base::list_text(owners))) +
           "\n";
  }
  if (out.find('*') != std::string::npos) out += "\n* planned: no manifest says so\n";
  return out;
}

}  // namespace portcullis::report
