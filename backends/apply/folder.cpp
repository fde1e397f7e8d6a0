#include "backends/apply/folder.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "backends/ebpf/digest.hpp"
#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/loader/failure.hpp"
#include "backends/ebpf/program.hpp"
#include "compiler/base/error.hpp"
#include "compiler/base/file.hpp"
#include "compiler/base/text.hpp"

namespace portcullis::apply {

namespace {

using ebpf::loader::CannotDo;
namespace fs = std::filesystem;

constexpr const char* sums_name = "SHA256SUMS";

std::string path_in(const std::string& folder, std::string_view file) {
  return (fs::path(folder) / file).string();
}

bool has(const std::string& folder, std::string_view file) {
  std::error_code ignored;
  return fs::is_regular_file(path_in(folder, file), ignored);
}

std::string text_of(const std::string& folder, std::string_view file) {
  std::string text;
  const std::string path = path_in(folder, file);
  if (const base::FileError error = base::read_file(path, text))
    throw CannotDo(fmt::format("cannot read {}: {}", path, *error));
  return text;
}

// `<64 digits>  <name>` a line, as sha256sum writes.
std::map<std::string, std::string> sums_of(const std::string& folder) {
  constexpr std::size_t digits = 64;
  std::map<std::string, std::string> out;
  const std::string text = text_of(folder, sums_name);
  for (const std::string_view line : base::split(text, '\n')) {
    if (line.empty()) continue;
    const bool fine =
        line.size() > digits + 2 && line.substr(digits, 2) == "  " && line.find('/') == std::string_view::npos;
    if (!fine) throw CannotDo(fmt::format("{} is damaged: copy the folder again", path_in(folder, sums_name)));
    out.emplace(line.substr(digits + 2), line.substr(0, digits));
  }
  return out;
}

void check_sums(const std::string& folder, const std::vector<std::string_view>& needed) {
  const auto sums = sums_of(folder);
  for (const std::string_view file : needed) {
    if (!sums.contains(std::string(file)))
      throw CannotDo(fmt::format("{} does not speak of {}: compile again", path_in(folder, sums_name), file));
  }
  for (const auto& [file, sum] : sums) {
    // The same tables once more, for nodes without portcullis: many megabytes that nobody reads here.
    if (file == "maps.batch") continue;
    if (ebpf::sha256(text_of(folder, file)) != sum)
      throw CannotDo(fmt::format("{} is not what {} says: copy the folder again, or compile again",
                                 path_in(folder, file), sums_name));
  }
}

std::string first_finding(const base::Diagnostics& diagnostics, const base::SourceMap& sources) {
  if (diagnostics.all().empty()) throw base::InternalError("a text that cannot be read, without a finding");
  const base::Diagnostic& first = diagnostics.all().front();
  return fmt::format("{}:{}: {}", sources.name(first.span.file), sources.begin(first.span).line, first.message);
}

// `# requires sysctl NAME=VALUE` lines.
std::vector<ebpf::loader::Sysctl> sysctls_of(std::string_view text) {
  constexpr std::string_view head = "# requires sysctl ";
  std::vector<ebpf::loader::Sysctl> out;
  for (const std::string_view line : base::split(text, '\n')) {
    const std::size_t equals = line.find('=');
    if (!line.starts_with(head) || equals == std::string_view::npos) continue;
    out.push_back({std::string(line.substr(head.size(), equals - head.size())), std::string(line.substr(equals + 1))});
  }
  return out;
}

ebpf::loader::Artefact ebpf_artefact(const std::string& folder) {
  check_sums(folder, {"node.pcl", "companion.nft"});
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  std::string text = text_of(folder, "node.pcl");
  ebpf::loader::Artefact out;
  out.companion = path_in(folder, "companion.nft");
  out.digest = ebpf::sha256(text);
  out.sysctls = sysctls_of(text);
  const base::FileId file = sources.add(path_in(folder, "node.pcl"), std::move(text));
  auto tables = ebpf::read(file, sources, diagnostics);
  if (!tables) throw CannotDo(fmt::format("{}: compile again", first_finding(diagnostics, sources)));
  if (tables->program != ebpf::program_digest())
    throw CannotDo(fmt::format("{} was written by another version of portcullis: compile again, or use that version",
                               path_in(folder, "node.pcl")));
  out.tables = std::move(*tables);
  return out;
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::ebpf:
      return "ebpf";
    case Kind::nftables:
      return "nftables";
    case Kind::iptables:
      return "iptables";
  }
  throw base::InternalError("no such backend");
}

Folder open_folder(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error))
    throw CannotDo(fmt::format("{} is no folder: name the one that `compile -o` wrote for this node", path));
  Folder out{.kind = Kind::ebpf, .path = path, .artefact = {}};
  if (has(path, "node.pcl")) {
    out.artefact = ebpf_artefact(path);
    return out;
  }
  if (has(path, sums_name)) check_sums(path, {});
  if (has(path, "nftables.nft")) {
    out.kind = Kind::nftables;
  } else if (has(path, "iptables.rules") || has(path, "ip6tables.rules")) {
    out.kind = Kind::iptables;
  } else {
    throw CannotDo(fmt::format(
        "{} holds no node.pcl, nftables.nft or iptables.rules: name the folder that `compile -o` wrote for this node",
        path));
  }
  return out;
}

}  // namespace portcullis::apply
