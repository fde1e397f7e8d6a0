#include "compiler/policy/waivers.hpp"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace portcullis::policy {

namespace {

std::string object_text(const Waiver& waiver) {
  return waiver.object.ns ? fmt::format("{} {}/{}", waiver.kind, waiver.object.ns->text, waiver.object.name.text)
                          : fmt::format("{} {}", waiver.kind, waiver.object.name.text);
}

}  // namespace

bool waives(const Waiver& waiver, const base::Diagnostic& finding) {
  const base::ObjectRef& object = finding.object;
  return !waiver.expired && waiver.code == finding.code && waiver.kind == object.kind &&
         (!waiver.object.ns || waiver.object.ns->matches(object.ns)) && waiver.object.name.matches(object.name);
}

Waived apply(std::span<const Waiver> waivers, const base::Diagnostics& findings) {
  Waived out;
  out.matched.assign(waivers.size(), false);
  std::map<std::string_view, std::vector<std::size_t>> of_code;
  for (std::size_t i = 0; i < waivers.size(); ++i) of_code[waivers[i].code].push_back(i);
  for (const base::Diagnostic& finding : findings.all()) {
    std::optional<std::size_t> first;
    if (const auto candidates = of_code.find(finding.code); candidates != of_code.end()) {
      for (const std::size_t i : candidates->second) {
        if (!waives(waivers[i], finding)) continue;
        out.matched[i] = true;
        if (!first) first = i;
      }
    }
    if (first) {
      out.waived.push_back({finding, *first});
    } else {
      out.remaining.add(finding);
    }
  }
  return out;
}

void report_unused(std::span<const Waiver> waivers, const std::vector<bool>& matched, base::Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < waivers.size(); ++i) {
    const Waiver& waiver = waivers[i];
    if (matched[i] || waiver.expired) continue;
    diagnostics
        .add("PC4006", fmt::format("nothing to waive: {} does not fire on {}", waiver.code, object_text(waiver)),
             waiver.span)
        .hint = "remove the sentence";
  }
}

}  // namespace portcullis::policy
