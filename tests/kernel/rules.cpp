#include "tests/kernel/rules.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "compiler/base/text.hpp"
#include "tests/kernel/failure.hpp"
#include "tests/kernel/fd.hpp"
#include "tests/kernel/process.hpp"

namespace portcullis::kernel {
namespace {

constexpr std::string_view recent_folder = "/proc/thread-self/net/xt_recent";

void restore(const std::string& family, const Rulesets& rulesets, const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    if (text.empty()) continue;
    const auto variant = rulesets.variant == IptablesVariant::legacy ? "legacy" : "nft";
    std::vector<std::string> words{fmt::format("{}-{}-restore", family, variant)};
    if (rulesets.noflush) words.emplace_back("--noflush");
    run_or_fail(words, text);
  }
}

// From `nft -t list ruleset`, whose spelling of a set is
//   table ip NAME {
//           set NAME {
//                   …
//                   flags dynamic,timeout
std::string flush_commands(std::string_view listing) {
  std::string commands, table, set;
  for (const auto line : base::split(listing, '\n')) {
    const auto words = base::split(base::trim(line), ' ');
    if (words.size() == 4 && words[0] == "table") table = fmt::format("{} {}", words[1], words[2]);
    if (words.size() == 3 && (words[0] == "set" || words[0] == "map"))
      set = fmt::format("{} {} {}", words[0], table, words[1]);
    if (words.size() == 2 && words[0] == "flags" && words[1].find("dynamic") != std::string_view::npos)
      commands += fmt::format("flush {}\n", set);
  }
  return commands;
}

// Each list is a file; `/` empties it (xt_recent.c).
void forget_recent() {
  DIR* const folder = ::opendir(std::string(recent_folder).c_str());
  if (folder == nullptr) return;  // no rule uses `recent`
  while (const dirent* entry = ::readdir(folder)) {
    if (entry->d_name[0] == '.') continue;
    const Fd file(::openat(::dirfd(folder), entry->d_name, O_WRONLY | O_CLOEXEC));
    if (!file.open() || ::write(file.get(), "/", 1) != 1) {
      ::closedir(folder);
      fail_with_errno("empty a list of `recent`");
    }
  }
  ::closedir(folder);
}

}  // namespace

Rulesets foreign_forward_drop_iptables(IptablesVariant variant) {
  const std::string text = "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n";
  return {.nft = {}, .iptables = {text}, .ip6tables = {text}, .variant = variant, .noflush = true};
}

Rulesets foreign_forward_drop_nftables() {
  return {
      .nft = {"table inet foreign {\n  chain forward { type filter hook forward priority filter; policy drop; }\n}\n"},
      .iptables = {},
      .ip6tables = {}};
}

void load_rules(const Rulesets& rulesets) {
  for (const auto& text : rulesets.nft)
    if (!text.empty()) run_or_fail({"nft", "-f", "-"}, text);
  restore("iptables", rulesets, rulesets.iptables);
  restore("ip6tables", rulesets, rulesets.ip6tables);
}

void AffinityMemory::forget() {
  if (!known_) flush_ = flush_commands(run_or_fail({"nft", "-t", "list", "ruleset"}));
  known_ = true;
  if (!flush_.empty()) run_or_fail({"nft", "-f", "-"}, flush_);
  forget_recent();
}

}  // namespace portcullis::kernel
