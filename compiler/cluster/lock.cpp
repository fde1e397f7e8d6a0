// The lock file: YAML, every map sorted, every value a quoted text.
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/cluster/resolve.hpp"
#include "compiler/manifest/config.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::string_view schema = "portcullis/lock/1";

using Map = std::map<std::string, std::string>;
struct Section {
  std::string_view name;
  Map Lock::* map;
};
constexpr std::array<Section, 6> sections{{{"clusterIPs", &Lock::cluster_ips},
                                           {"nodePorts", &Lock::node_ports},
                                           {"healthCheckNodePorts", &Lock::health_check_node_ports},
                                           {"loadBalancers", &Lock::load_balancers},
                                           {"podAddresses", &Lock::pod_addresses},
                                           {"placement", &Lock::placement}}};

const Section* find_section(std::string_view name) {
  for (const Section& section : sections) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

// A YAML double-quoted scalar. Names are ASCII, but what a broken manifest calls its objects may hold anything.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

std::string print_lock(const Lock& lock) {
  std::string out = fmt::format("schema: {}\n", schema);
  for (const Section& section : sections) {
    const Map& map = lock.*section.map;
    if (map.empty()) continue;
    out += fmt::format("{}:\n", section.name);
    for (const auto& [key, value] : map) out += fmt::format("  {}: {}\n", in_quotes(key), in_quotes(value));
  }
  return out;
}

Lock read_lock(const std::string& name, const std::string& text, base::SourceMap& sources,
               base::Diagnostics& diagnostics) {
  Lock lock;
  bool has_schema = false;
  const auto given = manifest::read_config(name, text, sources, diagnostics);
  for (const manifest::ConfigSection& section : given) {
    if (section.key.value == "schema") {
      has_schema = true;
      if (section.is_mapping || section.value.value != schema) {
        base::Diagnostic& finding = diagnostics.add(
            "PC1005",
            fmt::format("the lock file has schema `{}`, not `{}`", base::printable(section.value.value), schema),
            section.key.span);
        finding.hint = "it was written by another version; write it again with --write-lock";
      }
      continue;
    }
    const Section* known = find_section(section.key.value);
    if (known == nullptr) {
      diagnostics.add("PC1004", fmt::format("a lock file has no `{}`", base::printable(section.key.value)),
                      section.key.span);
    } else if (!section.is_mapping && !section.value.value.empty()) {
      diagnostics.add("PC1005", fmt::format("`{}` holds a mapping of names to values", known->name),
                      section.value.span);
    } else {
      for (const manifest::KeyValue& entry : section.entries) (lock.*known->map)[entry.key.value] = entry.value.value;
    }
  }
  if (!has_schema && !given.empty()) {
    diagnostics.add("PC1005", fmt::format("the lock file does not say `schema: {}`", schema), given.front().key.span);
  }
  return lock;
}

}  // namespace portcullis::cluster
