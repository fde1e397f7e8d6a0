// HTTP requests in reports.
#pragma once

#include <string>

#include "compiler/ir/l7/request.hpp"
#include "compiler/report/json.hpp"

namespace portcullis::report {

// `https://shop.example.com/cart`: scheme, first Host header and target. Without a Host the name is `-`.
[[nodiscard]] std::string url_text(const ir::l7::Request& request);
// One line: `GET https://shop.example.com/cart from 192.0.2.7 with Cookie=a=b`: what `trace` takes.
[[nodiscard]] std::string request_line(const ir::l7::Request& request);
// As a row of a packets file (docs/formats.md): what is not there has its default.
[[nodiscard]] Json request_value(const ir::l7::Request& request);
// `{"decision": "forward", "service": …}` (docs/formats.md). `path` and `host` only if they are not the request's.
[[nodiscard]] Json decision_value(const ir::l7::Decision& decision, const ir::l7::Request& request);

}  // namespace portcullis::report
