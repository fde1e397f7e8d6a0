#include "compiler/driver/request_asked.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/ir/l7/forms.hpp"

namespace portcullis::driver {

namespace {

using ir::l7::HostEntry;
using ir::l7::Router;

// What follows the host in `host:port`; nothing if there is no port, 0 if it is none.
std::optional<std::uint16_t> port_of(std::string_view authority) {
  const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) return std::uint16_t{0};
  const std::size_t colon = authority.find(':', bracket);
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view digits = authority.substr(colon + 1);
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} && end == digits.data() + digits.size() ? value : std::uint16_t{0};
}

std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool owns(const Router& router, std::string_view ingress) {
  if (router.name == ingress) return true;
  return std::ranges::any_of(router.hosts, [&](const HostEntry& host) {
    return std::ranges::find(host.owners, ingress) != host.owners.end();
  });
}

bool has_host(const Router& router, const ir::l7::Request& request) {
  const auto name = ir::l7::host_name(request, router.host_form);
  const auto* known = std::get_if<ir::l7::Name>(&name);
  return known != nullptr && find_host(router, known->text) != nullptr;
}

using Routers = std::vector<const Router*>;

template <class Keep>
Routers keep(const Routers& from, const Keep& wanted) {
  Routers out;
  std::ranges::copy_if(from, std::back_inserter(out), [&](const Router* router) { return wanted(*router); });
  return out;
}

std::string names_of(const Routers& routers) {
  std::vector<std::string> names;
  names.reserve(routers.size());
  for (const Router* router : routers) names.push_back("`" + router->name + "`");
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::variant<Url, std::string> parse_url(std::string_view text) {
  Url url;
  if (text.starts_with("https://")) {
    url.https = true;
    url.port = 443;
  } else if (!text.starts_with("http://")) {
    return fmt::format("`{}` is no URL: it begins with http:// or https://", text);
  }
  text.remove_prefix(url.https ? 8 : 7);
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  url.host = text.substr(0, end);
  if (url.host.empty()) return std::string{"the URL has no host"};
  if (url.host.find('@') != std::string::npos) return std::string{"a URL with a user is not asked for: it is no Host"};
  url.target = text.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (const std::optional<std::uint16_t> port = port_of(url.host)) {
    if (*port == 0) return fmt::format("`{}`: its port is no number from 1 to 65535", url.host);
    url.port = *port;
  }
  const std::string_view name = without_port(url.host);
  const bool address = name.starts_with('[') || net::Address::parse(name).has_value();
  if (url.https && !address) url.sni = name;
  return url;
}

std::variant<const Router*, std::string> choose_router(std::span<const Router> routers, const RequestAsked& asked) {
  if (routers.empty()) return std::string{"no Ingress belongs to a controller: nothing answers requests"};
  Routers left;
  for (const Router& router : routers) left.push_back(&router);
  const Routers all = left;
  if (!asked.klass.empty()) {
    left = keep(left, [&](const Router& router) { return router.name == asked.klass; });
    if (left.empty()) return fmt::format("no controller is `{}`; there is {}", asked.klass, names_of(all));
  }
  if (!asked.ingress.empty()) {
    const std::string id = asked.ingress.find('/') == std::string::npos ? "default/" + asked.ingress : asked.ingress;
    left = keep(left, [&](const Router& router) { return owns(router, id); });
    if (left.empty()) return fmt::format("Ingress {} has no rule in any of {}", id, names_of(all));
  }
  if (left.size() > 1) {
    const Routers with_host =
        keep(left, [&](const Router& router) { return has_host(router, asked.question.request); });
    if (with_host.size() == 1) return with_host.front();
    return fmt::format("{} of the controllers {} could be asked: say `class NAME` or `ingress NAMESPACE/NAME`",
                       with_host.empty() ? "each" : "several", names_of(with_host.empty() ? left : with_host));
  }
  return left.front();
}

}  // namespace portcullis::driver
