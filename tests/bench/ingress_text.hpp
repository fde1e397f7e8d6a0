// Ingresses of any number as JSON.
#pragma once

#include <cstddef>
#include <string>

namespace portcullis::bench {

// One Ingress a host, `routes` rules each, class nginx: prefixes and exact paths, every tenth host with regular
// expressions, every twentieth with source ranges. 400 Services, three pods behind each.
[[nodiscard]] std::string ingress_text(std::size_t hosts, std::size_t routes);

}  // namespace portcullis::bench
