// Dates and times as YAML scalars and as API fields.
#pragma once

#include <string>
#include <string_view>

namespace portcullis::manifest {

// What go-yaml takes for a timestamp in a plain scalar: `2001-1-2`, `2001-01-02 15:04:05.5`, `2001-01-02T15:04:05Z`. It
// becomes a string either way; the point is that it is no number and that `!!timestamp` accepts it.
[[nodiscard]] bool is_timestamp(std::string_view text);

// RFC 3339 as Go's time.Parse takes it, which is what metav1.Time demands: `2001-01-02T15:04:05Z`, `…+01:00`, with a
// fraction or without.
[[nodiscard]] bool is_rfc3339(std::string_view text);

// The same moment as the API server prints it, in UTC and whole seconds: `2001-01-02T15:04:05Z`. Empty when `text` is
// no RFC 3339.
[[nodiscard]] std::string in_utc(std::string_view text);

}  // namespace portcullis::manifest
