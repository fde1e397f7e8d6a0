// nftables text, ours and other people's: read or refused; what is read has a model that can be indexed; and what can
// be printed (rulesets of others hold rules that ours never do, which printing refuses) reads back the same.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "backends/netfilter/evaluate.hpp"
#include "backends/nftables/model.hpp"
#include "backends/nftables/nftables.hpp"
#include "tests/fuzz/reading.hpp"

namespace {

using portcullis::nftables::Ruleset;

std::optional<std::string> printed(const Ruleset& ruleset) {
  try {
    return print(ruleset);
  } catch (const portcullis::base::InternalError&) {
    return {};
  }
}

void build_model(const Ruleset& ruleset) {
  const auto model = portcullis::nftables::model(ruleset);
  const portcullis::netfilter::Evaluator evaluator(model);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace portcullis;
  const auto ruleset = fuzz::read(&nftables::read, "fuzz.nft", {reinterpret_cast<const char*>(data), size});
  if (!ruleset) return 0;
  build_model(*ruleset);
  const auto text = printed(*ruleset);
  if (!text) return 0;
  const auto again = fuzz::read(&nftables::read, "again.nft", *text);
  fuzz::hold(again.has_value(), "what was printed cannot be read");
  fuzz::hold(printed(*again) == text, "what was printed is printed otherwise when read back");
  return 0;
}
