#include "compiler/report/request.hpp"

#include <numeric>

#include <fmt/format.h>

#include "compiler/ir/l7/letters.hpp"

namespace portcullis::report {

namespace {

using ir::l7::Decision;
using ir::l7::Request;

// The name that a client of this URL sends in its handshake: the Host without its port.
std::string_view name_of(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

std::string_view host_of(const Request& request) {
  const auto hosts = request.values("Host");
  return hosts.empty() ? std::string_view{"-"} : hosts.front();
}

bool is_host(const ir::l7::Header& header) {
  return ir::l7::equal_folded(header.name, "Host");
}

bool is_absolute(const Request& request) {
  return !request.target.starts_with('/');
}

std::string fraction(std::uint64_t weight, std::uint64_t sum) {
  const std::uint64_t divisor = std::gcd(weight, sum);
  return fmt::format("{}/{}", weight / divisor, sum / divisor);
}

void put_shares(Json& out, const Decision& decision) {
  std::uint64_t sum = 0;
  for (const Decision::Share& share : decision.shares) sum += share.weight;
  if (decision.shares.size() == 1 && !decision.shares.front().service.empty()) {
    out["service"] = decision.shares.front().service;
    return;
  }
  Json services = Json::object();
  Json statuses = Json::object();
  for (const Decision::Share& share : decision.shares) {
    if (share.service.empty()) {
      statuses[std::to_string(share.status)] = fraction(share.weight, sum);
    } else {
      services[share.service] = fraction(share.weight, sum);
    }
  }
  out["services"] = std::move(services);
  if (!statuses.empty()) out["statuses"] = std::move(statuses);
}

// A Host that is the URL's is not among them.
Json headers_value(const Request& request) {
  Json out = Json::object();
  const bool plain = request.values("Host").size() == 1;
  for (const ir::l7::Header& header : request.headers) {
    if (plain && is_host(header)) continue;
    Json& value = out[header.name];
    if (value.is_null()) {
      value = header.value;
    } else if (value.is_array()) {
      value.push_back(header.value);
    } else {
      value = Json::array({value, header.value});
    }
  }
  return out;
}

}  // namespace

std::string url_text(const Request& request) {
  return fmt::format("{}://{}{}", request.https ? "https" : "http", host_of(request),
                     is_absolute(request) ? "/" : request.target);
}

std::string request_line(const Request& request) {
  std::string out = request.method + " " + url_text(request);
  if (request.source) out += " from " + request.source->text();
  const bool plain = request.values("Host").size() == 1;
  for (const ir::l7::Header& header : request.headers) {
    if (plain && is_host(header)) continue;
    const bool blanks = header.value.find_first_of(" \t") != std::string::npos;
    out += fmt::format(fmt::runtime(blanks ? " with {}=\"{}\"" : " with {}={}"), header.name, header.value);
  }
  if (request.https && request.sni.value_or("") != name_of(host_of(request))) {
    out += " sni " + (request.sni ? *request.sni : "-");
  }
  if (is_absolute(request)) out += " target " + request.target;
  return out;
}

Json request_value(const Request& request) {
  Json out{{"url", url_text(request)}, {"method", request.method}};
  if (is_absolute(request)) out["target"] = request.target;
  if (request.version != "1.1") out["version"] = request.version;
  Json headers = headers_value(request);
  if (request.values("Host").empty()) headers["Host"] = nullptr;
  if (!headers.empty()) out["headers"] = std::move(headers);
  if (request.https) out["sni"] = request.sni ? Json(*request.sni) : Json(nullptr);
  if (request.source) out["src"] = request.source->text();
  if (request.body != 0) out["body"] = request.body;
  if (request.authorised) out["authorised"] = true;
  if (request.over_rate) out["overRate"] = true;
  return out;
}

Json decision_value(const Decision& decision, const Request& request) {
  Json out{{"decision", ir::l7::to_string(decision.kind)}};
  switch (decision.kind) {
    case Decision::Kind::forward:
      put_shares(out, decision);
      if (decision.protocol != "http") out["protocol"] = decision.protocol;
      if (decision.target != request.target) out["path"] = decision.target;
      if (const auto hosts = request.values("Host"); hosts.empty() || hosts.front() != decision.host) {
        out["host"] = decision.host;
      }
      break;
    case Decision::Kind::redirect:
      out["status"] = decision.status;
      out["location"] = decision.location;
      break;
    case Decision::Kind::status:
      out["status"] = decision.status;
      break;
    case Decision::Kind::refuse:
      out["status"] = decision.status == 0 ? Json(nullptr) : Json(decision.status);
      break;
    case Decision::Kind::unknown:
      out["why"] = decision.why;
      break;
  }
  return out;
}

}  // namespace portcullis::report
