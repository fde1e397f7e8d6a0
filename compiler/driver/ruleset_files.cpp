#include "compiler/driver/ruleset_files.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "backends/iptables/iptables.hpp"
#include "backends/nftables/model.hpp"
#include "backends/nftables/nftables.hpp"
#include "compiler/base/file.hpp"
#include "compiler/manifest/json.hpp"
#include "compiler/manifest/utf8.hpp"

namespace portcullis::driver {

namespace {

std::optional<base::FileId> add_file(const std::string& path, base::SourceMap& sources,
                                     base::Diagnostics& diagnostics) {
  std::string text;
  if (const base::FileError error = base::read_file(path, text)) {
    diagnostics.add("PC1001", fmt::format("cannot read {}: {}", path, *error), {});
    return {};
  }
  return sources.add(path, std::move(text));
}

// iptables-save begins its tables with `*`; nft's text has no such line.
bool is_iptables(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (line.starts_with("*")) return true;
    if (!line.empty() && !line.starts_with("#")) return false;
    begin = end + 1;
  }
  return false;
}

const ir::Program* of_family(const std::vector<ir::Program>& programs, net::Family family) {
  const auto found = std::ranges::find(programs, family, &ir::Program::family);
  return found == programs.end() ? nullptr : &*found;
}

// ---- ip -j addr

const manifest::TreeNode* field(const manifest::Tree& tree, const manifest::TreeNode& mapping, std::string_view name) {
  for (manifest::NodeId key = mapping.child; key != 0;) {
    const manifest::TreeNode& k = tree[key];
    const manifest::NodeId value = k.next;
    if (value == 0) return nullptr;
    if (k.value() == name) return &tree.target(value);
    key = tree[value].next;
  }
  return nullptr;
}

}  // namespace

std::optional<netfilter::Model> read_rulesets(const std::vector<std::string>& paths,
                                              const std::vector<ir::Program>& programs, base::SourceMap& sources,
                                              base::Diagnostics& diagnostics) {
  netfilter::Model all;
  bool good = true;
  std::array<std::optional<std::string>, 3> seen;  // by kind: iptables, ip6tables, nft
  for (const std::string& path : paths) {
    const std::optional<base::FileId> file = add_file(path, sources, diagnostics);
    if (!file) {
      good = false;
      continue;
    }
    std::size_t kind = 2;
    if (is_iptables(sources.text(*file))) {
      const auto ruleset = iptables::read(*file, sources, diagnostics);
      good = good && ruleset.has_value();
      if (!ruleset) continue;
      kind = ruleset->family == net::Family::ipv4 ? 0 : 1;
      netfilter::append(all, iptables::model(*ruleset, of_family(programs, ruleset->family)));
    } else {
      const auto ruleset = nftables::read(*file, sources, diagnostics);
      good = good && ruleset.has_value();
      if (!ruleset) continue;
      netfilter::append(all, nftables::model(*ruleset, programs));
    }
    if (seen[kind]) {
      diagnostics.add("PC1001", fmt::format("{} and {} hold the same tables: name one of them", *seen[kind], path),
                      {*file, 0, 0});
      good = false;
    }
    seen[kind] = path;
  }
  if (!good) return {};
  return all;
}

std::optional<std::vector<net::Address>> read_addresses(const std::string& path, base::SourceMap& sources,
                                                        base::Diagnostics& diagnostics) {
  const std::optional<base::FileId> file = add_file(path, sources, diagnostics);
  if (!file) return {};
  manifest::Source source;
  source.file = *file;
  source.text = sources.text(*file);
  manifest::Tree tree;
  tree.file = *file;
  manifest::Problem problem;
  manifest::JsonDocuments documents(source, manifest::Limits{});
  const auto fail = [&](std::string message, base::SourceSpan span) {
    diagnostics.add("PC1001", std::move(message), span).hint = "ip -j addr > addresses.json";
    return std::nullopt;
  };
  if (documents.next(tree, problem) != manifest::JsonDocuments::Outcome::document)
    return fail(fmt::format("cannot read the addresses: {}", problem.reason.empty() ? "it is empty" : problem.reason),
                problem.span);
  const manifest::TreeNode& root = tree.target(tree.root);
  if (root.shape != manifest::Shape::sequence) return fail("`ip -j addr` prints a list", tree.span(tree.root));
  std::vector<net::Address> addresses;
  for (manifest::NodeId link = root.child; link != 0; link = tree[link].next) {
    const manifest::TreeNode* infos =
        tree.target(link).shape == manifest::Shape::mapping ? field(tree, tree.target(link), "addr_info") : nullptr;
    if (infos == nullptr || infos->shape != manifest::Shape::sequence) continue;
    for (manifest::NodeId info = infos->child; info != 0; info = tree[info].next) {
      const manifest::TreeNode* local =
          tree.target(info).shape == manifest::Shape::mapping ? field(tree, tree.target(info), "local") : nullptr;
      if (local == nullptr) continue;
      const std::optional<net::Address> address = net::Address::parse(local->value());
      if (!address) return fail(fmt::format("`{}` is no IP address", local->value()), tree.span(info));
      if (!address->is_loopback()) addresses.push_back(*address);
    }
  }
  if (addresses.empty()) return fail("there is no address besides loopback", tree.span(tree.root));
  return addresses;
}

}  // namespace portcullis::driver
