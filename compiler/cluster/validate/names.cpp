#include "compiler/cluster/validate/names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::size_t label_limit = 63;
constexpr std::size_t subdomain_limit = 253;
constexpr std::size_t port_name_limit = 15;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower_alnum(char c) {
  return is_lower(c) || is_digit(c);
}
bool is_alnum(char c) {
  return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

void check_length(Faults& faults, std::string_view text, std::size_t limit) {
  if (text.size() > limit) faults.push_back(fmt::format("has {} characters, {} is the limit", text.size(), limit));
}

bool is_label(std::string_view text) {
  return !text.empty() && is_lower_alnum(text.front()) && is_lower_alnum(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_lower_alnum(c) || c == '-'; });
}

bool is_subdomain(std::string_view text) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_name_part(std::string_view text) {
  return !text.empty() && is_alnum(text.front()) && is_alnum(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_url_path(std::string_view text) {
  constexpr std::string_view others = "/-._~%!$&'()*+,;=:";
  return !text.empty() &&
         std::ranges::all_of(text, [&](char c) { return is_alnum(c) || others.find(c) != std::string_view::npos; });
}

// The whole character that begins at `i`, as a person is to see it.
std::string character_at(std::string_view text, std::size_t i) {
  std::size_t end = i + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
  return base::printable(text.substr(i, end - i));
}

// Which clause of a label's grammar `text` breaks, for a person to see at once.
std::string label_fault(std::string_view text, std::string_view extra) {
  if (text.empty()) return "is empty";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= 'A' && c <= 'Z') return "has upper-case letters";
    if (!is_lower_alnum(c) && c != '-' && extra.find(c) == std::string_view::npos) {
      return fmt::format("holds `{}`", character_at(text, i));
    }
  }
  if (text.front() == '-' || text.back() == '-') return "begins or ends with a hyphen";
  if (extra.find('.') != std::string_view::npos) return "has an empty part, or one that begins or ends with a hyphen";
  return "does not start with a letter";
}

std::string name_part_fault(std::string_view text) {
  if (text.empty()) return "does not begin with a letter or digit";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_alnum(c) && c != '-' && c != '_' && c != '.') return fmt::format("holds `{}`", character_at(text, i));
  }
  return "begins or ends with something else than a letter or digit";
}

bool is_mapped(const net::Address& address) {
  if (address.family() != net::Family::ipv6) return false;
  const auto& bytes = address.bytes();
  return std::all_of(bytes.begin(), bytes.begin() + 10, [](std::uint8_t b) { return b == 0; }) && bytes[10] == 0xFF &&
         bytes[11] == 0xFF;
}

}  // namespace

Faults dns_label(std::string_view text) {
  Faults faults;
  check_length(faults, text, label_limit);
  if (!is_label(text)) faults.push_back(label_fault(text, ""));
  return faults;
}

Faults dns_1035_label(std::string_view text) {
  Faults faults;
  check_length(faults, text, label_limit);
  if (!is_label(text) || !is_lower(text.front())) faults.push_back(label_fault(text, ""));
  return faults;
}

Faults dns_subdomain(std::string_view text) {
  Faults faults;
  check_length(faults, text, subdomain_limit);
  if (!is_subdomain(text)) faults.push_back(label_fault(text, "."));
  return faults;
}

Faults wildcard_subdomain(std::string_view text) {
  Faults faults;
  check_length(faults, text, subdomain_limit);
  if (!text.starts_with("*.") || !is_subdomain(text.substr(2))) {
    faults.emplace_back(text.starts_with("*.") ? "is no host name after its `*.`"
                                               : "has its `*` elsewhere than as the whole first label");
  }
  return faults;
}

Faults fully_qualified_domain(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (!is_subdomain(text) || text.size() > subdomain_limit) {
    return {text.size() > subdomain_limit
                ? fmt::format("has {} characters, {} is the limit", text.size(), subdomain_limit)
                : label_fault(text, ".")};
  }
  const auto labels = base::split(text, '.');
  if (labels.size() < 2) return {"has one part only"};
  for (const std::string_view label : labels) {
    if (label.size() > label_limit)
      return {fmt::format("has a part of {} characters, {} is the limit", label.size(), label_limit)};
  }
  return {};
}

Faults qualified_name(std::string_view text) {
  Faults faults;
  const std::size_t slash = text.find('/');
  std::string_view name = text;
  if (slash != std::string_view::npos) {
    if (text.find('/', slash + 1) != std::string_view::npos) return {"has more than one `/`"};
    const std::string_view prefix = text.substr(0, slash);
    name = text.substr(slash + 1);
    if (prefix.empty()) {
      faults.emplace_back("has nothing before its `/`");
    } else {
      for (const std::string& fault : dns_subdomain(prefix)) faults.push_back("has a prefix that " + fault);
    }
  }
  const std::string_view part = slash == std::string_view::npos ? "" : "has a name part that ";
  if (name.empty()) {
    faults.push_back(fmt::format("{}is empty", part));
  } else if (name.size() > label_limit) {
    faults.push_back(fmt::format("{}has {} characters, {} is the limit", part, name.size(), label_limit));
  }
  if (!is_name_part(name)) faults.push_back(fmt::format("{}{}", part, name_part_fault(name)));
  return faults;
}

Faults label_value(std::string_view text) {
  Faults faults;
  if (text.empty()) return faults;
  check_length(faults, text, label_limit);
  if (!is_name_part(text)) faults.push_back(name_part_fault(text));
  return faults;
}

Faults port_name(std::string_view text) {
  Faults faults;
  check_length(faults, text, port_name_limit);
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return is_lower_alnum(c) || c == '-'; })) {
    faults.emplace_back("holds something else than `a`-`z`, `0`-`9` and `-`");
  }
  if (std::ranges::none_of(text, is_lower)) faults.emplace_back("has no letter from `a` to `z`");
  if (text.find("--") != std::string_view::npos) faults.emplace_back("has two hyphens together");
  if (text.starts_with('-') || text.ends_with('-')) faults.emplace_back("begins or ends with a hyphen");
  return faults;
}

Faults path_segment(std::string_view text) {
  if (text == "." || text == "..") return {"is a dot segment"};
  Faults faults;
  for (const char c : {'/', '%'}) {
    if (text.find(c) != std::string_view::npos) faults.push_back(fmt::format("holds `{}`", c));
  }
  return faults;
}

Faults domain_prefixed_path(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) {
    return {"is not of the form `domain/path`"};
  }
  Faults faults;
  for (const std::string& fault : dns_subdomain(text.substr(0, slash))) faults.push_back("has a domain that " + fault);
  if (!is_url_path(text.substr(slash + 1))) faults.emplace_back("has characters in its path that no URL path has");
  return faults;
}

std::string without_trailing_hyphen(std::string_view prefix) {
  // The server looks at the prefix with its last two bytes replaced by one letter.
  if (prefix.size() > 1 && prefix.ends_with('-')) return std::string(prefix.substr(0, prefix.size() - 2)) + "a";
  return std::string(prefix);
}

Faults ip_address(std::string_view text) {
  if (text.empty()) return {"is empty"};
  if (!net::Address::parse_sloppy(text)) return {"is no IP address"};
  const auto strict = net::Address::parse(text);
  if (!strict) return {"has leading zeros"};
  if (is_mapped(*strict)) return {"is an IPv4 address written as an IPv6 one"};
  return {};
}

Faults cidr(std::string_view text) {
  if (text.empty()) return {"is empty"};
  const auto sloppy = net::Prefix::parse_sloppy(text);
  if (!sloppy) return {text.find('/') == std::string_view::npos ? "is no CIDR: it has no `/length`" : "is no CIDR"};
  const std::size_t slash = text.find('/');
  const auto strict = net::Address::parse(text.substr(0, slash));
  const std::string_view length = text.substr(slash + 1);
  if (!strict || (length.size() > 1 && length.front() == '0')) return {"has leading zeros"};
  if (is_mapped(*strict)) return {"is an IPv4 range written as an IPv6 one"};
  if (*strict != sloppy->address()) return {"has bits set beyond its prefix length"};
  return {};
}

Faults special_address(const net::Address& address) {
  Faults faults;
  if (address.is_unspecified()) faults.emplace_back("is the unspecified address");
  if (address.is_loopback()) faults.emplace_back("is a loopback address");
  if (address.is_link_local_unicast()) faults.emplace_back("is a link-local address");
  if (address.is_link_local_multicast()) faults.emplace_back("is a link-local multicast address");
  return faults;
}

bool is_port(std::int64_t number) {
  return number >= 1 && number <= 65535;
}

std::string canonical_address(std::string_view text) {
  const auto address = net::Address::parse_sloppy(text);
  return address ? address->text() : std::string{};
}

std::string canonical_cidr(std::string_view text) {
  const auto prefix = net::Prefix::parse_sloppy(text);
  return prefix ? prefix->text() : std::string{};
}

}  // namespace portcullis::cluster
