#include "compiler/driver/result_output.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/driver/output.hpp"

namespace portcullis::driver {

std::optional<ResultOutputs> parse_result_outputs(const std::vector<std::string>& outputs,
                                                  std::span<const std::string_view> forms) {
  ResultOutputs out;
  for (const std::string& text : outputs) {
    const std::size_t equals = text.find('=');
    const std::string form = text.substr(0, equals);
    const bool has_file = equals != std::string::npos && equals + 1 < text.size();
    if (std::ranges::find(forms, form) != forms.end() && (has_file || equals == std::string::npos)) {
      out.results.push_back({form, has_file ? std::optional(text.substr(equals + 1)) : std::nullopt});
      continue;
    }
    const std::optional<FindingsOutput> findings = parse_findings_output(text);
    if (!findings || !findings->file) {
      std::string known;
      for (const std::string_view one : forms) known += fmt::format("{}{}", known.empty() ? "" : ", ", one);
      complain(fmt::format("-o takes {}, or FORMAT=FILE for the findings; this is `{}`", known, text));
      return std::nullopt;
    }
    out.findings.push_back(*findings);
  }
  if (out.results.empty()) out.results.push_back({std::string(forms.front()), std::nullopt});
  if (std::ranges::count_if(out.results, [](const ResultOutput& r) { return !r.file; }) > 1) {
    complain("only one -o can go to standard output: add =FILE to the others");
    return std::nullopt;
  }
  return out;
}

bool write_result(const ResultOutput& output, std::string_view text) {
  return output.file ? write_path(*output.file, text) : write_stdout(text);
}

}  // namespace portcullis::driver
