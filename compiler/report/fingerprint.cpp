#include "compiler/report/fingerprint.hpp"

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

namespace portcullis::report {

namespace {

// FNV-1a, 64 bits: the value is written into baselines of other tools, so it may never depend on the library.
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325U;
  for (const char c : text) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3U;
  }
  return h;
}

}  // namespace

std::string Fingerprints::of(const base::Diagnostic& finding, const verdict::Proof* proof) {
  std::string key = finding.code + '\0' + finding.object.text() + '\0' + finding.field;
  // A finding about no object is known by its file and words.
  if (proof != nullptr && finding.code.starts_with("PC6")) {
    key += '\0' + proof->statement;
  } else if (finding.object.kind.empty()) {
    key += '\0';
    if (finding.span.known()) key += sources_->name(finding.span.file);
    key += '\0' + finding.message;
  }
  const int times = seen_[key]++;
  if (times > 0) key += fmt::format("#{}", times);
  return fmt::format("{:016x}", hash(key));
}

}  // namespace portcullis::report
