#include "compiler/driver/destination.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "compiler/driver/output.hpp"

namespace portcullis::driver {

namespace {

Destination destination(const std::string& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(status) || path.ends_with('/')) return {Place::directory, path};
  if (std::filesystem::exists(status)) return {Place::file, path};
  const bool has_dot = std::filesystem::path(path).filename().string().find('.') != std::string::npos;
  return {has_dot ? Place::file : Place::directory, path};
}

}  // namespace

std::optional<CompileOutputs> parse_compile_outputs(const std::vector<std::string>& outputs) {
  CompileOutputs out;
  bool has_result = false;
  for (const std::string& text : outputs) {
    const std::optional<FindingsOutput> findings = parse_findings_output(text);
    if (findings && findings->file) {
      out.findings.push_back(*findings);
      continue;
    }
    if (findings || text.empty()) {
      complain(findings ? fmt::format("-o takes a file or directory here: `-o {0}=FILE` for the findings, `-o ./{0}` "
                                      "for a file of this name",
                                      text)
                        : "-o has no value");
      return std::nullopt;
    }
    if (has_result) {
      complain(fmt::format("the result can go to one place only, and `-o {}` is a second one", text));
      return std::nullopt;
    }
    has_result = true;
    out.result = destination(text);
  }
  return out;
}

}  // namespace portcullis::driver
