#include <numeric>

#include <fmt/format.h>

#include "compiler/report/json.hpp"
#include "compiler/report/locator.hpp"
#include "compiler/report/packet.hpp"
#include "compiler/report/request.hpp"
#include "compiler/report/trace_output.hpp"

namespace portcullis::report {

namespace {

Json targets_value(const ir::Fate& fate) {
  Json out = Json::array();
  for (const ir::Target& target : fate.targets) {
    Json one{{"endpoint", net::endpoint_text(target.address, target.port)},
             {"masquerade", target.masquerade},
             {"probability", probability(fate, target)}};
    switch (target.then) {
      case ir::Then::reject:
        one["then"] = "reject";
        break;
      case ir::Then::drop:
        one["then"] = "drop";
        break;
      case ir::Then::local:
      case ir::Then::forward:
        break;
    }
    out.push_back(std::move(one));
  }
  return out;
}

Json because_value(const std::optional<trace::Because>& because, Locator& locator) {
  if (!because) return nullptr;
  Json out{{"file", nullptr}, {"line", nullptr}, {"object", because->object}, {"field", because->field}};
  if (because->span.known()) {
    out["file"] = locator.sources().name(because->span.file);
    out["line"] = locator.begin(because->span).line;
  }
  return out;
}

Json hops_value(const std::vector<trace::Hop>& hops, Locator& locator) {
  Json out = Json::array();
  for (const trace::Hop& hop : hops) {
    Json one{{"at", hop.at}, {"what", hop.what}};
    one["because"] = because_value(hop.because, locator);
    one["packet"] = hop.packet;
    out.push_back(std::move(one));
  }
  return out;
}

Json request_trace_value(const trace::RequestTrace& t, Locator& locator) {
  Json out;
  out["packet"] = request_value(t.asked);
  out["router"] = t.router;
  out["decision"] = decision_value(t.decision, t.asked);
  out["source"] = t.seen_source ? Json(t.seen_source->text()) : Json(nullptr);
  out["hops"] = hops_value(t.hops, locator);
  return out;
}

Json answer_value(const TraceAnswer& answer, Locator& locator) {
  if (answer.request) return request_trace_value(*answer.request, locator);
  if (!answer.trace) {
    Json given = Json::parse(answer.given, nullptr, false);
    if (given.is_discarded()) given = answer.given;
    Json out;
    out["packet"] = std::move(given);
    out["error"] = answer.error;
    return out;
  }
  const trace::Trace& t = *answer.trace;
  Json out;
  out["packet"] = packet_value(t.packet);
  out["node"] = t.node.empty() ? Json(nullptr) : Json(t.node);
  out["fate"] = ir::to_string(t.fate.kind);
  if (t.fate.kind == ir::Fate::Kind::dnat) out["to"] = targets_value(t.fate);
  const bool untouched = t.fate.kind == ir::Fate::Kind::none || t.fate.kind == ir::Fate::Kind::accept;
  if (untouched && t.fate.masquerade) out["masquerade"] = true;
  if (untouched && t.after) out["then"] = trace::to_string(*t.after);
  out["sticky"] = t.fate.affinity_seconds ? Json(*t.fate.affinity_seconds) : Json(nullptr);
  out["hops"] = hops_value(t.hops, locator);
  return out;
}

}  // namespace

std::string request_json(const ir::l7::Request& request) {
  return dump(request_value(request), -1);
}

std::string probability(const ir::Fate& fate, const ir::Target& target) {
  std::uint64_t sum = 0;
  for (const ir::Target& one : fate.targets) sum += one.weight;
  if (sum == 0) return "0/1";
  const std::uint64_t divisor = std::gcd<std::uint64_t, std::uint64_t>(target.weight, sum);
  return fmt::format("{}/{}", target.weight / divisor, sum / divisor);
}

std::string trace_json(cluster::Dialect dialect, std::span<const TraceAnswer> answers, const base::SourceMap& sources) {
  Locator locator(sources);
  Json packets = Json::array();
  for (const TraceAnswer& answer : answers) packets.push_back(answer_value(answer, locator));
  Json out{{"schema", "portcullis/trace/1"}, {"dialect", cluster::to_string(dialect)}};
  out["packets"] = std::move(packets);
  return dump(out) + "\n";
}

}  // namespace portcullis::report
