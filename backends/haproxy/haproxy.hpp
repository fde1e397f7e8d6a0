// The haproxy backend as the driver and the tests use it: lower → print ⇄ read → lift; emit makes the files of a node.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>

#include "backends/haproxy/configuration.hpp"
#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::haproxy {

// By name: `haproxy.cfg`, `crt-list.txt`, `maps/hosts.map`, `ranges/r0.lst`, `apply.sh`, `SHA256SUMS`.
using Files = std::map<std::string, std::string>;

// What HAProxy cannot be told of the router is a finding; an error among them: nothing is emitted.
[[nodiscard]] std::optional<Files> emit(const ir::l7::Router& router, base::Diagnostics& diagnostics);

// The same in steps.
[[nodiscard]] std::optional<Configuration> lower(const ir::l7::Router& router, base::Diagnostics& diagnostics);
// The files that HAProxy reads.
[[nodiscard]] Files print(const Configuration& configuration);
// The router that a configuration is: host steps stand in front of the treatments of the host's routes, routes that
// can never be reached are gone.
[[nodiscard]] ir::l7::Router lift(const Configuration& configuration);

struct ReadError {
  std::string file;
  std::size_t line = 0;  // 1-based; 0: the file as a whole
  std::string message;
};
// Reads what `print` wrote, and nothing else: print(read(files)) == files. `apply.sh` and `SHA256SUMS` are not looked
// at.
[[nodiscard]] std::variant<Configuration, ReadError> read_configuration(const Files& files);
[[nodiscard]] std::variant<ir::l7::Router, ReadError> read(const Files& files);

}  // namespace portcullis::haproxy
