#include "backends/nftables/read_json.hpp"

#include <algorithm>

#include "backends/nftables/json_text.hpp"
#include "backends/nftables/reader.hpp"

namespace portcullis::nftables {

namespace {

// From places in the text that was written to places in the JSON.
class Places {
 public:
  Places(const std::vector<JsonPlace>& places, std::size_t size)
      : places_(places), size_(static_cast<std::uint32_t>(size)) {}

  void move(base::SourceSpan& span) const {
    if (!span.known()) return;
    const auto after = std::ranges::upper_bound(places_, span.begin, {}, &JsonPlace::begin);
    if (after == places_.begin()) {
      span = {span.file, 0, size_};
      return;
    }
    span = {span.file, (after - 1)->json_begin, (after - 1)->json_end};
  }

 private:
  const std::vector<JsonPlace>& places_;
  std::uint32_t size_;
};

void move_places(netfilter::Model& model, const Places& places) {
  for (netfilter::Chain& chain : model.chains) {
    for (netfilter::Rule& rule : chain.rules) places.move(rule.span);
  }
  for (netfilter::Set& set : model.sets) {
    for (base::SourceSpan& span : set.spans) places.move(span);
  }
  for (netfilter::OpaqueMatch& match : model.opaque) places.move(match.span);
}

}  // namespace

std::optional<Ruleset> read_json(base::FileId file, std::string_view json, base::Diagnostics& diagnostics) {
  JsonText written;
  if (const auto error = write_text(json, written)) {
    diagnostics.add("PC5014", error->message, {file, error->begin, error->end});
    return {};
  }
  const Places places(written.places, json.size());
  base::Diagnostics findings;
  std::optional<Ruleset> out = Reader(file, written.text, findings).read();
  for (base::Diagnostic finding : findings.all()) {
    places.move(finding.span);
    diagnostics.add(std::move(finding));
  }
  if (out) move_places(out->model, places);
  return out;
}

}  // namespace portcullis::nftables
