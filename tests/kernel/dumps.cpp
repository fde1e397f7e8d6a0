#include "tests/kernel/dumps.hpp"

#include <algorithm>
#include <regex>

#include "compiler/base/file.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/permitted.hpp"

namespace portcullis::kernel {
namespace {

// Accounting objects exist only where kube-proxy made them; the match has no effect on a verdict.
std::string without_accounting(const std::string& text) {
  return std::regex_replace(text, std::regex(R"( -m nfacct --nfacct-name +\S+)"), "");
}

Rulesets nftables_rules(const Dump& dump) {
  return {.nft = {text_of(dump.folder / "nftables.nft")}, .iptables = {}, .ip6tables = {}};
}

Rulesets iptables_rules(const Dump& dump, IptablesVariant variant) {
  return {.nft = {},
          .iptables = {without_accounting(text_of(dump.folder / "iptables.save"))},
          .ip6tables = {without_accounting(text_of(dump.folder / "ip6tables.save"))},
          .variant = variant};
}

template <IptablesVariant variant>
DumpBackend iptables_backend() {
  return {std::string(to_string(variant)), cases::Dialect::iptables,
          [](const Dump& dump) { return iptables_rules(dump, variant); }, [] { return why_not(variant); }};
}

}  // namespace

const std::filesystem::path& reference() {
  static const std::filesystem::path path = std::filesystem::path(PORTCULLIS_SHARED) / "reference";
  return path;
}

std::string text_of(const std::filesystem::path& path) {
  std::string text;
  const auto error = base::read_file(path.string(), text);
  if (error) throw Failure(path.string() + ": " + *error);
  return text;
}

// The README of a dump names its case: `| case | case P3 of service-cases.yaml …`.
std::vector<Dump> dumps() {
  std::vector<Dump> result;
  for (const auto& entry : std::filesystem::directory_iterator(reference() / "kube-proxy-dumps")) {
    if (!entry.is_directory()) continue;
    Dump dump{.name = entry.path().filename().string(), .case_id = {}, .folder = entry.path()};
    std::smatch match;
    const auto readme = text_of(entry.path() / "README.md");
    if (std::regex_search(readme, match, std::regex(R"(\| case \| case (\w+) of )"))) dump.case_id = match[1];
    result.push_back(dump);
  }
  std::sort(result.begin(), result.end(), [](const Dump& a, const Dump& b) { return a.name < b.name; });
  return result;
}

const std::vector<DumpBackend>& dump_backends() {
  static const std::vector<DumpBackend> backends{
      {"nftables", cases::Dialect::nftables, nftables_rules, [] { return std::string(); }},
      iptables_backend<IptablesVariant::nft>(),
      iptables_backend<IptablesVariant::legacy>(),
  };
  return backends;
}

}  // namespace portcullis::kernel
