#include "compiler/driver/settings.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "compiler/base/file.hpp"
#include "compiler/base/text.hpp"
#include "compiler/manifest/config.hpp"

namespace portcullis::driver {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> known_keys{"complete", "failOn", "namespace"};

std::optional<fs::path> find_upwards() {
  std::error_code error;
  for (fs::path directory = fs::current_path(error); !error && !directory.empty();
       directory = directory.parent_path()) {
    fs::path candidate = directory / ".portcullis.yaml";
    std::error_code ignored;
    if (fs::is_regular_file(candidate, ignored)) return candidate;
    if (directory == directory.root_path()) break;
  }
  return std::nullopt;
}

// The path as a person would write it: relative where it lies below the working directory or is it.
std::string shown(const fs::path& path) {
  std::error_code error;
  const fs::path here = fs::current_path(error);
  return !error && path.parent_path() == here ? path.filename().string() : path.string();
}

class Reader {
 public:
  Reader(Settings& settings, base::Diagnostics& diagnostics) : settings_(settings), diagnostics_(diagnostics) {}

  void section(const manifest::ConfigSection& section) {
    const std::string& key = section.key.value;
    if (std::ranges::find(known_keys, key) == known_keys.end()) {
      const std::string_view near = base::nearest(key, known_keys);
      base::Diagnostic& d = add("PC1004", fmt::format("the configuration has no key `{}`", key), section.key.span);
      if (!near.empty()) d.hint = fmt::format("did you mean `{}`?", near);
      return;
    }
    if (section.is_mapping) {
      add("PC1005", fmt::format("`{}` must be a word, this is a map", key), section.key.span);
    } else if (key == "namespace") {
      settings_.ns = section.value.value;
    } else if (key == "complete") {
      complete(section.value);
    } else if (!parse_fail_on(section.value.value, settings_.fail_on)) {
      add("PC1005", fmt::format("`failOn` is `{}`", section.value.value), section.value.span).hint =
          "use error, warning or never";
    }
  }

 private:
  void complete(const manifest::Text& value) {
    settings_.complete = value.value == "true";
    if (!settings_.complete && value.value != "false")
      add("PC1005", fmt::format("`complete` is `{}`", base::printable(value.value)), value.span).hint =
          "use true or false";
  }
  base::Diagnostic& add(std::string_view code, std::string message, base::SourceSpan span) {
    settings_.readable = false;
    return diagnostics_.add(code, std::move(message), span);
  }

  Settings& settings_;
  base::Diagnostics& diagnostics_;
};

void read_file(const std::string& path, Settings& settings, base::SourceMap& sources, base::Diagnostics& diagnostics) {
  std::string text;
  if (const base::FileError error = base::read_file(path, text, std::size_t{1} << 20)) {
    settings.readable = false;
    diagnostics.add("PC1001", fmt::format("cannot read the configuration {}: {}", path, *error), {});
    return;
  }
  base::Diagnostics own;
  const std::vector<manifest::ConfigSection> sections = manifest::read_config(path, std::move(text), sources, own);
  if (own.has_errors()) settings.readable = false;
  diagnostics.merge(std::move(own));
  Reader reader(settings, diagnostics);
  for (const manifest::ConfigSection& section : sections) reader.section(section);
}

}  // namespace

bool parse_fail_on(std::string_view word, std::optional<base::Severity>& out) {
  if (word == "error") {
    out = base::Severity::error;
  } else if (word == "warning") {
    out = base::Severity::warning;
  } else if (word == "never") {
    out = std::nullopt;
  } else {
    return false;
  }
  return true;
}

Settings read_settings(const Common& common, base::SourceMap& sources, base::Diagnostics& diagnostics) {
  Settings settings;
  std::optional<fs::path> file;
  if (common.config) {
    file = *common.config;
  } else {
    file = find_upwards();
  }
  if (file) read_file(common.config ? *common.config : shown(*file), settings, sources, diagnostics);
  if (common.ns) settings.ns = *common.ns;
  settings.lock_named = common.lock.has_value();
  settings.lock_path =
      common.lock ? *common.lock : shown(file ? file->parent_path() / "portcullis.lock" : "portcullis.lock");
  return settings;
}

}  // namespace portcullis::driver
