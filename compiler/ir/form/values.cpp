#include "compiler/ir/form/values.hpp"

#include <fmt/format.h>

namespace portcullis::ir::form {

net::Prefix prefix(Cursor& cursor) {
  const std::string_view word = cursor.word("a prefix");
  if (!cursor.ok()) return {};
  const auto prefix = net::Prefix::parse(word);
  if (!prefix) cursor.fail_last(fmt::format("`{}` is no prefix such as 10.0.0.0/8 (host bits zero)", word));
  return prefix.value_or(net::Prefix{});
}

Endpoint endpoint(Cursor& cursor) {
  const std::string_view word = cursor.word("an address and port");
  if (!cursor.ok()) return {};
  const auto broken = [&] {
    cursor.fail_last(fmt::format("`{}` is no address and port such as 10.0.1.2:80 or [fd00::1]:80", word));
    return Endpoint{};
  };
  const std::size_t colon = word.rfind(':');
  if (colon == std::string_view::npos) return broken();
  const auto port = decimal<std::uint16_t>(word.substr(colon + 1));
  if (!port) return broken();
  std::string_view host = word.substr(0, colon);
  if (host.starts_with('@')) return {{}, host, *port};
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = net::Address::parse(host);
  if (!address || (address->family() == net::Family::ipv6) != bracketed) return broken();
  return {address, {}, *port};
}

Endpoint exact_endpoint(Cursor& cursor) {
  Endpoint result = endpoint(cursor);
  if (cursor.ok() && !result.address) cursor.fail_last("an address has to stand here");
  return result;
}

}  // namespace portcullis::ir::form
