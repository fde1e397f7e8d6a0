#include "compiler/report/diff_output.hpp"

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/report/json.hpp"
#include "compiler/report/locator.hpp"
#include "compiler/report/packet.hpp"
#include "compiler/report/request.hpp"

namespace portcullis::report {

namespace {

constexpr std::size_t most_nodes_named = 4;

Json lines_value(const std::vector<DiffLine>& lines, Locator& locator) {
  Json out = Json::array();
  for (const DiffLine& line : lines) {
    Json one{{"file", nullptr}, {"line", nullptr}, {"object", line.object}, {"field", line.field}};
    if (line.span.known()) {
      one["file"] = locator.sources().name(line.span.file);
      one["line"] = locator.begin(line.span).line;
    }
    out.push_back(std::move(one));
  }
  return out;
}

std::string lines_text(std::string_view version, const std::vector<DiffLine>& lines, Locator& locator) {
  std::string out;
  for (const DiffLine& line : lines) {
    out += fmt::format("    {}: ", version);
    if (line.span.known())
      out +=
          fmt::format("{}:{} ", base::printable(locator.sources().name(line.span.file)), locator.begin(line.span).line);
    out += base::printable(fmt::format("{} {}", line.object, line.field)) + "\n";
  }
  return out;
}

std::string nodes_text(const std::vector<std::string>& nodes) {
  if (nodes.size() <= most_nodes_named) return "on " + base::printable(base::list_text(nodes));
  return fmt::format("on {} nodes, {} among them", nodes.size(), base::printable(nodes.front()));
}

// What a forward does beside its shares, as far as it is not what the client sent.
std::string answer_text(const ir::l7::Decision& decision, const ir::l7::Request& request, const std::string& settings) {
  std::string out = ir::l7::text(decision);
  if (decision.kind == ir::l7::Decision::Kind::forward) {
    if (decision.target != request.target) out += " as " + base::printable(decision.target);
    if (const auto hosts = request.values("Host"); hosts.empty() || hosts.front() != decision.host)
      out += ", Host " + base::printable(decision.host);
    if (decision.protocol != "http") out += " by " + base::printable(decision.protocol);
  }
  return settings.empty() ? out : out + " (" + base::printable(settings) + ")";
}

std::string requests_text(const DiffRequests& g, Locator& locator) {
  std::string out = fmt::format("{}: {}", g.change, base::printable(g.about));
  if (g.more > 0) out += fmt::format(" and {} more", g.more);
  out += fmt::format(", by {}\n    {}\n", base::printable(g.router), base::printable(request_line(g.witness)));
  out += fmt::format("    before: {}\n", answer_text(g.before, g.witness, g.before_settings));
  out += fmt::format("    after:  {}\n", answer_text(g.after, g.witness, g.after_settings));
  return out + lines_text("before", g.before_lines, locator) + lines_text("after", g.after_lines, locator);
}

Json requests_value(const DiffRequests& g, Locator& locator) {
  Json one{{"change", g.change}, {"router", g.router}, {"about", g.about}, {"more", g.more}};
  one["witness"] = request_value(g.witness);
  one["before"] = decision_value(g.before, g.witness);
  one["after"] = decision_value(g.after, g.witness);
  if (g.before_settings != g.after_settings) {
    one["beforeSettings"] = g.before_settings;
    one["afterSettings"] = g.after_settings;
  }
  one["beforeLines"] = lines_value(g.before_lines, locator);
  one["afterLines"] = lines_value(g.after_lines, locator);
  return one;
}

}  // namespace

std::string diff_json(const Diff& diff, const base::SourceMap& sources) {
  Locator locator(sources);
  Json groups = Json::array();
  for (const DiffGroup& g : diff.groups) {
    Json one{{"change", g.change}, {"about", g.about}, {"nodes", g.nodes}, {"destinations", g.destinations}};
    one["witness"] = packet_value(g.witness);
    one["before"] = ir::text(g.before);
    one["after"] = ir::text(g.after);
    one["beforeLines"] = lines_value(g.before_lines, locator);
    one["afterLines"] = lines_value(g.after_lines, locator);
    groups.push_back(std::move(one));
  }
  Json out;
  out["schema"] = "portcullis/diff/1";
  out["before"] = diff.before;
  out["after"] = diff.after;
  out["changes"] = std::move(groups);
  out["requests"] = Json::array();
  for (const DiffRequests& g : diff.requests) out["requests"].push_back(requests_value(g, locator));
  out["unknown"] = diff.unknown;
  return dump(out) + "\n";
}

std::string diff_text(const Diff& diff, const base::SourceMap& sources) {
  Locator locator(sources);
  std::string out;
  for (const DiffGroup& g : diff.groups) {
    out += fmt::format("{}: {}, {}\n", g.change, base::printable(g.about), nodes_text(g.nodes));
    out += fmt::format("    {} ({})\n", g.witness.text(), net::to_string(g.witness.from));
    out += fmt::format("    before: {}\n    after:  {}\n", ir::text(g.before), ir::text(g.after));
    out += lines_text("before", g.before_lines, locator);
    out += lines_text("after", g.after_lines, locator);
  }
  for (const DiffRequests& g : diff.requests) out += requests_text(g, locator);
  for (const std::string& what : diff.unknown) out += fmt::format("unknown: {}\n", base::printable(what));
  if (diff.groups.empty() && diff.requests.empty() && diff.unknown.empty())
    out += fmt::format("{} fares otherwise: {} and {} mean the same\n",
                       diff.has_routers ? "no packet and no request" : "no packet", base::printable(diff.before),
                       base::printable(diff.after));
  return out;
}

}  // namespace portcullis::report
