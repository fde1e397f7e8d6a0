// Helm templates given where manifests are due. `{{ .Values.port }}` in a plain value is a template; the same in quotes
// or in a block scalar is data (Prometheus rules, Argo parameters).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/manifest/tree.hpp"

namespace portcullis::manifest {

struct TemplateAction {
  std::size_t begin = 0, end = 0;  // of `{{ … }}`, in the text that was searched
};

// The first template action of a text that could not be parsed; block scalars and quotes are recognised line by line.
[[nodiscard]] std::optional<TemplateAction> find_template(std::string_view text);
// The first template action in [begin, end) of a file that did parse.
[[nodiscard]] std::optional<TemplateAction> find_template(const Tree& tree, std::string_view file_text,
                                                          std::size_t begin, std::size_t end);

// The directory of the chart that a file belongs to (`Chart.yaml` beside it or up to three levels above), or empty.
[[nodiscard]] std::string chart_of(const std::string& path);

}  // namespace portcullis::manifest
