// Routers for tests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/ir/l7/router.hpp"

namespace portcullis::routes::test {

using namespace ir::l7;

// A router with nothing but 404, `forms` being as of the flavour `api`.
[[nodiscard]] Router empty_router();

// The number of the backend; it is made if there is none. With one endpoint.
BackendId backend(Router& router, const std::string& service);
// The number of a treatment that does this always.
std::uint32_t always(Router& router, Answer answer);
// … to one Service.
std::uint32_t to(Router& router, const std::string& service);

HostEntry& host(Router& router, HostPattern name);
// Prefix as ingresses mean it: `/p` itself and what is below `/p/`. `/`: everything.
void add_prefix(HostEntry& entry, const std::string& path, std::uint32_t treatment);
void add_exact(HostEntry& entry, const std::string& path, std::uint32_t treatment);
void add_regex(HostEntry& entry, const std::string& path, std::uint32_t treatment, bool fold = true);

// Routes that are nobody's so far, and the entry: `shop/web` is the Ingress, each route's rule a field of it.
void own(HostEntry& entry, const std::string& ingress);

[[nodiscard]] HostPattern exactly(const std::string& name);
[[nodiscard]] HostPattern one_label(const std::string& domain);

// With something of everything: an exact host, a wildcard and the catch-all; redirects, ranges, rewrites, weights,
// headers, cookies, certificates.
[[nodiscard]] Router rich_router();

}  // namespace portcullis::routes::test
