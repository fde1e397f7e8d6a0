#include "verifier/obligations/routes/witness.hpp"

#include <algorithm>
#include <optional>

namespace portcullis::routes {

namespace {

using ir::l7::Request;

bool has_name(const Request& request, const ir::l7::Name& name, const std::vector<ir::l7::HostForm>& forms) {
  return std::ranges::all_of(forms, [&](ir::l7::HostForm form) {
    const auto read = ir::l7::host_name(request, form);
    const auto* found = std::get_if<ir::l7::Name>(&read);
    return found != nullptr && found->present == name.present && found->text == name.text;
  });
}

// The Host header with a port, where the name stays the same.
std::optional<Request> with_port(Request request, const ir::l7::Name& name,
                                 const std::vector<ir::l7::HostForm>& forms) {
  for (ir::l7::Header& header : request.headers) {
    if (header.name != "Host") continue;
    header.value += ":8080";
    request.port = 8080;
    if (has_name(request, name, forms)) return request;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Request> spellings(const Regions& regions, const HostClass& host, const std::string& path,
                               const Request& filled) {
  const std::optional<Request> named = request_with_name(host.name, regions.host_forms());
  const std::optional<std::string> target = regions.space().target(path);
  if (!named || !target) return {};
  Request first = filled;
  first.version = named->version;
  first.headers = named->headers;
  first.headers.insert(first.headers.end(), filled.headers.begin(), filled.headers.end());
  first.target = *target;
  std::vector<Request> out{first};
  for (const std::string_view query : {"?q=1", "?q=/"}) {
    if (path.empty()) break;
    out.push_back(first);
    out.back().target += query;
  }
  const std::size_t plain = out.size();
  for (std::size_t i = 0; i < plain; ++i)
    if (std::optional<Request> request = with_port(out[i], host.name, regions.host_forms())) out.push_back(*request);
  return out;
}

std::vector<ir::l7::Request> client_requests(const Subject& subject, const Regions& regions, const HostClass& host,
                                             const std::string& path) {
  const auto is_redirected = [&](const ir::l7::Request& request) {
    return subject.server().serve(request).kind == ir::l7::Decision::Kind::redirect;
  };
  ir::l7::Request filled;
  filled.source = net::Address::v4(0xCB007107);  // 203.0.113.7, of documentation
  std::vector<ir::l7::Request> plain = spellings(regions, host, path, filled);
  if (plain.empty() || !is_redirected(plain.front())) return plain;
  filled.https = true;
  filled.port = 443;
  if (host.name.present && !host.name.text.empty()) filled.sni = host.name.text;
  std::vector<ir::l7::Request> encrypted = spellings(regions, host, path, filled);
  return encrypted.empty() || is_redirected(encrypted.front()) ? plain : encrypted;
}

}  // namespace portcullis::routes
