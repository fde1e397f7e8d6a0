#include "backends/apply/status_text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/base/text.hpp"

namespace portcullis::apply {

namespace {

namespace loader = ebpf::loader;
using Json = nlohmann::ordered_json;

constexpr std::size_t shown_differences = 40;

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Names of interfaces may hold any byte but blanks and slashes.
std::string interfaces_text(const std::vector<std::string>& names) {
  return fmt::format("interfaces: {}\n", base::printable(fmt::format("{}", fmt::join(names, ", "))));
}

void append_differences(const std::vector<loader::Difference>& all, std::string& out) {
  for (std::size_t i = 0; i < std::min(all.size(), shown_differences); ++i) {
    const loader::Difference& one = all[i];
    if (!one.wanted.empty()) out += fmt::format("{}: {}\n", one.what, one.wanted);
    if (!one.found.empty()) out += fmt::format("{}: {}\n", one.wanted.empty() ? one.what : "     node", one.found);
  }
  if (all.size() > shown_differences)
    out += fmt::format("and {} more lines that differ\n", all.size() - shown_differences);
}

}  // namespace

std::string applied_text(const loader::Applied& applied) {
  std::string out = applied.changed
                        ? fmt::format("generation {} is active, switched in {} microseconds\n", applied.generation,
                                      std::chrono::duration_cast<std::chrono::microseconds>(applied.switching).count())
                        : fmt::format("generation {} was active already\n", applied.generation);
  out += interfaces_text(applied.interfaces);
  if (applied.forgotten != 0) out += fmt::format("forgot {} stale UDP flows\n", applied.forgotten);
  return out;
}

std::string status_text(const loader::Status& status) {
  std::string out;
  if (status.loaded) {
    out += fmt::format("program {}\n", status.version);
    out += fmt::format("generation {}: {} frontends, {} pools, {} endpoints, from node.pcl {:.16}{}\n",
                       status.generation, status.frontends, status.pools, status.endpoints, status.artefact,
                       status.can_roll_back ? "; an older one can be rolled back to" : "");
    out += interfaces_text(status.covered);
  }
  for (const std::string& one : status.problems) out += fmt::format("problem: {}\n", base::printable(one));
  for (const std::string& one : status.warnings) out += fmt::format("warning: {}\n", base::printable(one));
  append_differences(status.differences, out);
  for (const auto& [word, count] : status.counters)
    if (count != 0) out += fmt::format("{}: {}\n", word, count);
  if (status.as_wanted()) out += "all is as it should be\n";
  return out;
}

std::string status_json(const loader::Status& status) {
  Json differences = Json::array();
  for (const loader::Difference& one : status.differences)
    differences.push_back({{"what", one.what}, {"wanted", one.wanted}, {"found", one.found}});
  Json counters = Json::object();
  for (const auto& [word, count] : status.counters) counters[word] = count;
  return dump({{"schema", "portcullis/status/1"},
               {"backend", "ebpf"},
               {"loaded", status.loaded},
               {"asWanted", status.as_wanted()},
               {"program", status.version},
               {"generation", status.generation},
               {"canRollBack", status.can_roll_back},
               {"artefact", status.artefact},
               {"frontends", status.frontends},
               {"pools", status.pools},
               {"endpoints", status.endpoints},
               {"interfaces", status.covered},
               {"problems", status.problems},
               {"warnings", status.warnings},
               {"differences", differences},
               {"counters", counters}});
}

std::string probe_text(const loader::Probe& probe) {
  std::string out = fmt::format("Linux {}\n", probe.kernel);
  for (const loader::Feature& one : probe.features) {
    out += fmt::format("{:<8} {} (Linux {})", one.present ? "yes" : "missing", one.name, one.since);
    if (!one.present) out += ": " + one.without;
    out += '\n';
  }
  out += probe.refusal.empty() ? "the kernel takes the program\n"
                               : fmt::format("the kernel does not take the program: {}\n", probe.refusal);
  return out;
}

std::string probe_json(const loader::Probe& probe) {
  Json features = Json::array();
  for (const loader::Feature& one : probe.features)
    features.push_back({{"name", one.name},
                        {"since", one.since},
                        {"present", one.present},
                        {"needed", one.needed},
                        {"without", one.without}});
  return dump({{"schema", "portcullis/probe/1"},
               {"backend", "ebpf"},
               {"kernel", probe.kernel},
               {"fine", probe.fine()},
               {"features", features},
               {"refusal", probe.refusal}});
}

}  // namespace portcullis::apply
