// A trace for people:
//
//   tcp from 192.0.2.7 to 10.3.241.152:80, from outside
//     node-a nat prerouting   10.3.241.152:80 is the cluster IP of Service default/service-test: to one of 2 endpoints
//                             service.yaml:9, Service default/service-test, spec.ports[0].port
//   dnat
//     1/2  10.0.1.2:8080  masqueraded
//     1/2  10.0.2.2:8080  masqueraded
#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/report/locator.hpp"
#include "compiler/report/packet.hpp"
#include "compiler/report/request.hpp"
#include "compiler/report/style.hpp"
#include "compiler/report/trace_output.hpp"

namespace portcullis::report {

namespace {

std::string place(const trace::Because& because, Locator& locator) {
  std::string out;
  const auto add = [&](const std::string& part) {
    if (part.empty()) return;
    if (!out.empty()) out += ", ";
    out += part;
  };
  if (because.span.known()) {
    add(fmt::format("{}:{}", locator.sources().name(because.span.file), locator.begin(because.span).line));
  }
  add(because.object);
  add(because.field);
  return out;
}

std::string hop_lines(const trace::Hop& hop, std::size_t width, Locator& locator, const Style& style) {
  const std::string margin(width + 4, ' ');
  std::string out = fmt::format("  {}{}\n", style.frame(fmt::format("{:<{}}", base::printable(hop.at), width + 2)),
                                base::printable(hop.what));
  if (hop.because) {
    const std::string where = place(*hop.because, locator);
    if (!where.empty()) out += margin + base::printable(where) + "\n";
  }
  return out;
}

// What a target is followed by, in words.
std::string target_words(const ir::Target& target) {
  switch (target.then) {
    case ir::Then::reject:
      return "refused behind the translation";
    case ir::Then::drop:
      return "dropped behind the translation";
    case ir::Then::local:
      return target.masquerade ? "marked, but delivered here: the source stays" : "";
    case ir::Then::forward:
      return target.masquerade ? "masqueraded" : "";
  }
  return {};
}

std::string fate_lines(const trace::Trace& t, const Style& style) {
  using Kind = ir::Fate::Kind;
  std::string head(ir::to_string(t.fate.kind));
  if (t.after) head += ", " + std::string(trace::to_string(*t.after));
  if ((t.fate.kind == Kind::none || t.fate.kind == Kind::accept) && t.fate.masquerade)
    head += ", marked for masquerade";
  if (t.fate.affinity_seconds) head += fmt::format(", the same endpoint again for {} s", *t.fate.affinity_seconds);
  std::string out = style.strong(head) + "\n";
  for (const ir::Target& target : t.fate.targets) {
    std::string line =
        fmt::format("  {:>5}  {}", probability(t.fate, target), net::endpoint_text(target.address, target.port));
    const std::string words = target_words(target);
    if (!words.empty()) line += "  " + words;
    out += line + "\n";
  }
  return out;
}

std::string hops_lines(const std::vector<trace::Hop>& hops, Locator& locator, const Style& style) {
  std::size_t width = 0;
  for (const trace::Hop& hop : hops) width = std::max(width, base::printable(hop.at).size());
  std::string out;
  for (const trace::Hop& hop : hops) out += hop_lines(hop, width, locator, style);
  return out;
}

std::string packet_lines(const trace::Trace& t, Locator& locator, const Style& style) {
  return style.strong(base::printable(packet_line(t.packet))) + "\n" + hops_lines(t.hops, locator, style) +
         fate_lines(t, style);
}

std::string request_lines(const trace::RequestTrace& t, Locator& locator, const Style& style) {
  return style.strong(base::printable(request_line(t.asked))) + "\n" + hops_lines(t.hops, locator, style) +
         style.strong(text(t.decision)) + "\n";
}

}  // namespace

std::string trace_text(std::span<const TraceAnswer> answers, const base::SourceMap& sources, bool colour) {
  Locator locator(sources);
  const Style style(colour);
  std::string out;
  for (const TraceAnswer& answer : answers) {
    if (!out.empty()) out += "\n";
    if (answer.request) {
      out += request_lines(*answer.request, locator, style);
    } else if (answer.trace) {
      out += packet_lines(*answer.trace, locator, style);
    } else {
      out += style.severity(base::Severity::error, "error: ") + base::printable(answer.error) + "\n  " +
             base::printable(answer.given) + "\n";
    }
  }
  return out;
}

}  // namespace portcullis::report
