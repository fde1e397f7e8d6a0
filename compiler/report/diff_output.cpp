#include "compiler/report/diff_output.hpp"

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/report/json.hpp"
#include "compiler/report/locator.hpp"
#include "compiler/report/packet.hpp"

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
  for (const std::string& what : diff.unknown) out += fmt::format("unknown: {}\n", base::printable(what));
  if (diff.groups.empty() && diff.unknown.empty())
    out += fmt::format("no packet fares otherwise: {} and {} mean the same\n", base::printable(diff.before),
                       base::printable(diff.after));
  return out;
}

}  // namespace portcullis::report
