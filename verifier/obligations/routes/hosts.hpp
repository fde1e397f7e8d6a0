// Names that routers treat alike: an exact partition of all names that a request can have.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/ir/l7/forms.hpp"
#include "compiler/ir/l7/request.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::routes {

using ir::l7::Router;

struct HostClass {
  std::string shown;     // `shop.example.com`, `*.example.com`, `any other name`
  ir::l7::Name name;     // one of its names
  bool sendable = true;  // false: no request has such a name
};

struct HostClasses {
  std::vector<HostClass> classes;
  std::vector<std::string> open;  // why it is not complete; empty: it is
  std::vector<std::string> assumptions;
};

// Names that no host pattern and no name of TLS of any of the routers tells apart are in one class. `forms`: all forms
// of the routers, each once. A class that can be sent is one that some request has under every one of them.
[[nodiscard]] HostClasses host_classes(std::span<const Router* const> routers, std::span<const ir::l7::HostForm> forms);

// A request that has this name under every one of the forms; nothing: there is none.
[[nodiscard]] std::optional<ir::l7::Request> request_with_name(const ir::l7::Name& name,
                                                               std::span<const ir::l7::HostForm> forms);

}  // namespace portcullis::routes
