// What the configuration file says, and the command line over it.
//
//   # .portcullis.yaml
//   namespace: shop        # of objects that name none
//   failOn: warning        # error, warning, never
//   complete: true         # the input is the whole cluster; false: other files may hold more
#pragma once

#include <optional>
#include <string>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/driver/command_line.hpp"

namespace portcullis::driver {

struct Settings {
  std::string ns = "default";
  std::optional<base::Severity> fail_on = base::Severity::error;  // nothing: never
  bool complete = false;
  std::string lock_path;    // where the lock file is, or would be written
  bool lock_named = false;  // by --lock: it has to exist unless it is to be written
  bool readable = true;     // false: the configuration file has an error, which is among the findings
};

// `error`, `warning`, `never`.
[[nodiscard]] bool parse_fail_on(std::string_view word, std::optional<base::Severity>& out);

// Looks for `.portcullis.yaml` in the working directory and those above, unless --config names a file.
[[nodiscard]] Settings read_settings(const Common& common, base::SourceMap& sources, base::Diagnostics& diagnostics);

}  // namespace portcullis::driver
