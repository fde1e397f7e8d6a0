// Names and selectors of a sentence, matched; what matches nothing is said.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/policy/objects.hpp"
#include "compiler/policy/tree.hpp"

namespace portcullis::policy {

// The sentence that asks, and where to say what is wrong with it.
struct Asker {
  const Sentence& sentence;
  const base::SourceMap& sources;
  base::Diagnostics& diagnostics;
};

// PC4002: `no Service `shop/webb`; nearest: `shop/web``.
base::Diagnostic& report_unknown(const Asker& asker, std::string_view kind, std::string_view name, SourceSpan span,
                                 const std::vector<std::string_view>& known);
// PC4003, at the words that select nothing.
base::Diagnostic& report_nothing(const Asker& asker, SourceSpan span, std::string hint);

// Everything that the words select, in the order of the cluster; never empty. Nothing: that has been said.
[[nodiscard]] std::optional<std::vector<const KnownService*>> select_services(const Objects& objects,
                                                                              const Selection& selection,
                                                                              const Asker& asker);
[[nodiscard]] std::optional<std::vector<const KnownPod*>> select_pods(const Objects& objects,
                                                                      const Selection& selection, const Asker& asker);
[[nodiscard]] std::optional<std::vector<const cluster::Node*>> select_nodes(const Objects& objects, const Nodes& nodes,
                                                                            SourceSpan span, const Asker& asker);
// False: no namespace matches, and that has been said.
[[nodiscard]] bool check_namespace(const Objects& objects, const Pattern& ns, const Asker& asker);

}  // namespace portcullis::policy
