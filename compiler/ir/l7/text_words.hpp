// The words of the text form of routers, both ways.
#pragma once

#include <array>

#include "compiler/ir/form/values.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7::words {

using form::Named;

template <class Value, std::size_t size>
std::string_view word_of(const std::array<Named<Value>, size>& table, Value value) {
  for (const Named<Value>& row : table) {
    if (row.value == value) return row.name;
  }
  return {};
}

inline constexpr std::array<Named<Flavour>, 6> flavours{{{"api", Flavour::api},
                                                         {"nginx", Flavour::nginx},
                                                         {"haproxy", Flavour::haproxy},
                                                         {"haproxy-ingress", Flavour::haproxy_ingress},
                                                         {"traefik", Flavour::traefik},
                                                         {"gce", Flavour::gce}}};
inline constexpr std::array<Named<HostForm>, 4> host_forms{{{"plain", HostForm::plain},
                                                            {"nginx", HostForm::nginx},
                                                            {"haproxy", HostForm::haproxy},
                                                            {"traefik", HostForm::traefik}}};
inline constexpr std::array<Named<PathForm>, 3> path_forms{
    {{"as-sent", PathForm::as_sent}, {"nginx", PathForm::nginx}, {"traefik", PathForm::traefik}}};
inline constexpr std::array<Named<Protocol>, 6> protocols{{{"http", Protocol::http},
                                                           {"https", Protocol::https},
                                                           {"auto", Protocol::client},
                                                           {"grpc", Protocol::grpc},
                                                           {"grpcs", Protocol::grpcs},
                                                           {"fcgi", Protocol::fcgi}}};
inline constexpr std::array<Named<Entry::Kind>, 5> entries{{{"node", Entry::Kind::node},
                                                            {"service", Entry::Kind::service},
                                                            {"host-port", Entry::Kind::host_port},
                                                            {"host-network", Entry::Kind::host_network},
                                                            {"node-ports", Entry::Kind::node_ports}}};
inline constexpr std::array<Named<Backend::Via>, 3> vias{{{"endpoints", Backend::Via::endpoints},
                                                          {"cluster-ip", Backend::Via::cluster_ip},
                                                          {"external", Backend::Via::external}}};
inline constexpr std::array<Named<PathMatch::Kind>, 3> matches{
    {{"exact", PathMatch::Kind::exact}, {"prefix", PathMatch::Kind::prefix}, {"regex", PathMatch::Kind::regex}}};
// Without `text`, which stands between quotes.
inline constexpr std::array<Named<Piece::Kind>, 8> pieces{{{"scheme", Piece::Kind::scheme},
                                                           {"host", Piece::Kind::host},
                                                           {"host-port", Piece::Kind::host_port},
                                                           {"port", Piece::Kind::port},
                                                           {"target", Piece::Kind::target},
                                                           {"target-no-slash", Piece::Kind::target_no_slash},
                                                           {"query", Piece::Kind::query},
                                                           {"target-escaped", Piece::Kind::target_escaped}}};
// Conditions that say all with their first word.
inline constexpr std::array<Named<Condition::Kind>, 3> bare_conditions{{{"plain-http", Condition::Kind::plain_http},
                                                                        {"tls-name", Condition::Kind::tls_name},
                                                                        {"authorised", Condition::Kind::authorised}}};

}  // namespace portcullis::ir::l7::words
