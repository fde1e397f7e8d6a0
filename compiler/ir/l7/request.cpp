#include "compiler/ir/l7/request.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/ir/l7/letters.hpp"

namespace portcullis::ir::l7 {

namespace {

std::string share_text(const Decision::Share& share, std::uint64_t sum) {
  std::string what = share.service.empty() ? fmt::format("status {}", share.status) : share.service;
  if (share.weight != sum) what += fmt::format(" {}/{}", share.weight, sum);
  return what;
}

std::string shares_text(const std::vector<Decision::Share>& shares) {
  std::uint64_t sum = 0;
  for (const Decision::Share& share : shares) sum += share.weight;
  std::string out;
  for (const Decision::Share& share : shares) {
    if (!out.empty()) out += ", ";
    out += share_text(share, sum);
  }
  return out;
}

}  // namespace

std::vector<std::string_view> Request::values(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const Header& header : headers) {
    if (equal_folded(header.name, name)) found.emplace_back(header.value);
  }
  return found;
}

std::string_view to_string(Decision::Kind kind) {
  switch (kind) {
    case Decision::Kind::forward:
      return "forward";
    case Decision::Kind::redirect:
      return "redirect";
    case Decision::Kind::status:
      return "status";
    case Decision::Kind::refuse:
      return "refuse";
    case Decision::Kind::unknown:
      return "unknown";
  }
  return {};
}

std::string text(const Decision& decision) {
  const std::string_view kind = to_string(decision.kind);
  switch (decision.kind) {
    case Decision::Kind::forward:
      return fmt::format("{} {}", kind, base::printable(shares_text(decision.shares)));
    case Decision::Kind::redirect:
      return fmt::format("{} {} {}", kind, decision.status, base::printable(decision.location));
    case Decision::Kind::status:
      return fmt::format("{} {}", kind, decision.status);
    case Decision::Kind::refuse:
      if (decision.status == 0) return fmt::format("{} the TLS handshake", kind);
      return fmt::format("{} {}", kind, decision.status);
    case Decision::Kind::unknown:
      return fmt::format("{}: {}", kind, base::printable(decision.why));
  }
  return {};
}

}  // namespace portcullis::ir::l7
