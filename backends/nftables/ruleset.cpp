#include "backends/nftables/ruleset.hpp"

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::nftables {

namespace {

// NFTNL_UDATA_COMMENT_MAXLEN: a longer one refuses the whole file.
constexpr std::size_t max_comment = 128;

}  // namespace

std::string_view to_string(Type type) {
  switch (type) {
    case Type::ipv4_addr:
      return "ipv4_addr";
    case Type::ipv6_addr:
      return "ipv6_addr";
    case Type::inet_proto:
      return "inet_proto";
    case Type::inet_service:
      return "inet_service";
    case Type::classid:
      return "classid";
    case Type::mark:
      return "mark";
    case Type::ifname:
      return "ifname";
    case Type::integer:
      return "integer";
    case Type::ct_state:
      return "ct_state";
    case Type::ct_status:
      return "ct_status";
    case Type::fib_addrtype:
      return "fib_addrtype";
    case Type::nf_proto:
      return "nf_proto";
  }
  return {};
}

std::uint8_t width(Type type) {
  switch (type) {
    case Type::ipv6_addr:
    case Type::ifname:
      return 4;
    case Type::ipv4_addr:
    case Type::inet_proto:
    case Type::inet_service:
    case Type::classid:
    case Type::mark:
    case Type::integer:
    case Type::ct_state:
    case Type::ct_status:
    case Type::fib_addrtype:
    case Type::nf_proto:
      return 1;
  }
  return 1;
}

std::string_view to_string(TableFamily family) {
  switch (family) {
    case TableFamily::ip:
      return "ip";
    case TableFamily::ip6:
      return "ip6";
    case TableFamily::inet:
      return "inet";
    case TableFamily::other:
      return "other";
  }
  return {};
}

std::string_view SetText::comment_of(std::size_t element) const {
  if (element >= name_of.size() || name_of[element] == 0) return {};
  return names[name_of[element] - 1];
}

void SetText::name_element(std::size_t element, std::string_view name) {
  if (names.empty() || names.back() != name) names.emplace_back(name);
  name_of.resize(element, 0);
  name_of.push_back(static_cast<std::uint32_t>(names.size()));
}

std::string comment_text(std::string_view text) {
  std::string out = base::printable(text);
  for (char& c : out) {
    if (c == '"') c = '\'';  // nft has no escape inside quotes
  }
  if (out.size() <= max_comment) return out;
  const auto hash = static_cast<std::uint32_t>(base::stable_hash(out));
  std::size_t cut = max_comment - 3 - 8;                                  // the ellipsis has three bytes
  while ((static_cast<unsigned char>(out[cut]) & 0xC0U) == 0x80U) --cut;  // not inside a code point
  return fmt::format("{}…{:08x}", out.substr(0, cut), hash);
}

}  // namespace portcullis::nftables
